"""From a Stripe event to what it tells, with Stripe's help where the event does not say it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from billing.adapters.stripe.listed import Listed
from billing.adapters.stripe.shapes import reference, required
from billing.adapters.stripe.translate import (
    PaidInvoice,
    RefundedCharge,
    StripeEvent,
    has_all_items,
    has_all_lines,
    is_told_of_discounts,
    read_charge_refund,
    read_claim,
    read_dispute,
    read_embedded_refunds,
    read_paid_invoice,
    read_purchase,
    read_refunds,
    read_single_refund,
    read_subscription,
    with_discounts,
    with_items,
    with_lines,
)
from billing.domain.dispute import ChargeDispute
from billing.domain.purchase import Purchase
from billing.domain.refund import SingleRefund
from billing.domain.stripe_features import StripeFeatures
from billing.services.follow_catalog import CatalogWord
from billing.services.heard import (
    Heard,
    HeardCharge,
    HeardFeatures,
    HeardMention,
    HeardPurchase,
    HeardSubscription,
)

if TYPE_CHECKING:
    from billing.adapters.stripe.gateway import StripeGateway

Connect = Callable[[], "StripeGateway"]
"""How to reach Stripe; an ordinary event does not, and so needs no API key."""

_EVENTS_OF_CHARGES = frozenset(
    {
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)
"""What came about when an event of these types was created; an import, or a repair, tells later."""

_REFUNDS_ARE_TOLD = "2024-10-28"
"""The API version since which `refund.created` is sent for all refunds."""

_PAYS_A_WHOLE_PERIOD = frozenset({"subscription_create", "subscription_cycle"})
"""Billing reasons of invoices whose full refund takes the period back; a proration's does not."""


def subscription(event: StripeEvent, now: datetime, gateway: Connect) -> Heard:
    """Read customer.subscription.*; a long list of items, and discounts, are fetched."""
    obj = event.object
    if not has_all_items(obj):
        obj = with_items(obj, gateway().subscription_items(str(obj.get("id"))))
    if not is_told_of_discounts(obj):
        fetched = gateway().subscription(str(obj.get("id")))
        obj = with_discounts(obj, fetched) if fetched else obj
    heard = read_subscription(obj, as_of=event.created, event_id=event.id, first_seen=now)
    return HeardSubscription(read_claim(event.object), heard)


def paid_invoice(event: StripeEvent, now: datetime, gateway: Connect) -> Heard | None:  # noqa: ARG001 - one signature for the table
    """Read invoice.paid; one without a subscription, or of nothing, changes nothing."""
    paid = read_paid_invoice(event.object, at=event.created)
    if not paid.has_all_lines:
        whole = gateway().invoice(paid.invoice_id)
        paid = read_paid_invoice(whole, at=event.created) if whole else paid
    if paid.subscription_id is None or (paid.moment is None and paid.payment is None):
        return None
    return HeardMention(
        read_claim(event.object),
        paid.subscription_id,
        moment=paid.moment,
        payment=paid.payment,
    )


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
    """Read charge.refunded: the charge with its cumulative sum, as of the event."""
    parts = _single_refunds(event, event.object, now, gateway)
    return _taken_back(
        event, event.object, as_of=event.created, now=now, gateway=gateway, parts=parts
    )


def refund(event: StripeEvent, now: datetime, gateway: Connect) -> Heard | None:
    """Read refund.*: it says little of its charge, which is fetched as it is now.

    So a refund that fails gives access back: the charge's sum is lower again.
    """
    charge_id = reference(event.object, "charge")
    as_of = max(now, event.created)
    charge = gateway().charge(charge_id) if charge_id else None
    if charge is None:
        return None
    part = read_single_refund(event.object, as_of=event.created)
    parts = (part,) if part else ()
    return _taken_back(event, charge, as_of=as_of, now=now, gateway=gateway, parts=parts)


def _single_refunds(
    event: StripeEvent, charge: Mapping[str, Any], now: datetime, gateway: Connect
) -> tuple[SingleRefund, ...]:
    """Say when how much was given back, where no event of each refund says so.

    Such an event is sent for every refund since 2024-10-28. For older endpoints, and where there is
    no event at all, the charge has its refunds with it, or they are asked for, once.
    """
    has_events = event.type in _EVENTS_OF_CHARGES and (event.api_version or "") >= _REFUNDS_ARE_TOLD
    if has_events or not charge.get("amount_refunded"):
        return ()
    embedded = read_embedded_refunds(charge, as_of=event.created)
    if embedded is not None:
        return embedded
    as_of = max(now, event.created)
    listed = gateway().every(Listed.REFUNDS, charge=required(charge, "id"))
    return read_refunds(listed, as_of=as_of)


