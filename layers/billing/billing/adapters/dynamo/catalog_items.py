"""Projects, keys and catalogs as items; `catalog_store` has the table of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from billing.adapters.dynamo.catalog_table import ABSENT, Step
from billing.adapters.dynamo.models import CatalogItem
from billing.adapters.plain import to_plain
from billing.domain.api_key import KeyRecord
from billing.domain.catalog import Catalog, Project


def project_items(project: Project) -> list[CatalogItem]:
    """Write a project, and its line of the list."""
    data = to_plain(project)
    return [
        CatalogItem(f"project#{project.id}", "project", data=data),
        CatalogItem("projects", project.id, data=data),
    ]


def key_items(record: KeyRecord, version: int) -> list[CatalogItem]:
    """Write a key, for authentication and for its list."""
    data = to_plain(record)
    listed = f"project#{record.project_id}", f"key#{record.key_id}"
    return [
        CatalogItem(f"key#{record.hash}", "key", version=version, data=data),
        CatalogItem(*listed, version=version, data=data),
    ]


def next_version(record: KeyRecord, version: int) -> list[Step]:
    """Put a key in the place of its version that was read."""
    unchanged = CatalogItem.version == version
    return [(item, unchanged) for item in key_items(record, version + 1)]


def catalog_items(catalog: Catalog, now: datetime, by: str) -> Iterator[Step]:
    """Put a catalog in the place of the version before, and keep a copy."""
    pk, version, data = f"project#{catalog.project_id}", catalog.version, to_plain(catalog)
    unchanged = ABSENT if version == 1 else CatalogItem.version == version - 1
    yield CatalogItem(pk, "catalog", version=version, data=data), unchanged
    kept = {**data, "put_at": to_plain(now), "put_by": by}
    yield CatalogItem(pk, f"catalog#v{version:06d}", version=version, data=kept), ABSENT


def claims(after: Catalog, before: Catalog) -> Iterator[Step]:
    """Claim what is new. A claim is never given back: past subscriptions still name the id."""
    owner = {"project_id": after.project_id}
    free = ABSENT | (CatalogItem.data == owner)
    for id_ in sorted(after.stripe_ids() - before.stripe_ids()):
        yield CatalogItem(f"stripe#{id_}", "claim", data=owner), free
