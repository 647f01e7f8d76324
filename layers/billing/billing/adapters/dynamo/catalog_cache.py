"""Projects, keys and catalogs in the warm process, for at most 30 seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from billing.adapters.dynamo.catalog_store import CatalogStore
from billing.domain.api_key import KeyRecord
from billing.domain.catalog import Catalog, Project

MAX_AGE = 30.0
"""Seconds until a change by an operator holds everywhere, a key's revocation included.

A key's expiry is exact all the same: it is in the record and compared with the instant.
"""

CAPACITY = 1000
"""Entries that are kept; more than a fleet of micro-apps has keys, projects and catalogs."""

_Value = TypeVar("_Value", KeyRecord, Project, Catalog)


class CachedCatalog:
    """Reads like `CatalogStore`, and asks it at most once in `MAX_AGE` seconds for each thing.

    For edges that serve apps and Stripe: checkout, portal, metrics, webhooks. Operators read the
    store itself. What is not there is never remembered, so a new key or project works at once.
    """

    def __init__(self, store: CatalogStore, clock: Callable[[], float] = time.monotonic) -> None:
        """Read through to `store`; `clock` counts seconds."""
        self.store = store
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[float, object]] = {}

    def record_of(self, hash_: str) -> KeyRecord | None:
        """Find a key by its hash."""
        return self._read(KeyRecord, hash_, self.store.record_of)

    def project(self, project_id: str) -> Project | None:
        """Find a project."""
        return self._read(Project, project_id, self.store.project)

    def catalog(self, project_id: str, *, fresh: bool = False) -> Catalog:
        """Return a project's catalog; an empty one of version 0 where none was put.

        `fresh` reads it as it is this moment: for a price that the catalog of some seconds ago
        does not know.
        """
        if fresh:
            self._kept.pop((Catalog.__name__, project_id), None)
        return self._read(Catalog, project_id, self._stored_catalog) or Catalog(project_id)

    def _stored_catalog(self, project_id: str) -> Catalog | None:
        catalog = self.store.catalog(project_id)
        return catalog if catalog.version else None

    def _read(
        self, kind: type[_Value], id_: str, read: Callable[[str], _Value | None]
    ) -> _Value | None:
        key = (kind.__name__, id_)
        read_at, kept = self._kept.get(key, (0.0, None))
        if isinstance(kept, kind) and self._clock() - read_at < MAX_AGE:
            return kept
        value = read(id_)
        if value is None:
            self._kept.pop(key, None)
            return None
        if len(self._kept) >= CAPACITY:
            self._kept.clear()
        self._kept[key] = (self._clock(), value)
        return value
