"""Who may come in: a middleware stands before every route, and asks the key's role."""

from __future__ import annotations

import re
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from billing.admission import admit, management_limit
from billing.auth import Caller
from billing.composition import once
from billing.observability import logger
from billing.permissions import needed_for
from billing.services.limit_requests import HourlyLimit
from billing.stores import catalog_store

_OPERATOR = "operator"
_PARAMETER = re.compile(r"<(\w+)>")


def operators_router() -> APIGatewayHttpRouter:
    """Build a router for the routes of one noun."""
    return APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # powertools 3.37


def admit_operators(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Let a request through that bears the key of an operator whose role permits the route.

    Raises:
        Unauthenticated: it bears no valid key.
        TooManyRequests: the key has spent its hour.
        Forbidden: it bears a project's key.
        RoleLacksPermission: the operator's role does not permit it.
    """
    caller = admit(app.current_event.raw_event, catalog_store(), limit())
    logger.append_keys(key_id=caller.key_id)
    route, arguments = app.context["_route"], app.context["_route_args"]
    path = _PARAMETER.sub(r"{\1}", route.path)
    caller.require_permission(needed_for(f"{route.method} {path}", arguments.get("project_id")))
    app.context[_OPERATOR] = caller
    return next_middleware(app)


@once
def limit() -> HourlyLimit:
    """Return the limit of every operator's key."""
    return management_limit(logger.warning)


def operator_of(router: APIGatewayHttpRouter) -> Caller:
    """Return the operator who was let through."""
    operator: Caller = router.context[_OPERATOR]
    return operator
