"""What was heard of an account, as pure decisions about it: no I/O, no Stripe shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from billing.adapters.stripe.translate import Claim
from billing.domain.account import Account
from billing.domain.catalog import Catalog
from billing.domain.changes import Decision, OutcomeKind, ParkReason
from billing.domain.dispute import ChargeDispute, merge_disputes
from billing.domain.holdings import holdings_of
from billing.domain.payment import InvoicePayment
from billing.domain.purchase import Purchase, PurchaseLine, merge_purchase
from billing.domain.refund import ChargeRefund, merge_refunds
from billing.domain.stripe_features import StripeFeatures, merge_features
from billing.domain.subscription import (
    Moment,
    Subscription,
    is_tie,
    merge_subscription,
    merge_timeline,
    with_payments,
)
from billing.services.match_account import Unappliable


class NeedsFreshSubscription(Exception):
    """Only a look at Stripe can tell: the subscription is unknown, or two states tie."""

    def __init__(self, subscription_id: str) -> None:
        """Name the subscription to fetch."""
        super().__init__(subscription_id)
        self.subscription_id = subscription_id


class Heard(Protocol):
    """What an event says, ready to be decided about."""

    @property
    def claim(self) -> Claim:
        """Whose it is, as far as the object says."""

    @property
    def price_ids(self) -> frozenset[str]:
        """The prices that the catalog has to know."""

    def decide(
        self, account: Account, catalog: Catalog, fresh: Subscription | None = None
    ) -> Decision:
        """Say how the account should be.

        Args:
            account: as it is.
            catalog: of its project.
            fresh: the subscription as Stripe has it now, where it was fetched.

        Raises:
            NeedsFreshSubscription: it has to be fetched first.
            Unappliable: the catalog knows nothing that was bought.
        """


@dataclass(frozen=True, slots=True)
class HeardSubscription:
    """A state of a subscription."""

    claim: Claim
    subscription: Subscription

    @property
    def price_ids(self) -> frozenset[str]:
        """The prices of its items."""
        return frozenset(item.price_id for item in self.subscription.items)

    def decide(
        self, account: Account, catalog: Catalog, fresh: Subscription | None = None
    ) -> Decision:
        """Keep the newer state."""
        known = account.subscriptions.get(self.subscription.id)
        if fresh is None and is_tie(known, self.subscription):
            raise NeedsFreshSubscription(self.subscription.id)
        heard = merge_subscription(known, self.subscription)
        return _decide_subscription(account, _with_fresh(heard, fresh), catalog)


@dataclass(frozen=True, slots=True)
class HeardMention:
    """That a subscription exists, and what became of the money that pays for it."""

    claim: Claim
    subscription_id: str
    moment: Moment | None = None
    refund: ChargeRefund | None = None
    dispute: ChargeDispute | None = None
    payment: InvoicePayment | None = None
    price_ids: frozenset[str] = frozenset()

    def decide(
        self, account: Account, catalog: Catalog, fresh: Subscription | None = None
    ) -> Decision:
        """Add to what is known of the subscription; fetch it where nothing is."""
        known = account.subscriptions.get(self.subscription_id)
        if known is None and fresh is None:
            raise NeedsFreshSubscription(self.subscription_id)
        base = _with_fresh(known, fresh)
        heard = replace(
            with_payments(base, (self.payment,) if self.payment else ()),
            timeline=merge_timeline(base.timeline, (self.moment,) if self.moment else ()),
            refunds=merge_refunds(base.refunds, (self.refund,) if self.refund else ()),
            disputes=merge_disputes(base.disputes, (self.dispute,) if self.dispute else ()),
        )
        return _decide_subscription(account, heard, catalog)


@dataclass(frozen=True, slots=True)
class HeardPurchase:
    """A one-time payment, as its checkout session tells it."""

    claim: Claim
    purchase: Purchase

    @property
    def price_ids(self) -> frozenset[str]:
        """The prices of its lines."""
        return frozenset(line.price_id for line in self.purchase.lines)

    def decide(
        self,
        account: Account,
        catalog: Catalog,
        fresh: Subscription | None = None,  # noqa: ARG002 - part of the protocol
    ) -> Decision:
        """Move the purchase forward; what was bought stays what it was when it was bought."""
        known = account.purchases.get(self.purchase.id)
        lines = known.lines if known else ()
        if not lines:
            lines = tuple(_as_sold(line, catalog) for line in self.purchase.lines)
        if not any(line.product_id for line in lines):
            raise _unknown_price(self.price_ids, catalog)
        merged = merge_purchase(known, replace(self.purchase, lines=lines))
        kind = OutcomeKind.STALE if merged == known else OutcomeKind.APPLIED
        return Decision(account.with_purchase(merged), kind)


@dataclass(frozen=True, slots=True)
class HeardCharge:
    """What became of the money of a charge that paid no subscription.

    Attributes:
        seen: the purchase as far as the charge tells it: its ids, and what was taken back.
    """

    claim: Claim
    seen: Purchase
    price_ids: frozenset[str] = frozenset()

    def decide(
        self,
        account: Account,
        catalog: Catalog,  # noqa: ARG002 - part of the protocol
        fresh: Subscription | None = None,  # noqa: ARG002 - part of the protocol
    ) -> Decision:
        """Note it with its purchase, which may be heard of only later."""
        known = account.purchases.get(self.seen.id)
        if known is None and self.claim.project_id is None:
            return Decision(account, OutcomeKind.NO_CHANGE)  # a charge made outside of this service
        merged = merge_purchase(known, self.seen)
        kind = OutcomeKind.STALE if merged == known else OutcomeKind.APPLIED
        return Decision(account.with_purchase(merged), kind)


@dataclass(frozen=True, slots=True)
class HeardFeatures:
    """Which features Stripe says that a customer has, by Stripe's lookup keys."""

    claim: Claim
    seen: StripeFeatures
    price_ids: frozenset[str] = frozenset()

    def decide(
        self,
        account: Account,
        catalog: Catalog,
        fresh: Subscription | None = None,  # noqa: ARG002 - part of the protocol
    ) -> Decision:
        """Keep the newer word, of the features that the catalog names."""
        ours = {f.stripe_lookup_key: f.code for f in catalog.features if f.stripe_lookup_key}
        codes = tuple(sorted(ours[key] for key in self.seen.codes if key in ours))
        known = account.features.get(self.seen.customer_id)
        if known is None and not codes:
            return Decision(account, OutcomeKind.NO_CHANGE)
        merged = merge_features(known, replace(self.seen, codes=codes))
        kind = OutcomeKind.STALE if merged == known else OutcomeKind.APPLIED
        return Decision(account.with_features(merged), kind)


