"""Reading the ledger: an entry, and what is parked or dismissed, from its sparse index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.adapters.dynamo.models import LedgerItem, ParkedIndex, bind
from billing.adapters.dynamo.page import Page
from billing.adapters.plain import from_plain, to_plain
from billing.domain.account import AccountKey
from billing.domain.changes import LedgerEntry, OutcomeKind, ParkReason
from billing.domain.errors import InvalidInput
from billing.settings import Settings

BATCH = 100
"""Entries that one BatchGetItem takes."""

BATCHES = 10
"""Batches that one page looks through; where little fits a filter, a page may be short."""

_ALL_BUT_THE_PAYLOAD = sorted(LedgerItem.get_attributes().keys() - {"payload"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the parked causes; `None` is any.

    Attributes:
        state: `parked`, or `dismissed` for those that an operator dismissed.
        project_id: of those that claim to be about it.
        until: those that are parked since this instant or longer.
    """

    reason: ParkReason | None = None
    project_id: str | None = None
    until: datetime | None = None
    state: OutcomeKind = OutcomeKind.PARKED

    def takes(self, entry: LedgerEntry) -> bool:
        """Whether an entry is one of these, as it is this moment."""
        return (
            entry.outcome is self.state
            and self.reason in (None, entry.reason)
            and self.project_id in (None, entry.project_id)
        )


def ledger_entry_of(item: LedgerItem) -> LedgerEntry | None:
    """Translate an item of the ledger's table; `None` for what is no entry.

    Runs and counters share the table, and keys of theirs may be asked for as if they were causes'.
    An entry has an outcome, and nothing else has.
    """
    known = {name: value for name, value in item.attribute_values.items() if value is not None}
    if "outcome" not in known:
        return None
    account = to_plain(AccountKey.parse(item.account)) if item.account else None
    return from_plain(LedgerEntry, {**known, "cause_id": item.pk, "account": account})


class ParkedCauses:
    """What waits for an operator. Read only: the one door parks, and replays."""

    def __init__(self, settings: Settings) -> None:
        """Bind the models to this deployment's tables."""
        bind(settings)

    def page(
        self, limit: int = 50, cursor: str | None = None, wanted: Wanted | None = None
    ) -> Page[LedgerEntry]:
        """List parked causes with their reasons; one parked this second may not show yet.

        The payloads are left out. A page may have fewer entries than there are, even none; only
        one without `next_cursor` is the last.

        Raises:
            InvalidInput: no page gave that cursor.
        """
        wanted = wanted or Wanted()
        is_filtered = wanted.reason is not None or wanted.project_id is not None
        found: list[LedgerEntry] = []
        for _ in range(BATCHES):
            size = BATCH if is_filtered else min(BATCH, limit - len(found))
            keys = _keys(wanted, size, cursor)
            for key, entry in _entries(keys):
                cursor = key
                found += [entry] if wanted.takes(entry) else []
                if len(found) == limit:
                    return Page(found, cursor)
            if len(keys) < size:
                return Page(found)
            cursor = keys[-1]
        return Page(found, cursor)

    def count(self, wanted: Wanted) -> int:
        """Count the parked causes of a kind, among the oldest thousand or so."""
        return len(self.page(BATCH * BATCHES, None, wanted).items)

    def waiting(self, at_most: int) -> int:
        """Count what is parked, from the index alone, and no further than `at_most`."""
        return LedgerItem.by_parked.count(OutcomeKind.PARKED.value, limit=at_most)

    def cursor_after(self, entry: LedgerEntry) -> str:
        """Write the cursor that goes on after a parked entry."""
        return f"{to_plain(entry.recorded_at)}|{entry.cause_id}"


def _keys(wanted: Wanted, size: int, cursor: str | None) -> list[str]:
    """Query the index; each key is a cursor that goes on after it."""
    last = None if wanted.until is None else to_plain(wanted.until)
    in_time = None if last is None else ParkedIndex.recorded_at <= last
    list_, start = wanted.state.value, _start(wanted, cursor) if cursor else None
    if start and last and start["recorded_at"]["S"] > last:
        return []  # nothing follows; DynamoDB refuses to start beyond what is asked for
    items = LedgerItem.by_parked.query(list_, in_time, limit=size, last_evaluated_key=start)
    return [f"{item.recorded_at}|{item.pk}" for item in items]


def _entries(keys: list[str]) -> Iterator[tuple[str, LedgerEntry]]:
    """Read the entries of these keys as they are this moment, in this order."""
    pks = [key.partition("|")[2] for key in keys]
    read = LedgerItem.batch_get(pks, consistent_read=True, attributes_to_get=_ALL_BUT_THE_PAYLOAD)
    items = {item.pk: item for item in read}
    for key, pk in zip(keys, pks, strict=True):
        entry = ledger_entry_of(items[pk]) if pk in items else None
        if entry:
            yield key, entry


def _start(wanted: Wanted, cursor: str) -> dict[str, Any]:
    recorded_at, _, pk = cursor.partition("|")
    if not recorded_at or not pk:
        raise InvalidInput.field("cursor", "must be the next_cursor of an answer")
    return {"parked": {"S": wanted.state.value}, "recorded_at": {"S": recorded_at}, "pk": {"S": pk}}
