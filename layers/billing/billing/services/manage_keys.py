"""Create, list, rotate and revoke API keys. A key is shown once; only its hash is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.auth import PROJECT_SCOPES, hash_of, new_key
from billing.domain.api_key import ADMIN, KeyRecord
from billing.domain.errors import Conflict, InvalidInput, NotFound
from billing.domain.roles import Role
from billing.domain.text import is_clean
from billing.services.manage_projects import known_project
from billing.services.mint_id import mint_id

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore

DEFAULT_OVERLAP = timedelta(days=1)
LONGEST_OVERLAP = timedelta(days=30)
LONGEST_NAME = 100

LEAST_LEFT = timedelta(days=1)
"""How long the key of an owner who remains has to work on: time to make another with it."""


class KeyEnded(Conflict):
    """The key is revoked, expired or rotated already."""

    code = "key_ended"
    title = "The key cannot be rotated any more"
    remedy = "Rotate its successor, or create a new key."


class LastOwner(Conflict):
    """Nobody would be left who can make keys for operators."""

    code = "last_owner"
    title = "It is the last owner's key"
    remedy = (
        "Create another owner's key first, without an end or with a day left at least, "
        "or rotate this one."
    )


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, the only time that it can be seen, and what is kept of it."""

    key: str
    record: KeyRecord


def create_key(
    store: CatalogStore,
    project_id: str,
    *,
    name: str,
    by: str,
    now: datetime,
    scopes: Collection[str] | None = None,
    expires_at: datetime | None = None,
    role: Role | None = None,
) -> IssuedKey:
    """Create a key for a project, or for an operator where the project is `admin`.

    Args:
        store: where keys are kept.
        project_id: whose key.
        name: what for; an operator's key bears the operator's name, which history shows.
        by: the operator who asks.
        now: the instant of creation.
        scopes: what it may do; all that a project's key may, unless given.
        expires_at: when it stops working by itself.
        role: of an operator's key, which needs one; a project's key has none.

    Raises:
        NotFound: there is no such project.
        InvalidInput: a scope is unknown, it would expire before it works, or the role is missing
            or out of place.
    """
    _insist_on_owner(store, project_id)
    if not is_clean(name, 1, LONGEST_NAME):
        raise InvalidInput.field("name", f"must be 1 to {LONGEST_NAME} characters, none control")
    if expires_at is not None and expires_at <= now:
        raise InvalidInput.field("expires_at", "must be in the future")
    granted = _scopes(project_id, scopes)
    if (role is not None) != (project_id == ADMIN):
        raise InvalidInput.field("role", "is needed for an operator's key, and only for one")
    key = new_key(project_id)
    record = KeyRecord(
        key_id=mint_id("key", now),
        hash=hash_of(key),
        project_id=project_id,
        name=name,
        scopes=granted,
        created_at=now,
        created_by=by,
        expires_at=expires_at,
        role=role,
    )
    store.put_key(record)
    return IssuedKey(key, record)


def _insist_on_owner(store: CatalogStore, project_id: str) -> None:
    if project_id != ADMIN:
        known_project(store, project_id)


def _scopes(project_id: str, asked: Collection[str] | None) -> frozenset[str]:
    possible = frozenset({ADMIN}) if project_id == ADMIN else PROJECT_SCOPES
    scopes = possible if asked is None else frozenset(asked)
    if not scopes or not scopes <= possible:
        raise InvalidInput.field("scopes", f"must be some of {', '.join(sorted(possible))}")
    return scopes


def bootstrap_admin_key(
    store: CatalogStore, operator: str, now: datetime, role: Role = Role.OWNER
) -> str:
    """Make an operator's key, such as the first, for whoever can write to the table directly."""
    return create_key(store, ADMIN, name=operator, by="bootstrap", now=now, role=role).key


def list_keys(store: CatalogStore, project_id: str) -> list[KeyRecord]:
    """List a project's keys, the oldest first, ended ones included.

    Raises:
        NotFound: there is no such project.
    """
    _insist_on_owner(store, project_id)
    return store.keys_of(project_id)


def rotate_key(
    store: CatalogStore,
    project_id: str,
    key_id: str,
    *,
    by: str,
    now: datetime,
    overlap: timedelta = DEFAULT_OVERLAP,
) -> IssuedKey:
    """Issue a successor with the same name, rights and lifespan; the old key works a while more.

    Raises:
        NotFound: the project has no such key.
        KeyEnded: it is revoked, expired, or has a successor.
        InvalidInput: the overlap is not between nothing and 30 days.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput.field("overlap_seconds", "must be between 0 and 2592000 (30 days)")
    key = new_key(project_id)
    old = _known(store, project_id, key_id)
    successor = replace(
        old,
        key_id=mint_id("key", now),
        hash=hash_of(key),
        created_at=now,
        created_by=by,
        expires_at=old.expires_at and now + (old.expires_at - old.created_at),
    )

    def retire(record: KeyRecord) -> KeyRecord:
        if record.replaced_by:
            raise KeyEnded(f"It was rotated; its successor is {record.replaced_by}.")
        if not record.is_valid(now):
            raise KeyEnded("It is revoked or expired.")
        ends = min(filter(None, (record.expires_at, now + overlap)))
        return replace(record, expires_at=ends, replaced_by=successor.key_id)

    store.change_key(project_id, key_id, retire, successor)
    return IssuedKey(key, successor)


def _known(store: CatalogStore, project_id: str, key_id: str) -> KeyRecord:
    for record in list_keys(store, project_id):
        if record.key_id == key_id:
            return record
    raise NotFound(f"The project '{project_id}' has no key '{key_id}'.")


def revoke_key(store: CatalogStore, project_id: str, key_id: str, *, now: datetime) -> KeyRecord:
    """Stop a key from working; a second time changes nothing.

    Raises:
        NotFound: the project has no such key.
        LastOwner: no other key of an owner is valid for a day more.
    """

    def revoke(record: KeyRecord) -> KeyRecord:
        return record if record.revoked_at else replace(record, revoked_at=now)

    known = _known(store, project_id, key_id)
    witness = _remaining_owner(store, known, now) if _is_owners(known, now) else None
    return store.change_key(project_id, known.key_id, revoke, witness=witness)


def _remaining_owner(store: CatalogStore, leaving: KeyRecord, now: datetime) -> KeyRecord:
    for record in store.keys_of(ADMIN):
        lasts = record.expires_at is None or record.expires_at >= now + LEAST_LEFT
        is_other = record.key_id != leaving.key_id and not record.replaced_by
        if is_other and lasts and _is_owners(record, now):
            return record
    raise LastOwner("Nobody could make keys for operators any more.")


def _is_owners(record: KeyRecord, now: datetime) -> bool:
    return record.held_role is Role.OWNER and record.is_valid(now)
