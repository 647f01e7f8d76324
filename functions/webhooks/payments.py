"""Which events tell of a payment, and whether it failed: what the objective on payments counts.

A subscription's money is an invoice's, and a one-time payment's is its session's, so that no
payment counts twice. What costs nothing is no payment. A card that is declined on the checkout
page is none that failed: the customer is there, and takes another; such declines count apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = Mapping[str, Any]


def _paid_invoice(invoice: Json) -> bool:
    return bool(invoice.get("amount_paid"))


def _any(_invoice: Json) -> bool:
    return True


def _one_time(session: Json) -> bool:
    return session.get("mode") == "payment" and not session.get("invoice")


def _paid_at_once(session: Json) -> bool:
    paid = session.get("payment_status") == "paid" and bool(session.get("amount_total"))
    return _one_time(session) and paid


PAYMENTS: Mapping[str, tuple[bool, Callable[[Json], bool]]] = {
    "invoice.paid": (False, _paid_invoice),  # not that of a trial, which is of 0
    "invoice.payment_failed": (True, _any),  # a renewal's card was declined, and nobody is there
    "checkout.session.completed": (False, _paid_at_once),  # a card
    "checkout.session.async_payment_succeeded": (False, _one_time),  # the money of a debit came
    "checkout.session.async_payment_failed": (True, _one_time),  # ... or did not, days later
}
"""Whether it failed, and of which objects it tells that."""


def failure_of_payment(event: Json) -> bool | None:
    """Say whether the payment that an event tells of failed; None where it tells of none.

    An event that was too large for a message is there by reference, without its object: it tells
    nothing here.
    """
    failed, tells = PAYMENTS.get(str(event.get("type")), (False, None))
    told = _object(event)
    return failed if tells and told is not None and tells(told) else None


def is_decline(event: Json) -> bool:
    """Say whether a customer's card was declined on the checkout page, of a session of ours."""
    told = _object(event) if event.get("type") == "payment_intent.payment_failed" else None
    metadata = told.get("metadata") if told else None
    return isinstance(metadata, Mapping) and "project_id" in metadata


def _object(event: Json) -> Json | None:
    data = event.get("data")
    found = data.get("object") if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else None
