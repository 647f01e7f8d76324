"""The HTTP edge of functions with many routes, or that operators call: Powertools' resolver."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit

from billing.body import read_body
from billing.domain.errors import BillingError, NoSuchRoute
from billing.observability import logger, measure
from billing.reply import Reply, error_reply, json_reply, timestamp
from billing.request import (
    BODY_LIMIT,
    idempotency_key,
    query,
    raw_body,
    read_json,
    request_id_of,
)

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = [
    "BODY_LIMIT",
    "answer",
    "create_app",
    "idempotency_key",
    "lambda_handler_for",
    "query",
    "raw_body",
    "read_body",
    "read_json",
    "request_id_of",
    "timestamp",
]

LambdaHandler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any]]


def create_app() -> APIGatewayHttpResolver:
    """Build a router whose errors are all `application/problem+json`."""
    app = APIGatewayHttpResolver()

    def render(error: Exception) -> Response[str]:
        request_id = request_id_of(app.current_event.raw_event)
        return _response(error_reply(error, request_id, log_unexpected=_log_unexpected))

    def no_route(_error: NotFoundError) -> Response[str]:
        return render(NoSuchRoute("No such route."))

    app.exception_handler(BillingError)(render)
    app.exception_handler(Exception)(render)
    app.not_found(no_route)
    return app


def _log_unexpected(error: Exception) -> None:
    logger.error("unexpected error", exc_info=error)


def lambda_handler_for(app: APIGatewayHttpResolver) -> LambdaHandler:
    """Build the Lambda entry point: route, log one line, count one request and its latency."""

    @logger.inject_lambda_context(clear_state=True)
    def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        started = time.perf_counter()
        answer = app.resolve(event, context)
        answer.setdefault("headers", {})["X-Request-Id"] = request_id_of(event)
        _account_for(event, answer["statusCode"], (time.perf_counter() - started) * 1000)
        return answer

    return lambda_handler


def _account_for(event: Mapping[str, Any], status: int, milliseconds: float) -> None:
    context = event.get("requestContext", {})
    route = context.get("routeKey") or "none"
    logger.info(
        "request",
        route=route,
        status=status,
        milliseconds=round(milliseconds, 1),
        request_id=request_id_of(event),
    )
    of_class = f"{status // 100}xx"
    measure("Latency", milliseconds, MetricUnit.Milliseconds, route=route, status=of_class)


def answer(body: Mapping[str, Any] | None, status: int = 200, /, **headers: str) -> Response[str]:
    """Answer with JSON, as `billing.reply.json_reply` says."""
    return _response(json_reply(body, status, **headers))


def _response(reply: Reply) -> Response[str]:
    headers: dict[str, str | list[str]] = {**reply.headers}
    return Response(reply.status, reply.media_type, reply.body, headers=headers)
