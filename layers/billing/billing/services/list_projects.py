"""Go through all projects, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from billing.domain.catalog import Project

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore

PAGE = 100


def list_projects(catalogs: CatalogStore) -> Iterator[Project]:
    """Yield every project by id, as it is this moment."""
    cursor: str | None = None
    while True:
        page = catalogs.projects(PAGE, cursor)
        yield from page.items
        if page.next_cursor is None:
            return
        cursor = page.next_cursor
