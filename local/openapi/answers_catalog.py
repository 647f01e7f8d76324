"""What operators are answered about projects, keys and catalogs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from billing.domain.catalog import Feature, Product, Project
from billing.domain.policy import Effect
from billing.domain.roles import Permission, Role
from billing.services.compare_catalogs import CatalogChange


class Projects(BaseModel):
    """A page of projects."""

    projects: list[Project]
    next_cursor: str | None


class Key(BaseModel):
    """What is kept of a key; never the key.

    Attributes:
        replaced_by: the `key_id` of the successor, once it was rotated.
        role: of an operator's key; null for a project's.
    """

    key_id: str
    project_id: str
    name: str
    scopes: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None
    role: Role | None


class NewlyIssuedKey(Key):
    """A new key, shown this once."""

    key: str


class Keys(BaseModel):
    """All keys of a project, the oldest first."""

    keys: list[Key]


class PolicyShown(BaseModel):
    """What a project decides about access."""

    renewal_leeway_seconds: int
    grace_seconds: int
    full_refund: Effect
    partial_refund: Effect
    open_dispute: Effect
    lost_dispute: Effect
    unpaid: Effect
    paused_collection: Effect


class CatalogShown(BaseModel):
    """What a project sells, as a document that can be put again.

    Attributes:
        version: counts the changes; 0 before the first put.
    """

    project_id: str
    version: int
    features: list[Feature]
    products: list[Product]
    policy: PolicyShown


class CatalogPut(BaseModel):
    """What a put changed, or would change."""

    version: int
    dry_run: bool
    changes: list[CatalogChange]
    catalog: CatalogShown


class Operator(BaseModel):
    """Whose key it is, of which stage, and what it may do."""

    name: str
    key_id: str
    stage: Literal["dev", "staging", "prod"]
    role: Role
    permissions: list[Permission]
