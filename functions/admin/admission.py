"""Who may come in: operators only, on every route, since a middleware stands before them all."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from billing.auth import Caller, authenticate
from billing.composition import now
from billing.domain.errors import Forbidden
from billing.stores import catalog_store

_OPERATOR = "operator"


def operators_router() -> APIGatewayHttpRouter:
    """Build a router for the routes of one noun."""
    return APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # powertools 3.37


def admit_operators(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Let a request through that bears an operator's key.

    Raises:
        Unauthenticated: it bears no valid key.
        Forbidden: it bears a project's key.
    """
    caller = authenticate(app.current_event.raw_event, catalog_store(), now())
    if not caller.is_admin:
        raise Forbidden("This route is for operators.")
    app.context[_OPERATOR] = caller
    return next_middleware(app)


def operator_of(router: APIGatewayHttpRouter) -> Caller:
    """Return the operator who was let through."""
    operator: Caller = router.context[_OPERATOR]
    return operator