def dispute(event: StripeEvent, now: datetime, gateway: Connect) -> Heard:
    """Read charge.dispute.*; whose it is, its charge tells."""
    heard = read_dispute(event.object, as_of=event.created)
    if heard.has_cost and event.type in _EVENTS_OF_CHARGES:
        heard = replace(heard, lost_at=event.created)
    intent = reference(event.object, "payment_intent")
    charge = gateway().charge(heard.charge_id) or {}
    obj = {"id": heard.charge_id, "amount": heard.amount, "payment_intent": intent, **charge}
    return _taken_back(event, obj, as_of=event.created, now=now, gateway=gateway, disputed=heard)


def _taken_back(
    event: StripeEvent,
    obj: Mapping[str, Any],
    *,
    as_of: datetime,
    now: datetime,
    gateway: Connect,
    disputed: ChargeDispute | None = None,
    parts: tuple[SingleRefund, ...] = (),
) -> Heard:
    """Say what was taken back of a charge: of a purchase, or of a subscription's period."""
    charge, claim = read_charge_refund(obj, as_of=as_of), read_claim(obj)
    back = replace(charge.refund, parts=tuple(sorted(parts, key=lambda part: part.id)))
    invoice = _invoice_of(charge, gateway) if claim.project_id is None else None
    paid = read_paid_invoice(invoice, at=event.created) if invoice else None
    if invoice is None or paid is None or paid.subscription_id is None:
        seen = Purchase(
            id=charge.payment_intent_id or charge.refund.charge_id,
            as_of=charge.refund.as_of,
            event_id=event.id,
            first_seen=now,
            payment_intent_id=charge.payment_intent_id,
            customer_id=charge.customer_id,
            refunds=() if disputed else (back,),
            disputes=(disputed,) if disputed else (),
        )
        return HeardCharge(claim, seen)
    period_end = _period_paid(paid)
    return HeardMention(
        read_claim(invoice),
        paid.subscription_id,
        refund=None if disputed else replace(back, period_end=period_end),
        dispute=replace(disputed, period_end=period_end) if disputed else None,
    )


def _invoice_of(charge: RefundedCharge, gateway: Connect) -> Mapping[str, Any] | None:
    invoice_id = charge.invoice_id
    if invoice_id is None and charge.payment_intent_id:
        invoice_id = gateway().invoice_of_payment(charge.payment_intent_id)
    return gateway().invoice(invoice_id) if invoice_id else None


def _period_paid(paid: PaidInvoice) -> datetime | None:
    """The end of the period that an invoice paid whole; a proration's refund takes none back."""
    if paid.moment is None or paid.billing_reason not in _PAYS_A_WHOLE_PERIOD:
        return None
    return paid.moment.period_end


def features(event: StripeEvent, now: datetime, gateway: Connect) -> Heard | None:
    """Read entitlements.active_entitlement_summary.updated: it shows ten at most, so all are asked.

    As of the moment before, which also settles two summaries of one second.
    """
    customer_id = reference(event.object, "customer")
    if customer_id is None:
        return None
    as_of = max(now, event.created)
    held = tuple(sorted(gateway().active_features(customer_id)))
    seen = StripeFeatures(customer_id, held, as_of, event.id, now)
    return HeardFeatures(read_claim(event.object), seen)


def product(event: StripeEvent, now: datetime, gateway: Connect) -> CatalogWord:  # noqa: ARG001 - one signature for the table
    """Read product.*: the catalog that has it looks at it again."""
    return CatalogWord(required(event.object, "id"))


def price(event: StripeEvent, now: datetime, gateway: Connect) -> CatalogWord | None:  # noqa: ARG001 - one signature for the table
    """Read price.*: so does the catalog that has its product."""
    product_id = reference(event.object, "product")
    return CatalogWord(product_id, required(event.object, "id")) if product_id else None


def scheduled(event: StripeEvent, now: datetime, gateway: Connect) -> Heard | None:  # noqa: ARG001 - one signature for the table
    """Read subscription_schedule.*: it names a subscription, whose own events tell the rest."""
    subscription_id = reference(event.object, "subscription")
    return HeardMention(read_claim(event.object), subscription_id) if subscription_id else None


def nothing(event: StripeEvent, now: datetime, gateway: Connect) -> None:
    """Note in the ledger that it was heard; it changes nothing."""
