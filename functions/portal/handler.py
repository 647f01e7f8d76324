"""POST /api/v1/portal/create-session: to the page where a user changes or cancels a plan."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.adapters.stripe.gateway import gateway
from billing.auth import authenticate
from billing.composition import now
from billing.domain.account import AccountKey
from billing.http import answer, create_app, lambda_handler_for, read_body
from billing.services.open_portal import open_portal
from billing.settings import settings
from billing.stores import account_store, cached_catalog
from functions.portal.schemas import PortalRequest, PortalResponse

app = create_app()


@app.post("/api/v1/portal/create-session")
def create_session() -> Response[str]:
    """Open the portal for a user of the key's project."""
    event = app.current_event.raw_event
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
    return answer(PortalResponse.of(link).model_dump())


lambda_handler = lambda_handler_for(app)
