"""API keys: their form, and who is calling.

`bk_<project>_<43 random base62>_<6 checksum>`; an admin key's project is `admin`. A key is shown
once and stored as its SHA-256. The checksum tells a mistyped key without asking the database, and
lets secret scanners find leaked keys with few false alarms.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from billing.domain.api_key import ADMIN, KeyRecord
from billing.domain.errors import Forbidden, InvalidInput, RoleLacksPermission, Unauthenticated
from billing.domain.roles import OF_SCOPE, Permission, Role, roles_with

PROJECT_SCOPES = frozenset({"checkout", "portal", "entitlements", "metrics"})

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(
    r"bk_(?P<project>[a-z0-9][a-z0-9-]{1,47})_[0-9A-Za-z]{43}_(?P<checksum>[0-9A-Za-z]{6})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, and what for.

    Attributes:
        project_id: `None` for an operator's key.
        role: an operator's; `None` for a project's key.
    """

    key_id: str
    name: str
    project_id: str | None
    scopes: frozenset[str]
    role: Role | None = None

    @property
    def is_admin(self) -> bool:
        """Whether it is an operator's key."""
        return self.project_id is None

    def require(self, scope: str) -> None:
        """Insist on a scope, and of an operator on what stands for it.

        Raises:
            Forbidden: the key lacks it.
        """
        if self.is_admin:
            self.require_permission(OF_SCOPE[scope])
        elif scope not in self.scopes:
            raise Forbidden(f"The key lacks the scope '{scope}'.")

    def require_permission(self, permission: Permission) -> None:
        """Insist on an operator whose role permits it.

        Raises:
            Forbidden: it is a project's key.
            RoleLacksPermission: it is an operator's of another role.
        """
        if self.role is None:
            raise Forbidden("This route is for operators.")
        if permission not in self.role.permissions:
            roles = " or ".join(f"'{role}'" for role in roles_with(permission))
            raise RoleLacksPermission(
                f"The key's role is '{self.role}'; '{permission}' needs the role {roles}."
            )

    def for_project(self, named: str | None) -> str:
        """Return the project that the call is about.

        Raises:
            Forbidden: the request names a project that is not the key's.
            InvalidInput: an admin key was sent without naming a project.
        """
        if self.is_admin:
            if not named:
                raise InvalidInput.field("project_id", "is needed beside an admin key")
            return named
        if named is not None and named != self.project_id:
            raise Forbidden("The key belongs to another project.")
        return str(self.project_id)


def new_key(project_id: str) -> str:
    """Make a key of 256 random bits for a project, or for an operator with `ADMIN`."""
    random = "".join(secrets.choice(_BASE62) for _ in range(43))
    return f"bk_{project_id}_{random}_{_checksum(f'bk_{project_id}_{random}')}"


def hash_of(key: str) -> str:
    """Return what is stored of a key. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def bearer_key(headers: Mapping[str, str | None]) -> str:
    """Return the key of the Authorization header (RFC 6750), if its form and checksum hold.

    Raises:
        Unauthenticated: there is none, or it is mistyped.
    """
    header = next((v for k, v in headers.items() if k.lower() == "authorization"), None) or ""
    scheme, _, key = header.strip().partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated("There is no bearer key.")
    form = _FORM.fullmatch(key)
    if not form or not hmac.compare_digest(_checksum(key.rpartition("_")[0]), form["checksum"]):
        raise Unauthenticated("The key is mistyped or cut off.")
    return key


def project_of(key: str) -> str:
    """Return the project part of a well-formed key."""
    return key.split("_", 2)[1]


def caller_of(key: str, record: KeyRecord | None, now: datetime) -> Caller:
    """Say who calls with this key, given what is stored under its hash.

    Raises:
        Unauthenticated: nothing is stored, or it is revoked or expired.
    """
    stored = record.hash if record else "0" * 64
    if not hmac.compare_digest(hash_of(key), stored) or record is None:
        raise Unauthenticated("The key is unknown.")
    if not record.is_valid(now):
        raise Unauthenticated("The key is revoked or expired.")
    project_id = None if record.project_id == ADMIN else record.project_id
    return Caller(record.key_id, record.name, project_id, record.scopes, record.held_role)


class KeyReader(Protocol):
    """Where keys are looked up: the catalog store, or its cache."""

    def record_of(self, hash_: str) -> KeyRecord | None:
        """Find a key by its hash."""
        ...


def authenticate(event: Mapping[str, Any], keys: KeyReader, now: datetime) -> Caller:
    """Say who sent an API Gateway event.

    Raises:
        Unauthenticated: the key is missing, mistyped, unknown, revoked or expired.
    """
    key = bearer_key(event.get("headers") or {})
    return caller_of(key, keys.record_of(hash_of(key)), now)


def _checksum(text: str) -> str:
    value = zlib.crc32(text.encode())
    digits = ""
    while len(digits) < 6:
        value, digit = divmod(value, 62)
        digits = _BASE62[digit] + digits
    return digits
