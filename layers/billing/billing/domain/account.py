"""An account and its facts: what Stripe and the operators said about one user of one project."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from billing.domain.account_key import AccountKey, user_id_problem
from billing.domain.link import StripeLink
from billing.domain.purchase import Purchase
from billing.domain.status import FeatureValue
from billing.domain.stripe_features import StripeFeatures
from billing.domain.subscription import Subscription

__all__ = ["Account", "AccountKey", "Fact", "ManualGrant", "user_id_problem"]


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


Fact = Subscription | Purchase | ManualGrant | StripeLink | StripeFeatures


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
    links: dict[str, StripeLink] = field(default_factory=dict)
    features: dict[str, StripeFeatures] = field(default_factory=dict)

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

    def with_link(self, link: StripeLink) -> Account:
        """Know that ids are this account's, because an operator said so."""
        links = {**self.links, link.id: link}
        return replace(self, links=links).with_customer(link.customer_id)

    def with_features(self, features: StripeFeatures) -> Account:
        """Put Stripe's word on a customer's features in the place of what was known."""
        known = {**self.features, features.customer_id: features}
        return replace(self, features=known).with_customer(features.customer_id)

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
            **{f"link#{key}": fact for key, fact in self.links.items()},
            **{f"features#{key}": fact for key, fact in self.features.items()},
        }

    def stripe_ids(self) -> frozenset[str]:
        """Every id, Stripe's and grants', by which this account can be found."""
        ids: set[str | None] = {self.customer_id, *self.grants, *self.subscriptions}
        for link in self.links.values():
            ids.update(link.ids)
        for subscription in self.subscriptions.values():
            ids.add(subscription.customer_id)
            ids.update(refund.charge_id for refund in subscription.refunds)
            ids.update(dispute.charge_id for dispute in subscription.disputes)
        for purchase in self.purchases.values():
            ids |= {purchase.session_id, purchase.payment_intent_id, purchase.customer_id}
            ids.update(refund.charge_id for refund in purchase.refunds)
            ids.update(dispute.charge_id for dispute in purchase.disputes)
        return frozenset(filter(None, ids))
