"""What apps, Stripe, probes and monitors are answered. Attributes say what api.md's tables say."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, RootModel

from billing.domain.status import (
    GrantState,
    PaymentState,
    Source,
    SubscriptionStatus,
    TakenBack,
)
from billing.domain.verdict import Denial
from billing.services.receive_event import Reception

Value = bool | int | str
State = SubscriptionStatus | PaymentState | GrantState | TakenBack | Literal["collection_paused"]
"""Where a source stands, or what denies it."""


class AccessSource(BaseModel):
    """One source of a feature.

    Attributes:
        product_id: what was bought; null for what was granted by hand.
        period_end: the bare end, without leeway or grace.
        valid_to: the first instant without access from this source; null is never.
    """

    source: Source
    source_id: str
    product_id: str | None
    state: State
    value: Value
    period_end: datetime | None
    valid_from: datetime
    valid_to: datetime | None


class FeatureAccess(BaseModel):
    """What an account may do with one feature.

    Attributes:
        is_active: whether it may be used now.
        valid_from, valid_to: the unbroken span around now; `valid_to` is when access ends if
            nothing more is heard, null for never.
        source, source_id: the holding that lasts longest.
        sources: all holdings that give it.
    """

    feature_code: str
    is_active: bool
    valid_from: datetime
    valid_to: datetime | None
    source: Source
    source_id: str
    value: Value
    sources: list[AccessSource]


class Entitlements(BaseModel):
    """What a user may use.

    Attributes:
        entitlements: one entry a feature, sorted by `feature_code`.
        revision: goes up by one with each change that is applied to the account.
    """

    user_id: str
    project_id: str
    entitlements: list[FeatureAccess]
    checked_at: datetime
    revision: int


class BatchedEntitlements(Entitlements):
    """What one of several users may use, and what the headers of the query would say.

    Attributes:
        max_age: seconds for which it may be kept.
    """

    etag: str
    max_age: int


class EntitlementsBatch(BaseModel):
    """What each of several users may use, in the order asked."""

    results: list[BatchedEntitlements]


class TokenKey(BaseModel):
    """A key that verifies tokens (RFC 7517, RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    alg: Literal["EdDSA"]
    use: Literal["sig"]


class TokenKeys(BaseModel):
    """The keys that verify tokens; none until an operator has made one."""

    keys: list[TokenKey]


class Verdict(BaseModel):
    """Whether a user may use one feature, and why or why not.

    Attributes:
        value: null where it is not allowed.
        reason: the state of the source that lasts longest, or why there is none.
    """

    user_id: str
    project_id: str
    feature_code: str
    allowed: bool
    value: Value | None
    reason: State | Denial
    source: Source | None
    source_id: str | None
    valid_to: datetime | None
    checked_at: datetime
    revision: int


class EventReceived(BaseModel):
    """What became of an event at the door."""

    received: Literal[True]
    outcome: Reception
    event_id: str


class Alive(BaseModel):
    """The process runs."""

    status: Literal["ok"]


class Ready(BaseModel):
    """Every table and secret can be used.

    Attributes:
        checks: each by its name.
    """

    status: Literal["ok"]
    checks: dict[str, Literal["ok"]]


class Description(RootModel[dict[str, object]]):
    """This description (OpenAPI 3.1)."""
