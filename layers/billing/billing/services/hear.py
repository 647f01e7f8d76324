"""What each kind of Stripe object tells of an account, as a pure decision about it.

The functions at the end read an event, with Stripe's help where the event does not say it all;
the classes decide, and do no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from billing.adapters.stripe.translate import (
    Claim,
    PaidInvoice,
    RefundedCharge,
    StripeEvent,
    has_all_items,
    has_all_lines,
    read_charge_refund,
    read_claim,
    read_paid_invoice,
    read_purchase,
    read_subscription,
    with_items,
    with_lines,
)
from billing.domain.account import Account
from billing.domain.catalog import Catalog
from billing.domain.changes import Decision, OutcomeKind, ParkReason
from billing.domain.holdings import holdings_of
from billing.domain.purchase import Purchase, PurchaseLine, merge_purchase
from billing.domain.refund import ChargeRefund, merge_refunds
from billing.domain.subscription import (
    Moment,
    Subscription,
    is_tie,
    merge_subscription,
    merge_timeline,
)
from billing.services.match_account import Unappliable

if TYPE_CHECKING:
    from billing.adapters.stripe.gateway import StripeGateway

Connect = Callable[[], "StripeGateway"]
"""How to reach Stripe; an ordinary event does not, and so needs no API key."""

_PAYS_A_WHOLE_PERIOD = frozenset({"subscription_create", "subscription_cycle"})
"""Billing reasons of invoices whose full refund takes the period back; a proration's does not."""


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
    """That a subscription exists, and what besides is known of it: a payment, a refund."""

    claim: Claim
    subscription_id: str
    moment: Moment | None = None
    refund: ChargeRefund | None = None
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
            base,
            timeline=merge_timeline(base.timeline, (self.moment,) if self.moment else ()),
            refunds=merge_refunds(base.refunds, (self.refund,) if self.refund else ()),
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
class HeardPurchaseRefund:
    """What was refunded of a charge that paid no subscription."""

    claim: Claim
    charge: RefundedCharge
    event_id: str
    first_seen: datetime
    price_ids: frozenset[str] = frozenset()

    def decide(
        self,
        account: Account,
        catalog: Catalog,  # noqa: ARG002 - part of the protocol
        fresh: Subscription | None = None,  # noqa: ARG002 - part of the protocol
    ) -> Decision:
        """Note the refund with its purchase, which may be heard of only later."""
        purchase_id = self.charge.payment_intent_id or self.charge.refund.charge_id
        known = account.purchases.get(purchase_id)
        if known is None and self.claim.project_id is None:
            return Decision(account, OutcomeKind.NO_CHANGE)  # a charge made outside of this service
        heard = Purchase(
            id=purchase_id,
            as_of=self.charge.refund.as_of,
            event_id=self.event_id,
            first_seen=self.first_seen,
            payment_intent_id=self.charge.payment_intent_id,
            customer_id=self.charge.customer_id,
            refunds=(self.charge.refund,),
        )
        merged = merge_purchase(known, heard)
        kind = OutcomeKind.STALE if merged == known else OutcomeKind.APPLIED
        return Decision(account.with_purchase(merged), kind)


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


def subscription(event: StripeEvent, now: datetime, gateway: Connect) -> Heard:
    """Read customer.subscription.*; the rest of a long list of items is fetched."""
    obj = event.object
    if not has_all_items(obj):
        obj = with_items(obj, gateway().subscription_items(str(obj.get("id"))))
    heard = read_subscription(obj, as_of=event.created, event_id=event.id, first_seen=now)
    return HeardSubscription(read_claim(event.object), heard)


def paid_invoice(event: StripeEvent, now: datetime, gateway: Connect) -> Heard | None:  # noqa: ARG001 - one signature for the table
    """Read invoice.paid; one without a subscription's period is not this service's."""
    paid = read_paid_invoice(event.object, at=event.created)
    if not paid.has_all_lines:
        whole = gateway().invoice(paid.invoice_id)
        paid = read_paid_invoice(whole, at=event.created) if whole else paid
    if paid.subscription_id is None or paid.moment is None:
        return None
    return HeardMention(read_claim(event.object), paid.subscription_id, moment=paid.moment)


def session(event: StripeEvent, now: datetime, gateway: Connect) -> Heard | None:
    """Read checkout.session.*: a purchase, or the mention of a subscription."""
    obj = event.object
    claim = read_claim(obj)
    if obj.get("mode") == "payment" and not has_all_lines(obj):
        obj = with_lines(obj, gateway().session_lines(str(obj.get("id"))))
    purchase = read_purchase(
        obj, event_type=event.type, as_of=event.created, event_id=event.id, first_seen=now
    )
    if purchase:
        return HeardPurchase(claim, purchase)
    named = next((id_ for id_ in claim.ids if id_.startswith("sub_")), None)
    return HeardMention(claim, named) if named else None


def refunded_charge(event: StripeEvent, now: datetime, gateway: Connect) -> Heard:
    """Read charge.refunded; where the charge does not say what it paid, its invoice does."""
    charge = read_charge_refund(event.object, as_of=event.created)
    claim = read_claim(event.object)
    invoice = _invoice_of(charge, gateway) if claim.project_id is None else None
    if invoice is None:
        return HeardPurchaseRefund(claim, charge, event.id, now)
    paid = read_paid_invoice(invoice, at=event.created)
    if paid.subscription_id is None:
        return HeardPurchaseRefund(claim, charge, event.id, now)
    return HeardMention(read_claim(invoice), paid.subscription_id, refund=_of_period(charge, paid))


def _invoice_of(charge: RefundedCharge, gateway: Connect) -> Mapping[str, Any] | None:
    invoice_id = charge.invoice_id
    if invoice_id is None and charge.payment_intent_id:
        invoice_id = gateway().invoice_of_payment(charge.payment_intent_id)
    return gateway().invoice(invoice_id) if invoice_id else None


def _of_period(charge: RefundedCharge, paid: PaidInvoice) -> ChargeRefund:
    if paid.moment is None or paid.billing_reason not in _PAYS_A_WHOLE_PERIOD:
        return charge.refund
    return replace(charge.refund, period_end=paid.moment.period_end)


def nothing(event: StripeEvent, now: datetime, gateway: Connect) -> None:
    """Note in the ledger that it was heard; it changes nothing."""
