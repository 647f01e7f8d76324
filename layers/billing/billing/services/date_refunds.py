"""When how much of a charge was given back: what single refunds say, which the charge does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from billing.adapters.stripe.listed import Listed
from billing.adapters.stripe.translate import (
    StripeEvent,
    read_embedded_refunds,
    read_refunds,
)
from billing.domain.moment import second_of

if TYPE_CHECKING:
    from datetime import datetime

    from billing.adapters.stripe.gateway import StripeGateway
    from billing.domain.refund import SingleRefund

Connect = Callable[[], "StripeGateway"]
"""How to reach Stripe; an ordinary event does not, and so needs no API key."""

_OF_CHARGES = "charge."
"""How the types of events begin that tell of refunds in all, and of disputes."""

_REFUNDS_ARE_TOLD = "2024-10-28"
"""The API version since which `refund.created` is sent for all refunds."""


def is_told_at_once(event: StripeEvent) -> bool:
    """Whether it came about when the event was created; an import, or a repair, tells later."""
    return event.type.startswith(_OF_CHARGES)


def single_refunds(event: StripeEvent, now: datetime, gateway: Connect) -> tuple[SingleRefund, ...]:
    """Read the refunds of an event's charge, where no event of each refund says when it was made.

    Such an event is sent for every refund since 2024-10-28. For older endpoints, and where there is
    no event at all, the charge has its refunds with it, or they are asked for, once.
    """
    is_told = is_told_at_once(event) and (event.api_version or "") >= _REFUNDS_ARE_TOLD
    if is_told or not event.object.get("amount_refunded"):
        return ()
    embedded = read_embedded_refunds(event.object, as_of=event.created)
    if embedded is not None:
        return embedded
    # Before the look, and a whole second as events have it, so that what is told later is newer.
    as_of = second_of(max(now, event.created))
    listed = gateway().every(Listed.REFUNDS, charge=str(event.object.get("id")))
    return read_refunds(listed, as_of=as_of)