def _with_fresh(known: Subscription | None, fresh: Subscription | None) -> Subscription:
    merged = merge_subscription(known, fresh) if fresh else known
    if merged is None:
        raise AssertionError("called with neither")
    return merged


def _decide_subscription(account: Account, heard: Subscription, catalog: Catalog) -> Decision:
    known = account.subscriptions.get(heard.id)
    merged = _with_products(heard, known, catalog)
    if known is None and not any(item.product_id for item in merged.items):
        raise _unknown_price(frozenset(item.price_id for item in merged.items), catalog)
    after = account.with_subscription(merged)
    is_newer = known is None or merged.event_id != known.event_id
    changed = is_newer or holdings_of(after) != holdings_of(account)
    return Decision(after, OutcomeKind.APPLIED if changed else OutcomeKind.STALE)


def _with_products(
    heard: Subscription, known: Subscription | None, catalog: Catalog
) -> Subscription:
    """Say which of our products each item is; one that left the catalog stays what it was."""
    was = {item.price_id: item.product_id for item in (known.items if known else ())}
    items = []
    for item in heard.items:
        product = catalog.product_of(item.price_id, item.stripe_product_id)
        product_id = product.id if product else item.product_id or was.get(item.price_id)
        items.append(replace(item, product_id=product_id))
    return replace(heard, items=tuple(items))


def _as_sold(line: PurchaseLine, catalog: Catalog) -> PurchaseLine:
    product = catalog.product_of(line.price_id)
    if product is None:
        return line
    return replace(line, product_id=product.id, validity_days=product.validity_days)


def _unknown_price(price_ids: frozenset[str], catalog: Catalog) -> Unappliable:
    named = ", ".join(sorted(price_ids)) or "no price"
    return Unappliable(
        ParkReason.UNKNOWN_PRICE, f"the catalog of '{catalog.project_id}' does not have {named}"
    )
