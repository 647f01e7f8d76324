"""What is known of an account, what it gives at an instant, and how it came to be so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from billing.domain.access import Access, access
from billing.domain.account import Account, AccountKey
from billing.domain.catalog import Catalog
from billing.domain.changes import HistoryEntry
from billing.domain.holdings import holdings_of
from billing.domain.policy import Holding
from billing.services.manage_projects import known_project
from billing.services.replay_account import replay_account

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.store import AccountStore

NEWEST = 50
"""History entries that a view carries."""


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
    if instant < now:
        account = replay_account(key, accounts=accounts, until=instant).account
        catalog = catalogs.catalog_at(key.project_id, instant)
    else:
        account, catalog = accounts.load(key), catalogs.catalog(key.project_id)
    holdings = holdings_of(account)
    return AccountView(
        account=account,
        at=instant,
        holdings=holdings,
        accesses=access(holdings, catalog, instant),
        catalog=catalog,
        history=accounts.history(key, limit=NEWEST),
    )
