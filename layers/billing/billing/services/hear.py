"""From a Stripe event to what it tells, with Stripe's help where the event does not say it all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing.adapters.stripe.shapes import reference, required
from billing.adapters.stripe.translate import (
    PaidInvoice,
    RefundedCharge,
    StripeEvent,
    has_all_items,
    has_all_lines,
    is_told_of_discounts,
    is_told_of_terms,
    read_charge_refund,
    read_claim,
    read_dispute,
    read_paid_invoice,
    read_purchase,
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
from billing.services.date_refunds import Connect, is_told_at_once, single_refunds
from billing.services.follow_catalog import CatalogWord
from billing.services.heard import (
    Heard,
    HeardCharge,
    HeardFeatures,
    HeardMention,
    HeardPurchase,
    HeardSubscription,
)

_PAYS_A_WHOLE_PERIOD = frozenset({"subscription_create", "subscription_cycle"})
"""Billing reasons of invoices whose full refund takes the period back; a proration's does not."""


def subscription(event: StripeEvent, now: datetime, gateway: Connect) -> Heard:
    """Read customer.subscription.*; a long list of items, discounts and terms are fetched."""
    obj = event.object
    if not has_all_items(obj):
        obj = with_items(obj, gateway().subscription_items(str(obj.get("id"))))
    if not is_told_of_discounts(obj):
        fetched = gateway().subscription(str(obj.get("id")))
        obj = with_discounts(obj, fetched) if fetched else obj
    if not is_told_of_terms(obj):
        obj = gateway().with_terms(obj)
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
    parts = single_refunds(event, now, gateway)
    return _taken_back(
        event, event.object, as_of=event.created, now=now, gateway=gateway, parts=parts
    )


def charge(event: StripeEvent, now: datetime, gateway: Connect) -> Heard:
    """Read a charge for what it paid, and no more; single refunds are not asked for."""
    return _taken_back(event, event.object, as_of=event.created, now=now, gateway=gateway)


def refund(event: StripeEvent, now: datetime, gateway: Connect) -> Heard | None:
    """Read refund.*: it says little of its charge, which is fetched as it is now.

    So a refund that fails gives access back: the charge's sum is lower again.
    """
    charge_id = reference(event.object, "charge")
    as_of = max(now, event.created)
    refunded = gateway().charge(charge_id) if charge_id else None
    if refunded is None:
        return None
    part = read_single_refund(event.object, as_of=event.created)
    parts = (part,) if part else ()
    return _taken_back(event, refunded, as_of=as_of, now=now, gateway=gateway, parts=parts)


def dispute(event: StripeEvent, now: datetime, gateway: Connect) -> Heard:
    """Read charge.dispute.*; whose it is, its charge tells."""
    heard = read_dispute(event.object, as_of=event.created)
    if heard.has_cost and is_told_at_once(event):
        heard = replace(heard, lost_at=event.created)
    intent = reference(event.object, "payment_intent")
    disputed = gateway().charge(heard.charge_id) or {}
    obj = {"id": heard.charge_id, "amount": heard.amount, "payment_intent": intent, **disputed}
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
    paid_by, claim = read_charge_refund(obj, as_of=as_of), read_claim(obj)
    back = replace(paid_by.refund, parts=tuple(sorted(parts, key=lambda part: part.id)))
    invoice = _invoice_of(paid_by, gateway) if claim.project_id is None else None
    paid = read_paid_invoice(invoice, at=event.created) if invoice else None
    if invoice is None or paid is None or paid.subscription_id is None:
        seen = Purchase(
            id=paid_by.payment_intent_id or paid_by.refund.charge_id,
            as_of=paid_by.refund.as_of,
            event_id=event.id,
            first_seen=now,
            payment_intent_id=paid_by.payment_intent_id,
            customer_id=paid_by.customer_id,
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
