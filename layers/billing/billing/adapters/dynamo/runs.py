"""Reconciliation runs in the ledger table, beside the causes: `pk` is `run#ID`."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from billing.adapters.plain import from_plain, to_plain
from billing.domain.runs import Run
from billing.settings import Settings

SECONDS_PER_DAY = 86_400


class RunItem(Model):
    """A run. It has nothing that the index of parked causes has, so it is not listed there."""

    class Meta:
        """The ledger table."""

        table_name = "unbound"
        connect_timeout_seconds = 2
        read_timeout_seconds = 4
        max_retry_attempts = 4

    pk = UnicodeAttribute(hash_key=True)
    data = JSONAttribute()
    expires_at = NumberAttribute()


LONGEST_ID = 255
"""Characters that an id can have; DynamoDB refuses far longer keys."""


class RunStore:
    """Where runs are recorded, as long as causes are."""

    def __init__(self, settings: Settings) -> None:
        """Bind the model to this deployment's table."""
        RunItem.Meta.table_name = settings.ledger_table
        self._remembered = settings.ledger_ttl_days * SECONDS_PER_DAY

    def put(self, run: Run) -> None:
        """Record how far a run is."""
        expires_at = int(run.started_at.timestamp()) + self._remembered
        RunItem(f"run#{run.id}", data=to_plain(run), expires_at=expires_at).save()

    def get(self, run_id: str) -> Run | None:
        """Read a run as it stands."""
        if len(run_id) > LONGEST_ID:
            return None
        try:
            item = RunItem.get(f"run#{run_id}", consistent_read=True)
        except DoesNotExist:
            return None
        return from_plain(Run, item.data)
