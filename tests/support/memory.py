"""The one door's store in memory, for as many lives as a test can pay for.

It keeps what `AccountStore` keeps, by the conditions of the same transaction, and each fact as the
JSON that DynamoDB would hold. `tests/integration/lives` runs the same lives on the real store too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from billing.adapters.plain import from_plain, to_plain
from billing.domain.account import Account, AccountKey, ManualGrant
from billing.domain.catalog import Catalog, Project
from billing.domain.changes import Change, LedgerEntry, OutcomeKind, Written
from billing.domain.purchase import Purchase
from billing.domain.subscription import Subscription

_KINDS: dict[str, type[Any]] = {
    "subscription": Subscription,
    "purchase": Purchase,
    "grant": ManualGrant,
}


class MemoryStore:
    """Accounts, pointers and the ledger, as far as events and grants need them."""

    def __init__(self) -> None:
        self._accounts: dict[AccountKey, tuple[Account, dict[str, str]]] = {}
        self._pointers: dict[str, AccountKey] = {}
        self._ledger: dict[str, LedgerEntry] = {}

    def load(self, key: AccountKey) -> Account:
        """Read an account whole."""
        head, facts = self._accounts.get(key, (Account(key), {}))
        read: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
        for sk, text in facts.items():
            kind = sk.partition("#")[0]
            fact = from_plain(_KINDS[kind], json.loads(text))
            read[kind][fact.id] = fact
        return replace(
            head,
            subscriptions=read["subscription"],
            purchases=read["purchase"],
            grants=read["grant"],
        )

    def find(self, ids: Iterable[str]) -> AccountKey | None:
        """Find the account of the first of these ids that is known."""
        return next((self._pointers[id_] for id_ in ids if id_ in self._pointers), None)

    def ledger_entry(self, cause_id: str) -> LedgerEntry | None:
        """Read what became of a cause."""
        return self._ledger.get(cause_id)

    def later(self, account: Account) -> Iterator[Account]:
        """No history is kept here, so nothing is behind it."""
        return iter(())

    def parked(self) -> list[LedgerEntry]:
        """The causes that wait for an operator."""
        return [e for e in self._ledger.values() if e.outcome is OutcomeKind.PARKED]

    def write(self, change: Change) -> Written:
        """Write a change whole, or not at all."""
        known = self._ledger.get(change.cause.id)
        if known is not None and known.outcome is not OutcomeKind.PARKED:
            return Written.DUPLICATE
        before, after = change.before, change.after
        if before is not None and after is not None and change.changes_account:
            if self.load(after.key).version != before.version:
                return Written.RACED
            ids = after.stripe_ids() - before.stripe_ids()
            if any(self._pointers.get(id_, after.key) != after.key for id_ in ids):
                return Written.TAKEN
            self._pointers.update(dict.fromkeys(ids, after.key))
            facts = {sk: json.dumps(to_plain(fact)) for sk, fact in after.facts().items()}
            head = replace(after, subscriptions={}, purchases={}, grants={})
            self._accounts[after.key] = (head, facts)
        self._ledger[change.cause.id] = _entry(change)
        return Written.DONE


def _entry(change: Change) -> LedgerEntry:
    cause = change.cause
    return LedgerEntry(
        cause_id=cause.id,
        outcome=change.outcome,
        cause_type=cause.type,
        cause_name=cause.name,
        caused_at=cause.at,
        recorded_at=change.at,
        actor=cause.actor,
        account=change.after.key if change.after else None,
        fingerprint=cause.fingerprint,
        reason=change.reason,
        detail=change.detail,
        payload=cause.payload if change.outcome is OutcomeKind.PARKED else None,
    )


class FixedCatalog:
    """One project's catalog, as the catalog store and its cache would read it."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def project(self, project_id: str) -> Project | None:
        """Find the project."""
        return Project(project_id, "Demo") if project_id == self._catalog.project_id else None

    def catalog(self, project_id: str, *, fresh: bool = False) -> Catalog:
        """Return the catalog."""
        return self._catalog
