"""How many attempts go on at an endpoint: counted up before each, and down after it.

The count is of those that began within one window of time: `attempts#ENDPOINT#WINDOW`. One that a
crash left counted is so until the window ends, and where one window goes over into the next, twice
the share may go on for the seconds that an attempt takes. Where an answer got lost and a count is
made again, one place fewer, or one more, is free until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import UpdateError

from billing.adapters.dynamo.connection import connection
from billing.adapters.dynamo.models import bind
from billing.settings import Settings

WINDOW = 10
"""Seconds: twice what an attempt takes at most."""

KEPT = 3600
"""Seconds for which a count stays, for whoever asks what happened."""

_RUNNING = NumberAttribute(attr_name="running")
_EXPIRES_AT = NumberAttribute(attr_name="expires_at")


@dataclass(frozen=True, slots=True)
class Running:
    """An attempt that was counted: at which endpoint, in which window."""

    endpoint_id: str
    window: int

    @property
    def key(self) -> tuple[str, str]:
        """Where it is counted."""
        return f"attempts#{self.endpoint_id}#{self.window}", "attempts"


class RunningAttempts:
    """Counts in the notifications table, in one request each."""

    def __init__(self, settings: Settings) -> None:
        """Count in this deployment's table."""
        bind(settings)
        self._table = settings.notifications_table

    def begin(self, endpoint_id: str, share: int, at: datetime) -> Running | None:
        """Count an attempt that begins, unless as many go on as may; `None` then."""
        running = Running(endpoint_id, int(at.timestamp()) // WINDOW)
        try:
            self._add(running, 1, _RUNNING.does_not_exist() | (share > _RUNNING))
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            return None
        return running

    def end(self, running: Running) -> None:
        """Count it no longer."""
        self._add(running, -1)

    def _add(self, running: Running, number: int, condition: object = None) -> None:
        pk, sk = running.key
        expires_at = (running.window + 1) * WINDOW + KEPT
        connection().update_item(
            self._table,
            pk,
            sk,
            actions=[_RUNNING.add(number), _EXPIRES_AT.set(expires_at)],
            condition=condition,  # type: ignore[arg-type]  # pynamodb does not type its conditions
        )
