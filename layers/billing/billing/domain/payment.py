"""Money that a subscription's invoices brought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


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


PAYMENTS_KEPT = 500
"""The newest payments that are kept one by one; of those before, what each day brought."""


@dataclass(frozen=True, slots=True)
class PaidMonth:
    """What older payments of a month brought, in one currency.

    Attributes:
        month: such as `2026-03`, UTC's.
        days: day of the month, and the sum of that day in the currency's minor unit.
    """

    month: str
    currency: str
    days: tuple[tuple[int, int], ...]


def merge_payments(
    one: Iterable[InvoicePayment], other: Iterable[InvoicePayment]
) -> tuple[InvoicePayment, ...]:
    """Unite payments by invoice; of two words on one, the earlier holds, then the larger."""
    known: dict[str, InvoicePayment] = {}
    for payment in (*one, *other):
        first = known.get(payment.invoice_id, payment)
        known[payment.invoice_id] = min(first, payment, key=_order)
    return tuple(known[invoice] for invoice in sorted(known))


def with_sums(
    payments: Iterable[InvoicePayment], months: Iterable[PaidMonth]
) -> tuple[tuple[InvoicePayment, ...], tuple[PaidMonth, ...]]:
    """Keep the newest payments, and add the others to the sums of their days.

    A payment is added up once as long as it is told once: a word on one that has been added up is
    taken for another. The ledger lets no event tell it twice.
    """
    by_age = sorted(payments, key=lambda each: (each.at, each.invoice_id))
    older, newest = by_age[:-PAYMENTS_KEPT], by_age[-PAYMENTS_KEPT:]
    sums = {(each.month, each.currency): dict(each.days) for each in months}
    for payment in older:
        at = payment.at.astimezone(UTC)
        days = sums.setdefault((f"{at:%Y-%m}", payment.currency), {})
        days[at.day] = days.get(at.day, 0) + payment.amount
    added = (PaidMonth(*key, tuple(sorted(sums[key].items()))) for key in sorted(sums))
    return tuple(sorted(newest, key=lambda each: each.invoice_id)), tuple(added)


def merge_months(one: Iterable[PaidMonth], other: Iterable[PaidMonth]) -> tuple[PaidMonth, ...]:
    """Unite sums of one subscription: of a day's two, the larger has heard of more."""
    days: dict[tuple[str, str], dict[int, int]] = {}
    for each in (*one, *other):
        known = days.setdefault((each.month, each.currency), {})
        known.update({day: max(amount, known.get(day, 0)) for day, amount in each.days})
    return tuple(PaidMonth(*key, tuple(sorted(days[key].items()))) for key in sorted(days))


def _order(payment: InvoicePayment) -> tuple[datetime, int, str]:
    return payment.at, -payment.amount, payment.currency
