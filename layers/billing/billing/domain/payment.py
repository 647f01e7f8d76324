"""Money that a subscription's invoices brought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class InvoicePayment:
    """What was paid on one invoice, taxes included.

    Attributes:
        amount: in the currency's minor unit.
        at: when it was paid, by Stripe's clock.
    """

    invoice_id: str
    amount: int
    currency: str
    at: datetime


def merge_payments(
    one: Iterable[InvoicePayment], other: Iterable[InvoicePayment]
) -> tuple[InvoicePayment, ...]:
    """Unite payments by invoice; of two words on one, the earlier holds, then the larger."""
    known: dict[str, InvoicePayment] = {}
    for payment in (*one, *other):
        first = known.get(payment.invoice_id, payment)
        known[payment.invoice_id] = min(first, payment, key=_order)
    return tuple(known[invoice] for invoice in sorted(known))


def _order(payment: InvoicePayment) -> tuple[datetime, int, str]:
    return payment.at, -payment.amount, payment.currency
