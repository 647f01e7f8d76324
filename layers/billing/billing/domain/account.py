"""An account and its facts: what Stripe and the operators said about one user of one project."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from billing.domain.catalog import PROJECT_ID
from billing.domain.errors import InvalidInput
from billing.domain.purchase import Purchase
from billing.domain.status import FeatureValue
from billing.domain.subscription import Subscription


def user_id_problem(user_id: str) -> str | None:
    """Say why a text cannot be a user id; `None` where it can."""
    if not 1 <= len(user_id) <= 256:
        return "must have 1 to 256 characters"
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in user_id):
        return "must not contain control characters"
    return None


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """One user of one project. The user id is any text of 1 to 256 characters, used as given."""

    project_id: str
    user_id: str

    def __post_init__(self) -> None:
        """Refuse what is not a key.

        Raises:
            InvalidInput: the project id or the user id is not of the documented form.
        """
        if not PROJECT_ID.fullmatch(self.project_id):
            raise InvalidInput.field("project_id", "must match [a-z0-9][a-z0-9-]{1,47}")
        problem = user_id_problem(self.user_id)
        if problem:
            raise InvalidInput.field("user_id", problem)

    def __str__(self) -> str:
        return f"{self.project_id}#{self.user_id}"

    @classmethod
    def parse(cls, text: str) -> AccountKey:
        """Read what `str` wrote; a project id has no `#`, a user id may."""
        project_id, _, user_id = text.partition("#")
        return cls(project_id, user_id)


@dataclass(frozen=True, slots=True)
class ManualGrant:
    """A feature given by an operator, over `[valid_from, valid_to)`, until revoked."""

    id: str
    feature_code: str
    value: FeatureValue
    reason: str
    valid_from: datetime
    valid_to: datetime | None
    granted_at: datetime
    granted_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoke_reason: str | None = None


Fact = Subscription | Purchase | ManualGrant


@dataclass(frozen=True, slots=True)
class Account:
    """One user of one project, with all facts.

    Attributes:
        revision: goes up by one with each change that is applied.
        version: goes up by one with each write; the optimistic lock.
    """

    key: AccountKey
    revision: int = 0
    version: int = 0
    customer_id: str | None = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    purchases: dict[str, Purchase] = field(default_factory=dict)
    grants: dict[str, ManualGrant] = field(default_factory=dict)
    updated_at: datetime | None = None

    def with_subscription(self, subscription: Subscription) -> Account:
        """Put a subscription in the place of what was known of it."""
        subscriptions = {**self.subscriptions, subscription.id: subscription}
        return replace(self, subscriptions=subscriptions).with_customer(subscription.customer_id)

    def with_purchase(self, purchase: Purchase) -> Account:
        """Put a purchase in the place of what was known of it."""
        purchases = {**self.purchases, purchase.id: purchase}
        return replace(self, purchases=purchases).with_customer(purchase.customer_id)

    def with_grant(self, grant: ManualGrant) -> Account:
        """Put a grant in the place of what was known of it."""
        return replace(self, grants={**self.grants, grant.id: grant})

    def with_customer(self, customer_id: str | None) -> Account:
        """Know the Stripe customer, unless one is known: the portal opens for the first."""
        return (
            self if self.customer_id or not customer_id else replace(self, customer_id=customer_id)
        )

    def facts(self) -> dict[str, Fact]:
        """All facts by the sort key under which they are stored."""
        return {
            **{f"subscription#{key}": fact for key, fact in self.subscriptions.items()},
            **{f"purchase#{key}": fact for key, fact in self.purchases.items()},
            **{f"grant#{key}": fact for key, fact in self.grants.items()},
        }

    def stripe_ids(self) -> frozenset[str]:
        """Every id, Stripe's and grants', by which this account can be found."""
        ids: set[str | None] = {self.customer_id, *self.grants, *self.subscriptions}
        for subscription in self.subscriptions.values():
            ids.add(subscription.customer_id)
            ids.update(refund.charge_id for refund in subscription.refunds)
        for purchase in self.purchases.values():
            ids |= {purchase.session_id, purchase.payment_intent_id, purchase.customer_id}
            ids.update(refund.charge_id for refund in purchase.refunds)
        return frozenset(filter(None, ids))
