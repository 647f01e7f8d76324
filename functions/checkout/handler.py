"""POST /api/v1/checkout/create: from a price to a page where the user pays."""

from __future__ import annotations

from billing import cold_start
from billing.adapters.stripe.gateway import gateway
from billing.auth import authenticate
from billing.body import read_body
from billing.composition import now
from billing.lean_http import Event, lambda_handler_for
from billing.reply import Reply, json_reply
from billing.request import idempotency_key
from billing.services.start_checkout import start_checkout
from billing.settings import settings
from billing.stores import account_store, cached_catalog, open_stores
from functions.checkout.schemas import CheckoutRequest, CheckoutResponse


def create(event: Event) -> Reply:
    """Start a checkout for a user of the key's project."""
    caller = authenticate(event, cached_catalog(), now())
    caller.require("checkout")
    body = read_body(event, CheckoutRequest)
    project_id = caller.for_project(body.project_id)
    session = start_checkout(
        body.to_order(project_id, idempotency_key(event)),
        catalogs=cached_catalog(),
        accounts=account_store(),
        stripe=gateway(),
        actor=caller.name,
        now=now(),
        local_is_allowed=settings().stage == "dev",
    )
    return json_reply(CheckoutResponse.of(session).model_dump())


ROUTES = {"POST /api/v1/checkout/create": create}

lambda_handler = lambda_handler_for(ROUTES)

open_stores()

cold_start.is_over()
