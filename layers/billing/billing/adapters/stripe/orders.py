"""What the gateway is asked to make at Stripe, in our words, and how Stripe wants it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from billing.adapters.stripe.claims import PROJECT, USER, client_reference
from billing.domain.account import AccountKey
from billing.domain.catalog import Price, Product

if TYPE_CHECKING:
    from stripe.params import PriceCreateParams, ProductCreateParams
    from stripe.params.checkout import SessionCreateParams

Mode = Literal["subscription", "payment"]

RESERVED_METADATA = frozenset({PROJECT, USER, "price_id", "quantity"})
"""What the service itself writes beside the caller's metadata: it decides whose a payment is."""


@dataclass(frozen=True, slots=True)
class SessionOrder:
    """A checkout session to be made.

    Attributes:
        stripe_price_id: Stripe's id of the price.
        metadata: the caller's own, without reserved names.
    """

    key: AccountKey
    customer_id: str
    stripe_price_id: str
    mode: Mode
    success_url: str
    cancel_url: str
    quantity: int = 1
    trial_days: int | None = None
    allow_promotion_codes: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A checkout page that waits for the customer."""

    id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PortalSession:
    """A portal page that waits for the customer."""

    url: str
    created_at: datetime


def session_params(order: SessionOrder) -> SessionCreateParams:
    """Say a checkout session in Stripe's words.

    The metadata goes onto the session and onto what comes of it, the subscription or the payment
    intent, so that every later event says whose it is.
    """
    metadata = {
        **dict(sorted(order.metadata.items())),  # the same request reads the same: idempotency
        **account_metadata(order.key),
        "price_id": order.stripe_price_id,
        "quantity": str(order.quantity),
    }
    params: SessionCreateParams = {
        "mode": order.mode,
        "customer": order.customer_id,
        "line_items": [{"price": order.stripe_price_id, "quantity": order.quantity}],
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "metadata": metadata,
    }
    mark = client_reference(order.key.project_id, order.key.user_id)
    if mark:
        params["client_reference_id"] = mark
    if order.allow_promotion_codes:
        params["allow_promotion_codes"] = True
    if order.mode == "payment":
        params["payment_intent_data"] = {"metadata": metadata}
        return params
    params["subscription_data"] = {"metadata": metadata}
    if order.trial_days:
        params["subscription_data"]["trial_period_days"] = order.trial_days
    return params


def product_params(project_id: str, product: Product) -> ProductCreateParams:
    """Say a product in Stripe's words."""
    return {
        "name": product.name,
        "metadata": {PROJECT: project_id, "product_id": product.id},
    }


def price_params(project_id: str, stripe_product_id: str, price: Price) -> PriceCreateParams:
    """Say a price in Stripe's words. Its lookup key carries the project, as keys are global."""
    params: PriceCreateParams = {
        "product": stripe_product_id,
        "currency": price.currency,
        "unit_amount": price.unit_amount,
        "lookup_key": lookup_key(project_id, price.id),
        "transfer_lookup_key": True,  # a price cannot be changed; a new one takes the name over
        "metadata": {PROJECT: project_id, "price_id": price.id},
    }
    if price.interval:
        params["recurring"] = {"interval": price.interval, "interval_count": price.interval_count}
    return params


def lookup_key(project_id: str, price_id: str) -> str:
    """Name a project's price at Stripe."""
    return f"{project_id}:{price_id}"


def account_metadata(key: AccountKey) -> dict[str, str]:
    """Say whose an object is. A user id has at most 256 characters; Stripe takes 500."""
    return {PROJECT: key.project_id, USER: key.user_id}
