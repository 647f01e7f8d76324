"""POST /api/v1/checkout/create: from a price to a page where the user pays."""

from __future__ import annotations

from billing import cold_start
from billing.adapters.stripe.gateway import gateway
from billing.admission import admit, page_limit
from billing.body import read_body
from billing.composition import now, once
from billing.lean_http import Event, lambda_handler_for
from billing.lines import Lines
from billing.reply import Reply, json_reply
from billing.request import idempotency_key
from billing.services.limit_requests import HourlyLimit
from billing.services.start_checkout import start_checkout
from billing.settings import settings
from billing.stores import account_store, cached_catalog, open_stores
from functions.checkout.schemas import CheckoutRequest, CheckoutResponse

lines = Lines()


def create(event: Event) -> Reply:
    """Start a checkout for a user of the key's project."""
    caller = admit(event, cached_catalog(), limit())
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


@once
def limit() -> HourlyLimit:
    """Return the limit of every key."""
    return page_limit(lambda text: lines.log("WARNING", "limit", text))


ROUTES = {"POST /api/v1/checkout/create": create}

lambda_handler = lambda_handler_for(ROUTES, lines)

open_stores()

cold_start.is_over()
