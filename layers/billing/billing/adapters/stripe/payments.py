"""Stripe's checkout sessions, invoices, charges and disputes, of any API version, as facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from billing.adapters.stripe.shapes import (
    Shape,
    UnreadableShape,
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
from billing.domain.dispute import ChargeDispute
from billing.domain.purchase import Purchase, PurchaseLine
from billing.domain.refund import ChargeRefund, SingleRefund
from billing.domain.status import PaymentState

ASYNC_PAYMENT_FAILED = "checkout.session.async_payment_failed"

_PAYMENT_STATES = {
    "paid": PaymentState.PAID,
    "no_payment_required": PaymentState.NO_PAYMENT_REQUIRED,  # a coupon covered it all
    "unpaid": PaymentState.UNPAID,  # an asynchronous method has not yet brought the money
}


def read_purchase(
    obj: object,
    *,
    event_type: str | None = None,
    as_of: datetime,
    event_id: str,
    first_seen: datetime,
) -> Purchase | None:
    """Read a checkout session as a one-time purchase; `None` for one of another mode.

    Args:
        obj: Stripe's session. Fetch its line items first unless `has_all_lines`.
        event_type: what the event says of it, where an event brought it.
        as_of: the second of which the object speaks; if it is settled, when it was paid.
        event_id: the event, fetch or repair that brought it.
        first_seen: our own clock.

    Raises:
        UnreadableShape: it is not a session of any known API version.
    """
    session = mapping(obj, "session")
    session_id, mode = required(session, "id"), required(session, "mode")
    if mode != "payment":
        return None
    payment_intent_id = reference(session, "payment_intent")
    state = _PAYMENT_STATES.get(text(session, "payment_status") or "", PaymentState.UNKNOWN)
    if event_type == ASYNC_PAYMENT_FAILED:
        state = PaymentState.FAILED  # `payment_status` stays `unpaid`
    return Purchase(
        id=payment_intent_id or session_id,
        as_of=as_of,
        event_id=event_id,
        first_seen=first_seen,
        state=state,
        paid_at=as_of if state.is_settled else None,
        paid_seen=first_seen if state.is_settled else None,
        session_id=session_id,
        payment_intent_id=payment_intent_id,
        customer_id=reference(session, "customer", "customer_account"),
        lines=_lines(session),
        amount=whole(session, "amount_total") or 0,
        currency=text(session, "currency") or "",
    )


def has_all_lines(obj: object) -> bool:
    """Whether it is known what was bought: by the lines, or by what our checkout noted."""
    session = mapping(obj, "session")
    _, complete = entries(session, "line_items")
    return complete and bool(_lines(session))


def with_lines(obj: object, lines: list[dict[str, object]]) -> Shape:
    """Put all line items, fetched one page after another, into the session."""
    return {**mapping(obj, "session"), "line_items": {"data": lines, "has_more": False}}


def _lines(session: Shape) -> tuple[PurchaseLine, ...]:
    listed, _complete = entries(session, "line_items")
    if listed:
        return tuple(_purchase_line(line) for line in listed)
    noted = metadata(session)
    if "price_id" not in noted:
        return ()
    quantity = noted.get("quantity", "1")
    if not (quantity.isascii() and quantity.isdigit() and len(quantity) <= 9):
        raise UnreadableShape("metadata.quantity is not a whole number")
    return (PurchaseLine(price_id=noted["price_id"], quantity=int(quantity)),)


def _purchase_line(line: Shape) -> PurchaseLine:
    price_id = reference(line, "price")
    if price_id is None:
        raise UnreadableShape("a line item has no price")
    quantity = whole(line, "quantity")
    return PurchaseLine(price_id=price_id, quantity=1 if quantity is None else quantity)


@dataclass(frozen=True, slots=True)
class RefundedCharge:
    """What was refunded of a charge, and what leads to the account that paid it.

    Attributes:
        refund: `period_end` is left for the caller, who knows what the charge paid for.
        invoice_id: before 2025-03-31 only; later shapes need a look at the invoice's payments.
        metadata: as the payment intent had it when the charge was made.
    """

    refund: ChargeRefund
    payment_intent_id: str | None
    customer_id: str | None
    invoice_id: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)


def read_charge_refund(obj: object, *, as_of: datetime) -> RefundedCharge:
    """Read how much of a charge was refunded until now; Stripe's figure is cumulative.

    A charge that was captured in part is refunded whole when the captured part is.

    Raises:
        UnreadableShape: it is not a charge of any known API version.
    """
    charge = mapping(obj, "charge")
    refunded = whole(charge, "amount_refunded") or 0
    amount = whole(charge, "amount_captured") or whole(charge, "amount")
    if amount is None:
        raise UnreadableShape("amount is missing")
    if truth(charge, "refunded"):
        amount = min(amount, refunded)  # Stripe's own word that nothing is left
    return RefundedCharge(
        refund=ChargeRefund(
            charge_id=required(charge, "id"),
            amount=amount,
            amount_refunded=refunded,
            currency=text(charge, "currency") or "",
            as_of=as_of,
        ),
        payment_intent_id=reference(charge, "payment_intent"),
        customer_id=reference(charge, "customer", "customer_account"),
        invoice_id=reference(charge, "invoice"),
        metadata=metadata(charge),
    )


def read_embedded_refunds(obj: object, *, as_of: datetime) -> tuple[SingleRefund, ...] | None:
    """Read the single refunds that a charge has with it; `None` where it has not all of them.

    Before 2022-11-15 it had the last ten.

    Raises:
        UnreadableShape: they are not of any known API version.
    """
    charge = mapping(obj, "charge")
    listed, complete = entries(charge, "refunds")
    if charge.get("refunds") is None or not complete:
        return None
    return read_refunds(listed, as_of=as_of)


def read_refunds(listed: Iterable[object], *, as_of: datetime) -> tuple[SingleRefund, ...]:
    """Read a list of refunds.

    Raises:
        UnreadableShape: they are not of any known API version.
    """
    read = (read_single_refund(each, as_of=as_of) for each in listed)
    return tuple(part for part in read if part)


def read_single_refund(obj: object, *, as_of: datetime) -> SingleRefund | None:
    """Read one refund; `None` for one of an amount that is none.

    Raises:
        UnreadableShape: it is not a refund of any known API version.
    """
    refund = mapping(obj, "refund")
    amount = whole(refund, "amount")
    if not amount or amount < 0:
        return None
    return SingleRefund(
        id=required(refund, "id"),
        amount=amount,
        status=text(refund, "status") or "succeeded",  # before 2018 there was no other
        created=instant(refund, "created") or as_of,
        as_of=as_of,
    )


def read_dispute(obj: object, *, as_of: datetime) -> ChargeDispute:
    """Read where a dispute stands.

    Raises:
        UnreadableShape: it is not a dispute of any known API version.
    """
    dispute = mapping(obj, "dispute")
    charge_id, amount = reference(dispute, "charge"), whole(dispute, "amount")
    if charge_id is None or amount is None:
        raise UnreadableShape("charge or amount is missing")
    return ChargeDispute(
        opened_at=instant(dispute, "created"),
        dispute_id=required(dispute, "id"),
        charge_id=charge_id,
        status=required(dispute, "status"),
        amount=amount,
        currency=text(dispute, "currency") or "",
        as_of=as_of,
    )
