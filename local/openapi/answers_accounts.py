"""What operators are answered about accounts; facts come as the domain has them, whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from billing.domain.account import ManualGrant
from billing.domain.changes import CauseType, OutcomeKind
from billing.domain.explain import MadeBy
from billing.domain.policy import Holding
from billing.domain.purchase import Purchase
from billing.domain.remedies import Remedy
from billing.domain.status import Source
from billing.domain.subscription import Subscription
from billing.domain.takeover import TakenOver
from billing.domain.timeline import Span
from billing.domain.verdict import Denial
from local.openapi.answers_apps import AccessSource, FeatureAccess, State, Value


class Grant(BaseModel):
    """A feature given by hand, over `[valid_from, valid_to)`."""

    grant_id: str
    user_id: str
    project_id: str
    feature_code: str
    value: Value
    reason: str
    valid_from: datetime
    valid_to: datetime | None
    granted_at: datetime
    granted_by: str


class Revocation(BaseModel):
    """A grant that was taken back."""

    grant_id: str
    revoked_at: datetime
    revoked_by: str
    revoke_reason: str


class AccountSummary(BaseModel):
    """An account in a list."""

    project_id: str
    user_id: str
    revision: int
    customer_id: str | None
    updated_at: datetime | None


class Accounts(BaseModel):
    """A page of a project's accounts, by user id."""

    accounts: list[AccountSummary]
    next_cursor: str | None


class Imported(BaseModel):
    """What became of customers that were imported, or would become of them."""

    project_id: str
    dry_run: bool
    customers: list[TakenOver]


class AccountFacts(AccountSummary):
    """An account with its facts."""

    subscriptions: list[Subscription]
    purchases: list[Purchase]
    grants: list[ManualGrant]


class HistoryLine(BaseModel):
    """What was done to an account, and why.

    Attributes:
        version: counts the account's writes.
        at: when it was recorded.
        caused_at: when it came about, by the asker's clock.
        before, after: the changed facts.
    """

    version: int
    revision: int
    at: datetime
    outcome: OutcomeKind
    cause_id: str
    cause_type: CauseType
    cause_name: str
    actor: str
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    caused_at: datetime | None


class AccountShown(BaseModel):
    """An account at an instant: facts, what they give, and the newest history."""

    account: AccountFacts
    at: datetime
    catalog_version: int
    holdings: list[Holding]
    entitlements: list[FeatureAccess]
    history: list[HistoryLine]


class History(BaseModel):
    """A page of an account's history, newest first."""

    history: list[HistoryLine]
    next_cursor: str | None


class ExplainedSource(AccessSource):
    """One source of a feature, and what made it so."""

    is_active: bool
    made_by: MadeBy | None


class OfferedPrice(BaseModel):
    """A price on sale."""

    id: str
    currency: str
    unit_amount: int
    type: Literal["recurring", "one_time"]
    interval: str | None
    interval_count: int
    stripe_price_id: str | None


class ProductOnOffer(BaseModel):
    """A product on sale that has the feature."""

    product_id: str
    name: str
    value: Value
    prices: list[OfferedPrice]


class CatalogUsed(BaseModel):
    """The catalog by which it was answered."""

    version: int
    put_at: datetime | None
    put_by: str


class Explained(BaseModel):
    """Why a user may or may not use a feature at an instant.

    Attributes:
        is_forecast: whether the instant is still to come.
        sentence: all of it in words for a person.
        made_by: what last made it so; null where nothing ever did.
        remedies: where it is denied, what would have to change.
        offers: where it is denied, what is on sale with the feature.
        etag: as `GET /api/v1/entitlements` answered it.
    """

    project_id: str
    user_id: str
    feature_code: str
    at: datetime
    is_forecast: bool
    sentence: str
    allowed: bool
    value: Value | None
    reason: State | Denial
    source: Source | None
    source_id: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    made_by: MadeBy | None
    sources: list[ExplainedSource]
    remedies: list[Remedy]
    offers: list[ProductOnOffer]
    catalog: CatalogUsed
    revision: int
    etag: str


class AccountFound(BaseModel):
    """The account that an id belongs to."""

    id: str
    project_id: str
    user_id: str


class FeatureOverTime(BaseModel):
    """When a user had, has and will have one feature."""

    feature_code: str
    spans: list[Span]


class AccessOverTime(BaseModel):
    """When a user had, has and will have each feature."""

    project_id: str
    user_id: str
    at: datetime
    features: list[FeatureOverTime]
