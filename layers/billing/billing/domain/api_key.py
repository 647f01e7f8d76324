"""What is kept of an API key: never the key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of a key. `hash` is the hexadecimal SHA-256 of the whole key."""

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

    def is_valid(self, now: datetime) -> bool:
        """Whether the key opens anything at that instant."""
        return not any(end and end <= now for end in (self.expires_at, self.revoked_at))
