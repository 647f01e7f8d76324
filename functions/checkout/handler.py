"""POST /api/v1/checkout/create: from a price to a page where the user pays."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.adapters.stripe.gateway import gateway
from billing.auth import authenticate
from billing.composition import now
from billing.http import (
    answer,
    create_app,
    idempotency_key,
    lambda_handler_for,
    read_body,
)
from billing.services.start_checkout import start_checkout
from billing.settings import settings
from billing.stores import account_store, cached_catalog
from functions.checkout.schemas import CheckoutRequest, CheckoutResponse

app = create_app()


@app.post("/api/v1/checkout/create")
def create() -> Response[str]:
    """Start a checkout for a user of the key's project."""
    event = app.current_event.raw_event
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
    return answer(CheckoutResponse.of(session).model_dump())


lambda_handler = lambda_handler_for(app)
