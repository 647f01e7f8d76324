"""What the users of a project in memory may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from billing_client.clock import Clock
from billing_client.model import Value
from billing_client.testing.signing import Signer

MOST_AGE = 60
"""Seconds for which an answer may be kept at most."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One feature that a user has; instants are seconds since the epoch."""

    value: Value
    begins: float
    ends: float | None
    source: str
    source_id: str
    state: str

    def is_active_at(self, now: float) -> bool:
        """Whether it is in force."""
        return self.begins <= now and (self.ends is None or now < self.ends)

    def shown(self, feature_code: str) -> dict[str, Any]:
        """Write it as an entitlement."""
        valid_to = None if self.ends is None else iso(self.ends)
        span = {"valid_from": iso(self.begins), "valid_to": valid_to}
        origin = {"source": self.source, "source_id": self.source_id, "value": self.value}
        source = {**origin, **span, "product_id": None, "state": self.state}
        return {
            "feature_code": feature_code,
            "is_active": True,
            **origin,
            **span,
            "sources": [{**source, "period_end": valid_to}],
        }


@dataclass(frozen=True, slots=True)
class Told:
    """An answer about a user: its body, how long it holds, and its tag."""

    body: dict[str, Any]
    max_age: int
    etag: str


@dataclass(slots=True)
class Account:
    """A user's features by code, and how often they changed."""

    revision: int = 0
    grants: dict[str, Grant] = field(default_factory=dict)
    is_customer: bool = False

    def change(self, changes: Mapping[str, Grant | None]) -> int:
        """Give or take features; the revision after it."""
        for code, given in changes.items():
            self.grants.pop(code, None)
            if given:
                self.grants[code] = given
        self.revision += 1
        return self.revision

    def is_subscribed_to(self, feature_code: str) -> bool:
        """Whether a subscription gives it."""
        given = self.grants.get(feature_code)
        return given is not None and given.source == "subscription"

    def told(self, user_id: str, project_id: str, now: float) -> Told:
        """Write the answer about the user at an instant."""
        edges = [e for g in self.grants.values() for e in (g.begins, g.ends) if e and e > now]
        following = min(edges, default=None)
        active = {code: g for code, g in sorted(self.grants.items()) if g.is_active_at(now)}
        body = {
            "user_id": user_id,
            "project_id": project_id,
            "entitlements": [given.shown(code) for code, given in active.items()],
            "checked_at": iso(now),
            "revision": self.revision,
        }
        max_age = MOST_AGE if following is None else min(MOST_AGE, int(following - now))
        return Told(body, max_age, f'W/"{self.revision}-1-{following or 0}"')


class Project:
    """One project: its users, what it sells, and what was ordered.

    Attributes:
        prices: what each price gives: feature codes to values.
        orders: the checkouts by session.
        answers: what was answered to each Idempotency-Key.
    """

    def __init__(
        self, project_id: str, prices: Mapping[str, Mapping[str, Value]], clock: Clock
    ) -> None:
        self.project_id = project_id
        self.prices = prices
        self.clock = clock
        self.signer = Signer(project_id)
        self.accounts: dict[str, Account] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, dict[str, Any]] = {}

    def told(self, user_id: str) -> Told:
        """Write the answer about a user at this moment."""
        account = self.accounts.get(user_id, Account())
        return account.told(user_id, self.project_id, self.clock.now())


def iso(seconds: float) -> str:
    """Write an instant as the service does."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
