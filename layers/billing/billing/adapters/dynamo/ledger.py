"""Reading the ledger: an entry, and the parked causes, oldest first, from its sparse index."""

from __future__ import annotations

from typing import Any

from billing.adapters.dynamo.models import LedgerItem, bind
from billing.adapters.dynamo.page import Page
from billing.adapters.plain import from_plain, to_plain
from billing.domain.account import AccountKey
from billing.domain.changes import LedgerEntry, OutcomeKind
from billing.domain.errors import InvalidInput
from billing.settings import Settings


def ledger_entry_of(item: LedgerItem) -> LedgerEntry:
    """Translate an item of the ledger."""
    known = {name: value for name, value in item.attribute_values.items() if value is not None}
    account = to_plain(AccountKey.parse(item.account)) if item.account else None
    return from_plain(LedgerEntry, {**known, "cause_id": item.pk, "account": account})


class ParkedCauses:
    """What waits for an operator. Read only: the one door parks, and replays."""

    def __init__(self, settings: Settings) -> None:
        """Bind the models to this deployment's tables."""
        bind(settings)

    def page(self, limit: int = 50, cursor: str | None = None) -> Page[LedgerEntry]:
        """List parked causes with their reasons; one parked this second may not show yet.

        Raises:
            InvalidInput: no page gave that cursor.
        """
        found = LedgerItem.by_parked.query(
            "parked", limit=limit, last_evaluated_key=_start(cursor) if cursor else None
        )
        listed = [(item.recorded_at, item.pk) for item in found]
        pks = [pk for _, pk in listed]
        items = {item.pk: item for item in LedgerItem.batch_get(pks, consistent_read=True)}
        entries = [ledger_entry_of(items[pk]) for pk in pks if pk in items]
        parked = [entry for entry in entries if entry.outcome is OutcomeKind.PARKED]
        return Page(parked, "|".join(listed[-1]) if len(listed) == limit else None)


def _start(cursor: str) -> dict[str, Any]:
    recorded_at, _, pk = cursor.partition("|")
    if not recorded_at or not pk:
        raise InvalidInput.field("cursor", "must be the next_cursor of an answer")
    return {"parked": {"S": "parked"}, "recorded_at": {"S": recorded_at}, "pk": {"S": pk}}
