"""POST /api/v1/portal/create-session: to the page where a user changes or cancels a plan."""

from __future__ import annotations

from billing import cold_start
from billing.adapters.stripe.gateway import gateway
from billing.auth import authenticate
from billing.body import read_body
from billing.composition import now
from billing.domain.account import AccountKey
from billing.lean_http import Event, lambda_handler_for
from billing.reply import Reply, json_reply
from billing.services.open_portal import open_portal
from billing.settings import settings
from billing.stores import account_store, cached_catalog, open_stores
from functions.portal.schemas import PortalRequest, PortalResponse


def create_session(event: Event) -> Reply:
    """Open the portal for a user of the key's project."""
    caller = authenticate(event, cached_catalog(), now())
    caller.require("portal")
    body = read_body(event, PortalRequest)
    link = open_portal(
        AccountKey(caller.for_project(body.project_id), body.user_id),
        body.return_url,
        projects=cached_catalog(),
        accounts=account_store(),
        stripe=gateway(),
        local_is_allowed=settings().stage == "dev",
    )
    return json_reply(PortalResponse.of(link).model_dump())


ROUTES = {"POST /api/v1/portal/create-session": create_session}

lambda_handler = lambda_handler_for(ROUTES)

open_stores()

cold_start.is_over()
