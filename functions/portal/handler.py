"""POST /api/v1/portal/create-session: to the page where a user changes or cancels a plan."""

from __future__ import annotations

from billing import cold_start
from billing.adapters.stripe.gateway import gateway
from billing.admission import admit, page_limit
from billing.body import read_body
from billing.composition import once
from billing.domain.account import AccountKey
from billing.lean_http import Event, lambda_handler_for
from billing.lines import Lines
from billing.reply import Reply, json_reply
from billing.services.limit_requests import HourlyLimit
from billing.services.open_portal import open_portal
from billing.settings import settings
from billing.stores import account_store, cached_catalog, open_stores
from functions.portal.schemas import PortalRequest, PortalResponse

lines = Lines()


def create_session(event: Event) -> Reply:
    """Open the portal for a user of the key's project."""
    caller = admit(event, cached_catalog(), limit())
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


@once
def limit() -> HourlyLimit:
    """Return the limit of every key."""
    return page_limit(lambda text: lines.log("WARNING", "limit", text))


ROUTES = {"POST /api/v1/portal/create-session": create_session}

lambda_handler = lambda_handler_for(ROUTES, lines)

open_stores()

cold_start.is_over()
