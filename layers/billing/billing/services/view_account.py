"""What is known of an account, what it gives at an instant, and how it came to be so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from billing.adapters.plain import from_plain
from billing.domain.access import Access, access
from billing.domain.account import Account, AccountKey, ManualGrant
from billing.domain.catalog import Catalog
from billing.domain.changes import HistoryEntry
from billing.domain.holdings import holdings_of
from billing.domain.policy import Holding
from billing.domain.purchase import Purchase
from billing.domain.subscription import Subscription
from billing.services.manage_projects import known_project

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.store import AccountStore

NEWEST = 50
"""History entries that a view carries."""

PAGE = 100


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account at an instant.

    Attributes:
        account: the facts; those of a past instant as they were known then.
        accesses: what it gave, gives, or will give at `at` if nothing more is heard.
        catalog: by which that was computed.
        history: the newest entries, whatever `at` is.
    """

    account: Account
    at: datetime
    holdings: tuple[Holding, ...]
    accesses: list[Access]
    catalog: Catalog
    history: list[HistoryEntry]


def view_account(
    key: AccountKey,
    *,
    accounts: AccountStore,
    catalogs: CatalogStore,
    now: datetime,
    at: datetime | None = None,
) -> AccountView:
    """Show an account, a user unknown so far included.

    A past instant is answered with the facts and the catalog as they were known then, so that
    an answer that was given can be explained; a future one with what is known now.

    Raises:
        NotFound: there is no such project.
    """
    known_project(catalogs, key.project_id)
    instant = at or now
    account, catalog = accounts.load(key), catalogs.catalog(key.project_id)
    if instant < now:
        account = as_known_at(instant, account, _entries(accounts, key))
        catalog = catalogs.catalog_at(key.project_id, instant)
    holdings = holdings_of(account)
    return AccountView(
        account=account,
        at=instant,
        holdings=holdings,
        accesses=access(holdings, catalog, instant),
        catalog=catalog,
        history=accounts.history(key, limit=NEWEST),
    )


def as_known_at(
    instant: datetime, account: Account, newest_first: Iterable[HistoryEntry]
) -> Account:
    """Take back every write later than the instant."""
    facts: dict[str, Any] = dict(account.facts())
    customer_id = account.customer_id
    for entry in newest_first:
        if entry.at <= instant:
            return replace(
                _from_facts(account.key, facts),
                revision=entry.revision,
                version=entry.version,
                customer_id=customer_id,
                updated_at=entry.at,
            )
        customer_id = entry.before.get("customer_id", customer_id)
        for sk in entry.after.keys() - {"customer_id"}:
            facts.pop(sk, None)
            if sk in entry.before:
                facts[sk] = from_plain(_KINDS[sk.partition("#")[0]], entry.before[sk])
    return Account(account.key)


_KINDS: dict[str, type[Subscription | Purchase | ManualGrant]] = {
    "subscription": Subscription,
    "purchase": Purchase,
    "grant": ManualGrant,
}


def _from_facts(key: AccountKey, facts: dict[str, Any]) -> Account:
    kept = facts.values()
    return Account(
        key,
        subscriptions={f.id: f for f in kept if isinstance(f, Subscription)},
        purchases={f.id: f for f in kept if isinstance(f, Purchase)},
        grants={f.id: f for f in kept if isinstance(f, ManualGrant)},
    )


def _entries(accounts: AccountStore, key: AccountKey) -> Iterator[HistoryEntry]:
    before: int | None = None
    while page := accounts.history(key, limit=PAGE, before=before):
        yield from page
        before = page[-1].version
