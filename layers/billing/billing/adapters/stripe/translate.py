"""From Stripe's objects, of any API version, to what is true of an account. Pure.

A webhook endpoint's API version decides an event's shape, and an old account sends old shapes,
so every reader knows all of them. Whatever comes, only `UnreadableShape` can be raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.adapters.stripe.claims import Claim, client_reference, read_claim
from billing.adapters.stripe.discounts import is_told_of_discounts, with_discounts
from billing.adapters.stripe.invoices import PaidInvoice, read_paid_invoice, with_invoice_lines
from billing.adapters.stripe.payments import (
    RefundedCharge,
    has_all_lines,
    read_charge_refund,
    read_dispute,
    read_embedded_refunds,
    read_purchase,
    read_refunds,
    read_single_refund,
    with_lines,
)
from billing.adapters.stripe.shapes import (
    UnreadableShape,
    instant,
    mapping,
    required,
    text,
    truth,
)
from billing.adapters.stripe.subscriptions import has_all_items, read_subscription, with_items
from billing.adapters.stripe.terms import is_told_of_terms

__all__ = [
    "Claim",
    "PaidInvoice",
    "RefundedCharge",
    "StripeEvent",
    "UnreadableShape",
    "client_reference",
    "has_all_items",
    "has_all_lines",
    "is_thin",
    "is_told_of_discounts",
    "is_told_of_terms",
    "read_charge_refund",
    "read_claim",
    "read_dispute",
    "read_embedded_refunds",
    "read_event",
    "read_paid_invoice",
    "read_purchase",
    "read_refunds",
    "read_single_refund",
    "read_subscription",
    "with_discounts",
    "with_invoice_lines",
    "with_items",
    "with_lines",
]


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """A snapshot event.

    Attributes:
        created: when it came about, by Stripe's clock, in whole seconds.
        api_version: decides the object's shape; `None` in the oldest accounts.
        object: the object as it was then.
    """

    id: str
    type: str
    created: datetime
    livemode: bool
    api_version: str | None
    object: Mapping[str, Any]


def read_event(payload: object) -> StripeEvent:
    """Read the envelope of a snapshot event.

    Raises:
        UnreadableShape: it is not such an event.
    """
    event = mapping(payload, "event")
    created = instant(event, "created")
    if created is None:
        raise UnreadableShape("created is missing")
    return StripeEvent(
        id=required(event, "id"),
        type=required(event, "type"),
        created=created,
        livemode=truth(event, "livemode"),
        api_version=text(event, "api_version"),
        object=mapping(mapping(event.get("data"), "data").get("object"), "data.object"),
    )


def is_thin(payload: object) -> bool:
    """Whether it is a thin event, which names an object without showing it."""
    return isinstance(payload, Mapping) and payload.get("object") == "v2.core.event"
