"""What an operator said: these ids of Stripe's are this account's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StripeLink:
    """Ids that Stripe's objects bear and that name no account by themselves.

    Attributes:
        id: the first of `ids`, by which the link is known.
        ids: the Stripe customer, or where an event has none the ids of its objects.
        customer_id: the customer among them.
    """

    id: str
    ids: tuple[str, ...]
    customer_id: str | None
    event_id: str
    reason: str
    linked_at: datetime
    linked_by: str
