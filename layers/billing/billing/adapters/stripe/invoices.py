"""Stripe's invoices, of any API version: that a period was paid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from billing.adapters.stripe.shapes import (
    Shape,
    child,
    entries,
    instant,
    mapping,
    metadata,
    reference,
    required,
    text,
    truth,
    whole,
)
from billing.domain.payment import InvoicePayment
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Moment

_STARTS_A_TRIAL = frozenset({"subscription_create", "subscription_update"})
"""Stripe writes a paid invoice over nothing when a trial starts or is extended."""


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """That an invoice was paid, and for which period of which subscription.

    Attributes:
        moment: what it adds to the subscription's timeline; `None` where it pays no whole period
            of a subscription, or only a trial, which makes nothing active.
        payment_intent_id, charge_id: before 2025-03-31, or where `payments` was expanded.
        metadata: the subscription's, as it was when the invoice was made.
        has_all_lines: whether the invoice came with all its lines rather than the first few.
        payment: what it brought; `None` where that is nothing, or nothing of a subscription.
    """

    invoice_id: str
    subscription_id: str | None
    customer_id: str | None
    billing_reason: str
    moment: Moment | None
    payment_intent_id: str | None
    charge_id: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    has_all_lines: bool = True
    payment: InvoicePayment | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    item_id: str
    end: datetime
    amount: int


def read_paid_invoice(obj: object, *, at: datetime) -> PaidInvoice:
    """Read an invoice that was paid at that instant.

    Raises:
        UnreadableShape: it is not an invoice of any known API version.
    """
    invoice = mapping(obj, "invoice")
    lines, complete = entries(invoice, "lines")
    details = child(invoice, "parent", "subscription_details")
    subscription_id = reference(details, "subscription") or reference(invoice, "subscription")
    reason = text(invoice, "billing_reason") or ""
    paid_for = [_line(line, subscription_id) for line in lines] if subscription_id else []
    payment_intent_id, charge_id = _payment(invoice)
    return PaidInvoice(
        invoice_id=required(invoice, "id"),
        subscription_id=subscription_id,
        customer_id=reference(invoice, "customer", "customer_account"),
        billing_reason=reason,
        moment=_moment([line for line in paid_for if line], reason, at),
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
        metadata=subscription_metadata(invoice),
        has_all_lines=complete,
        payment=_brought(invoice, at) if subscription_id else None,
    )


def with_invoice_lines(obj: object, lines: list[dict[str, object]]) -> Shape:
    """Put all lines, fetched one page after another, in the place of the first few."""
    return {**mapping(obj, "invoice"), "lines": {"data": lines, "has_more": False}}


def subscription_metadata(invoice: Shape) -> dict[str, str]:
    """Read the snapshot of the subscription's metadata that an invoice carries."""
    return (
        metadata(child(invoice, "parent", "subscription_details"))
        or metadata(child(invoice, "subscription_details"))
        or metadata(child(invoice, "subscription"))
    )


def _brought(invoice: Shape, at: datetime) -> InvoicePayment | None:
    amount = whole(invoice, "amount_paid")
    if not amount or amount < 0:
        return None
    paid_at = instant(child(invoice, "status_transitions"), "paid_at")
    currency = text(invoice, "currency") or ""
    return InvoicePayment(required(invoice, "id"), amount, currency, paid_at or at)


def _moment(lines: list[_Line], reason: str, at: datetime) -> Moment | None:
    nothing_paid = reason in _STARTS_A_TRIAL and not any(line.amount for line in lines)
    if not lines or nothing_paid:
        return None
    return Moment(
        at=at,
        status=SubscriptionStatus.ACTIVE,
        period_end=max(line.end for line in lines),
        paid=True,
        item_ends=_item_ends(lines),
    )


def _item_ends(lines: Iterable[_Line]) -> tuple[tuple[str, datetime], ...]:
    ends: dict[str, datetime] = {}
    for line in lines:
        ends[line.item_id] = max(line.end, ends.get(line.item_id, line.end))
    return tuple(sorted(ends.items()))


def _line(line: Shape, subscription_id: str) -> _Line | None:
    """Read a line that pays a whole period of an item of that subscription; `None` for others.

    A proration pays for a part of a period that another invoice dates.
    """
    details = _item_details(line)
    item_id = reference(details, "subscription_item")
    if item_id is None and text(line, "type") == "subscription":
        item_id = required(line, "id")  # the oldest lines were known by the subscription's id
    end = instant(child(line, "period"), "end")
    if item_id is None or end is None or truth(details, "proration"):
        return None
    if reference(details, "subscription") not in (None, subscription_id):
        return None
    return _Line(item_id, end, whole(line, "amount") or 0)


def _item_details(line: Shape) -> Shape:
    """Find what a line says of its subscription item: since 2025-03-31 that is in its `parent`."""
    parent = child(line, "parent")
    if not parent:
        return line
    if text(parent, "type") not in (None, "subscription_item_details"):
        return {}
    return child(parent, "subscription_item_details")


def _payment(invoice: Shape) -> tuple[str | None, str | None]:
    payments, _complete = entries(invoice, "payments")
    made = [child(payment, "payment") for payment in payments]
    intents = [reference(payment, "payment_intent") for payment in made]
    charges = [reference(payment, "charge") for payment in made]
    return (
        reference(invoice, "payment_intent") or next(filter(None, intents), None),
        reference(invoice, "charge") or next(filter(None, charges), None),
    )
