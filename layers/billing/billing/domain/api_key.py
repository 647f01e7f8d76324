"""What is kept of an API key: never the key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing.domain.roles import Role

ADMIN = "admin"
"""The project part of an operator's key, and the scope that only such keys have."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of a key.

    Attributes:
        hash: the hexadecimal SHA-256 of the whole key.
        role: what an operator's key is for; see `held_role`.
    """

    key_id: str
    hash: str
    project_id: str
    name: str
    scopes: frozenset[str]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    replaced_by: str | None = None
    role: Role | None = None

    @property
    def held_role(self) -> Role | None:
        """What an operator's key is for: one from before there were roles is an owner's."""
        return (self.role or Role.OWNER) if self.project_id == ADMIN else None

    def is_valid(self, now: datetime) -> bool:
        """Whether the key opens anything at that instant."""
        return not any(end and end <= now for end in (self.expires_at, self.revoked_at))
