"""What the service answers, as values. Pure: no clock, no I/O."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

Value = bool | int | str
"""`True` for a boolean feature, a whole number or `"unlimited"` for a limit, text for a setting."""

UNAVAILABLE = "unavailable"
NOT_ENTITLED = "not_entitled"
ENDED = "ended"

BEGIN_LEEWAY = 60.0
"""Seconds that our clock may be behind: the service lists only what has begun by its own."""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One feature that a user may use, in `[valid_from, valid_to)`.

    Attributes:
        value: what is given, see `Value`.
        valid_to: the first instant without access; `None` for never.
        source, source_id: `subscription`, `purchase` or `manual`, the one that lasts longest.
        state: of that source, such as `active`, `trialing` or `past_due`.
        begins, ends: the same instants in seconds since the epoch.
    """

    feature_code: str
    value: Value
    valid_from: datetime
    valid_to: datetime | None
    source: str
    source_id: str
    state: str
    begins: float
    ends: float

    def is_active_at(self, instant: float) -> bool:
        """Whether access is given at an instant, in seconds since the epoch."""
        return self.begins - BEGIN_LEEWAY <= instant < self.ends


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What a user may use.

    Attributes:
        revision: counts the changes of the account.
        checked_at: when the service computed it.
        features: by feature code; those of `entitlements()` are active at the asked instant.
        is_stale: whether a newer answer should have been there, and was not.
    """

    user_id: str
    project_id: str
    revision: int
    checked_at: datetime
    features: Mapping[str, Entitlement]
    is_stale: bool = False

    def __contains__(self, feature_code: object) -> bool:
        return feature_code in self.features

    def allows(self, feature_code: str, instant: float) -> bool:
        """Whether a feature may be used at an instant, in seconds since the epoch."""
        found = self.features.get(feature_code)
        return found is not None and found.is_active_at(instant)

    def at(self, instant: float, *, is_stale: bool = False) -> Entitlements:
        """Keep what is active at an instant, in seconds since the epoch."""
        active = {code: e for code, e in self.features.items() if e.is_active_at(instant)}
        return replace(self, features=active, is_stale=is_stale)

    @property
    def next_end(self) -> float:
        """When the first of them ends, in seconds since the epoch; infinity for never."""
        return min((e.ends for e in self.features.values()), default=math.inf)


@dataclass(frozen=True, slots=True)
class Decision:
    """May a user use a feature? True in a condition when it may.

    Attributes:
        value: what is given; `None` where nothing is known to be.
        reason: the state of the source where it is allowed (`active`, `trialing`, `past_due`,
            `paid`, `granted`, ...); `not_entitled`; `ended` for what ended since the answer came;
            `unavailable` where nothing is known and the feature's fail policy decided.
            From `explain()` it is the service's own word.
        stale: whether a newer answer should have been there, and was not.
    """

    allowed: bool
    value: Value | None
    reason: str
    valid_to: datetime | None
    stale: bool = False

    def __bool__(self) -> bool:
        return self.allowed


def decide(known: Entitlements, feature_code: str, instant: float, *, stale: bool) -> Decision:
    """Decide from an answer of some age, exact to the instant."""
    found = known.features.get(feature_code)
    if found is None:
        return Decision(False, None, NOT_ENTITLED, None, stale)  # noqa: FBT003 - named above
    if not found.is_active_at(instant):
        return Decision(False, None, ENDED, found.valid_to, stale)  # noqa: FBT003 - the same
    return Decision(True, found.value, found.state, found.valid_to, stale)  # noqa: FBT003 - the same


def limit_of(decision: Decision, feature_code: str) -> float:
    """Read how much is allowed: 0 where it is denied, infinity for unlimited.

    Raises:
        TypeError: the feature is no limit.
    """
    value = decision.value
    if not decision.allowed:
        return 0
    if value == "unlimited" or value is None:
        return math.inf
    if isinstance(value, bool | str):
        raise TypeError(f"{feature_code!r} is no limit: its value is {value!r}")
    return value


def value_of(decision: Decision, default: Value | None) -> Value | None:
    """Read what is given, or the default where nothing is, or nothing is known to be."""
    return default if decision.value is None else decision.value


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page on which the user pays; good until `expires_at`."""

    url: str
    session_id: str
    expires_at: datetime
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Portal:
    """A page on which the user changes or cancels a plan; send the user there at once."""

    url: str
    expires_at: datetime


def read_entitlements(answer: Mapping[str, Any]) -> Entitlements:
    """Read an answer of the service.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is not of the documented form.
    """
    listed = [each for each in answer["entitlements"] if each.get("is_active", True)]
    return Entitlements(
        user_id=str(answer["user_id"]),
        project_id=str(answer["project_id"]),
        revision=int(answer["revision"]),
        checked_at=instant_of(answer["checked_at"]),
        features=features_of(listed),
    )


def read_checkout(answer: Mapping[str, Any], idempotency_key: str) -> Checkout:
    """Read a started checkout; errors as `read_entitlements`."""
    return Checkout(
        url=str(answer["checkout_url"]),
        session_id=str(answer["session_id"]),
        expires_at=instant_of(answer["expires_at"]),
        idempotency_key=idempotency_key,
    )


def read_portal(answer: Mapping[str, Any]) -> Portal:
    """Read an opened portal; errors as `read_entitlements`."""
    return Portal(url=str(answer["portal_url"]), expires_at=instant_of(answer["expires_at"]))


def read_decision(answer: Mapping[str, Any]) -> Decision:
    """Read the service's own verdict; errors as `read_entitlements`."""
    valid_to = answer["valid_to"]
    return Decision(
        allowed=answer["allowed"] is True,
        value=answer["value"],
        reason=str(answer["reason"]),
        valid_to=None if valid_to is None else instant_of(valid_to),
    )


def features_of(listed: Iterable[Mapping[str, Any]]) -> dict[str, Entitlement]:
    """Read the entitlements that the service says are active; errors as `read_entitlements`."""
    return {each["feature_code"]: _entitlement(each) for each in listed}


def _entitlement(each: Mapping[str, Any]) -> Entitlement:
    valid_from = instant_of(each["valid_from"])
    valid_to = None if each["valid_to"] is None else instant_of(each["valid_to"])
    sources: Sequence[Mapping[str, Any]] = each.get("sources") or ({},)
    value = each["value"]
    if not isinstance(value, bool | int | str):
        raise TypeError(f"{each['feature_code']} has a value of no known kind")
    return Entitlement(
        feature_code=str(each["feature_code"]),
        value=value,
        valid_from=valid_from,
        valid_to=valid_to,
        source=str(each["source"]),
        source_id=str(each["source_id"]),
        state=str(sources[0].get("state") or each["source"]),
        begins=valid_from.timestamp(),
        ends=math.inf if valid_to is None else valid_to.timestamp(),
    )


def instant_of(text: str) -> datetime:
    """Read an instant; one without a time zone is none.

    Raises:
        ValueError: it is not ISO 8601 with a zone.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return instant.astimezone(UTC)
