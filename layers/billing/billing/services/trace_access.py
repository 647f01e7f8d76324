"""Trace a user's access over time, from history and catalogs alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.dynamo.account_items import fact_of
from billing.domain.account import AccountKey
from billing.domain.catalog import Catalog
from billing.domain.policy import Holding
from billing.domain.replay import held_since
from billing.domain.timeline import Known, Span, timeline
from billing.services.manage_projects import known_project

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.store import AccountStore

Since = tuple[datetime, tuple[Holding, ...]]


def trace_access(
    key: AccountKey, *, accounts: AccountStore, catalogs: CatalogStore
) -> dict[str, list[Span]]:
    """Tell when each feature was given, as the read path answered, and will be; by its code.

    Where a catalog was put, a warm process may have answered by the one before it for 30 s more.

    Raises:
        NotFound: there is no such project.
    """
    known_project(catalogs, key.project_id)
    held = list(held_since(key, accounts.entries(key), fact_of))
    return timeline(_known(held, _sold(key.project_id, catalogs, held[0][0]))) if held else {}


def _sold(
    project_id: str, catalogs: CatalogStore, since: datetime
) -> list[tuple[datetime, Catalog]]:
    """List the catalogs from that of an instant on, oldest first."""
    sold: list[tuple[datetime, Catalog]] = []
    for version in catalogs.versions(project_id):
        if version.put_at is None or version.put_at <= since:
            return [(since, version.catalog), *reversed(sold)]
        sold.append((version.put_at, version.catalog))
    raise AssertionError("the first catalog is the empty one")


def _known(held: list[Since], sold: list[tuple[datetime, Catalog]]) -> Iterator[Known]:
    """Merge both in time: what was known from each instant on at which either changed."""
    holdings_at, catalog_at = dict(held), dict(sold)
    holdings, catalog = held[0][1], sold[0][1]
    for at in sorted({*holdings_at, *catalog_at}):
        holdings, catalog = holdings_at.get(at, holdings), catalog_at.get(at, catalog)
        yield Known(at, holdings, catalog)
