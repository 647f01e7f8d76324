"""Projects, API keys and catalogs in the catalog table.

| pk | sk | data |
|---|---|---|
| `projects` | project id | the project, for listing |
| `project#ID` | `project` | the project |
| `project#ID` | `catalog` | the catalog; `version` is its own |
| `project#ID` | `catalog#v000012` | version 12 as it was put, for ever, to explain answers by |
| `project#ID` | `key#KEYID` | a key's record, for listing |
| `key#HASH` | `key` | the same record, for authentication |
| `stripe#ID` | `claim` | the project to which a Stripe price or product belongs |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from billing.adapters.dynamo.catalog_items import (
    catalog_items,
    claims,
    key_items,
    next_version,
    project_items,
)
from billing.adapters.dynamo.catalog_table import ABSENT, PRESENT, CatalogTable
from billing.adapters.dynamo.models import CatalogItem
from billing.adapters.dynamo.page import Page
from billing.adapters.plain import from_plain
from billing.domain.api_key import KeyRecord
from billing.domain.catalog import Catalog, CatalogVersion, Project
from billing.domain.errors import Conflict, NotFound, VersionConflict
from billing.settings import Settings


class ClaimedElsewhere(Conflict):
    """A Stripe id of the catalog belongs to another project."""

    code = "stripe_id_taken"
    title = "A Stripe id belongs to another project"
    remedy = "Leave the Stripe ids out to have new products and prices made."


class CatalogStore:
    """Projects, keys and catalogs as they are this moment: all reads are consistent."""

    def __init__(self, settings: Settings) -> None:
        """Bind the models to this deployment's tables."""
        self._table = CatalogTable(settings)

    # -- projects

    def project(self, project_id: str) -> Project | None:
        """Find a project."""
        item = self._table.get(f"project#{project_id}", "project")
        return from_plain(Project, item.data) if item else None

    def projects(self, limit: int = 50, cursor: str | None = None) -> Page[Project]:
        """List projects by id; `cursor` is the last id of the page before."""
        after = None if cursor is None else CatalogItem.sk > cursor
        items = list(CatalogItem.query("projects", after, limit=limit + 1, consistent_read=True))
        more = items[limit - 1].sk if len(items) > limit else None
        return Page([from_plain(Project, item.data) for item in items[:limit]], more)

    def create_project(self, project: Project) -> bool:
        """Put a new project; return whether it is new rather than there with the same content.

        Raises:
            Conflict: it exists with other content.
        """
        if not self._table.put([(item, ABSENT) for item in project_items(project)]):
            return True
        if self.project(project.id) == project:
            return False
        raise Conflict(f"The project '{project.id}' exists with other content.")

    def update_project(self, project: Project) -> None:
        """Put a project in the place of what it was.

        Raises:
            NotFound: there is none.
        """
        if self._table.put([(item, PRESENT) for item in project_items(project)]):
            raise NotFound(f"There is no project '{project.id}'.")

    # -- keys

    def record_of(self, hash_: str) -> KeyRecord | None:
        """Find a key by its hash."""
        item = self._table.get(f"key#{hash_}", "key")
        return from_plain(KeyRecord, item.data) if item else None

    def keys_of(self, project_id: str) -> list[KeyRecord]:
        """List all keys of a project, the oldest first, ended ones included."""
        items = CatalogItem.query(
            f"project#{project_id}", CatalogItem.sk.startswith("key#"), consistent_read=True
        )
        records = (from_plain(KeyRecord, item.data) for item in items)
        return sorted(records, key=lambda r: (r.created_at, r.key_id))

    def put_key(self, record: KeyRecord) -> None:
        """Put a new key.

        Raises:
            Conflict: its id or hash is taken.
        """
        if self._table.put([(item, ABSENT) for item in key_items(record, 1)]):
            raise Conflict(f"There is a key '{record.key_id}' already.")

    def change_key(
        self,
        project_id: str,
        key_id: str,
        change: Callable[[KeyRecord], KeyRecord],
        successor: KeyRecord | None = None,
        *,
        witness: KeyRecord | None = None,
    ) -> KeyRecord:
        """Change a key, and put its successor in the same transaction; return it as it is now.

        Args:
            project_id: whose key.
            key_id: which.
            change: a pure function of the record as it is; it may raise.
            successor: a new key.
            witness: another of the project's keys, as it was read, without which the change would
                be wrong. It counts a version too, so that of two changes, each with the other's
                key for a witness, one is refused.

        Raises:
            NotFound: the project has no such key.
            Conflict: somebody else changed the key, or the witness, just now.
        """
        before, version = self._versioned_key(project_id, key_id)
        after = change(before)
        if after == before:
            return before
        steps = next_version(after, version)
        if successor:
            steps += [(i, ABSENT) for i in key_items(successor, 1)]
        if witness:
            present, version = self._versioned_key(project_id, witness.key_id)
            if present != witness:
                raise Conflict(f"The key '{witness.key_id}' was changed by somebody else just now.")
            steps += next_version(witness, version)
        if self._table.put(steps):
            raise Conflict(f"The key '{key_id}' was changed by somebody else just now.")
        return after

    def _versioned_key(self, project_id: str, key_id: str) -> tuple[KeyRecord, int]:
        item = self._table.get(f"project#{project_id}", f"key#{key_id}")
        if item is None:
            raise NotFound(f"The project '{project_id}' has no key '{key_id}'.")
        return from_plain(KeyRecord, item.data), int(item.version)

    # -- catalogs

    def catalog(self, project_id: str) -> Catalog:
        """Return a project's catalog; an empty one of version 0 where none was put."""
        item = self._table.get(f"project#{project_id}", "catalog")
        return from_plain(Catalog, item.data) if item else Catalog(project_id)

    def catalog_at(self, project_id: str, instant: datetime) -> Catalog:
        """Return the catalog as it was at an instant."""
        return next(self.versions(project_id, until=instant)).catalog

    def versions(
        self, project_id: str, *, until: datetime | None = None
    ) -> Iterator[CatalogVersion]:
        """Go back through a project's catalogs: from that of an instant, or from the present one.

        The last, or only one, is the empty catalog of version 0.
        """
        items = CatalogItem.query(
            f"project#{project_id}",
            CatalogItem.sk.startswith("catalog#v"),
            scan_index_forward=False,
            consistent_read=True,
            page_size=10,
        )
        for item in items:
            put_at = datetime.fromisoformat(item.data["put_at"])
            if until is None or put_at <= until:
                yield CatalogVersion(from_plain(Catalog, item.data), put_at, item.data["put_by"])
        yield CatalogVersion(Catalog(project_id))

    def refuse_foreign_ids(self, catalog: Catalog, before: Catalog) -> None:
        """Look whether new Stripe ids of a catalog are free, before anything is made at Stripe.

        Raises:
            ClaimedElsewhere: one belongs to another project.
        """
        new = [(f"stripe#{id_}", "claim") for id_ in catalog.stripe_ids() - before.stripe_ids()]
        claims = CatalogItem.batch_get(new, consistent_read=True) if new else ()
        _refuse(c for c in claims if c.data != {"project_id": catalog.project_id})

    def owner_of(self, stripe_id: str) -> str | None:
        """Find the project to which a Stripe product or price belongs."""
        item = self._table.get(f"stripe#{stripe_id}", "claim")
        return str(item.data["project_id"]) if item else None

    def put_catalog(self, catalog: Catalog, before: Catalog, *, now: datetime, by: str) -> Catalog:
        """Put a catalog as the next version, keep a copy for ever, and claim its Stripe ids.

        Args:
            catalog: its own `version` is not looked at.
            before: the present one, as it was read.
            now: the instant from which it holds.
            by: the operator's name.

        Returns:
            The catalog with its new version.

        Raises:
            VersionConflict: the present version is another.
            ClaimedElsewhere: a Stripe id belongs to another project; nothing was put.
        """
        after = replace(catalog, version=before.version + 1)
        refused = self._table.put([*catalog_items(after, now, by), *claims(after, before)])
        if any(item.sk.startswith("catalog") for item in refused):
            raise VersionConflict(f"The present version is not {before.version} any more.")
        _refuse(refused)
        return after


def _refuse(foreign: Iterable[CatalogItem]) -> None:
    taken = sorted(item.pk.removeprefix("stripe#") for item in foreign)
    if taken:
        raise ClaimedElsewhere(f"Taken: {', '.join(taken)}.")
