"""The HTTP edge: how a request is read, and the only place where an error becomes a response."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from billing.domain.errors import (
    BillingError,
    FieldError,
    InvalidInput,
    MalformedRequest,
    NoSuchRoute,
    PayloadTooLarge,
    TryAgain,
)
from billing.observability import NAMESPACE, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from pydantic import BaseModel

BODY_LIMIT = 64 * 1024
"""Bytes that a request body may have where a route does not say otherwise."""

_Body = TypeVar("_Body", bound="BaseModel")

LambdaHandler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any]]


def create_app() -> APIGatewayHttpResolver:
    """Build a router whose errors are all `application/problem+json`."""
    app = APIGatewayHttpResolver()

    def render(error: BillingError) -> Response[str]:
        return problem(error, request_id_of(app.current_event.raw_event))

    def no_route(_error: NotFoundError) -> Response[str]:
        return render(NoSuchRoute("No such route."))

    def unforeseen(error: Exception) -> Response[str]:
        passing = _passing_trouble(error)
        if passing is None:
            logger.error("unexpected error", exc_info=error)
        return render(passing or BillingError())

    app.exception_handler(BillingError)(render)
    app.exception_handler(Exception)(unforeseen)
    app.not_found(no_route)
    return app


def _passing_trouble(error: Exception) -> BillingError | None:
    """Tell DynamoDB's and AWS's passing trouble, which a retry cures, from a defect."""
    code = getattr(error, "cause_response_code", None) or _client_error_code(error)
    if code in _PASSING or type(error).__name__ in _PASSING:
        return TryAgain()
    return None


def _client_error_code(error: Exception) -> str | None:
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


_PASSING = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
        "InternalServerError",
        "InternalServerErrorException",
        "ServiceUnavailable",
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ConnectionClosedError",
    }
)
"""Words for trouble that passes, as AWS and botocore write them: a closed list."""


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
    with single_metric(
        name="Latency", unit=MetricUnit.Milliseconds, value=milliseconds, namespace=NAMESPACE
    ) as metric:
        metric.add_dimension(name="route", value=route)
        metric.add_dimension(name="status", value=f"{status // 100}xx")


def request_id_of(event: Mapping[str, Any]) -> str:
    """Return API Gateway's id of the request, which its access log carries too."""
    return str(event.get("requestContext", {}).get("requestId", "none"))


def problem(error: BillingError, request_id: str) -> Response[str]:
    """Render an error as RFC 9457 says."""
    body: dict[str, Any] = {
        "type": f"urn:billing:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
    }
    if error.errors:
        body["errors"] = [{"field": e.field, "message": e.message} for e in error.errors]
    headers: dict[str, str | list[str]] = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="billing"'
    return Response(error.status, "application/problem+json", json.dumps(body), headers=headers)


def answer(body: Mapping[str, Any] | None, status: int = 200, /, **headers: str) -> Response[str]:
    """Render an answer as JSON; header names are written with `_` for `-`.

    Nothing may store an answer unless its `cache_control` says so. `None` is an empty body.
    """
    named: dict[str, str | list[str]] = {"Cache-Control": "no-store"}
    named.update({name.replace("_", "-").title(): value for name, value in headers.items()})
    text = (
        ""
        if body is None
        else json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_plain)
    )
    return Response(status, "application/json", text, headers=named)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return timestamp(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def timestamp(instant: datetime) -> str:
    """Write an instant as ISO 8601 in UTC with a `Z`, microseconds only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def raw_body(event: Mapping[str, Any], limit: int = BODY_LIMIT) -> bytes:
    """Return the body's bytes as they were sent.

    Raises:
        PayloadTooLarge: there are more than `limit`.
        MalformedRequest: the gateway's base64 cannot be read.
    """
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise MalformedRequest("The body's base64 cannot be read.") from error
    else:
        raw = body.encode("utf-8", errors="surrogateescape")
    if len(raw) > limit:
        raise PayloadTooLarge(f"The body has {len(raw)} bytes; at most {limit} are taken.")
    return raw


def read_json(event: Mapping[str, Any], limit: int = BODY_LIMIT) -> dict[str, Any]:
    """Return the body as a JSON object.

    Raises:
        MalformedRequest: it is not UTF-8, not JSON (RFC 8259), or not an object.
        PayloadTooLarge: it is larger than `limit` bytes.
    """
    raw = raw_body(event, limit)
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest("The body is not JSON in UTF-8.") from error
    if not isinstance(value, dict):
        raise MalformedRequest("The body is not a JSON object.")
    return value


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def read_body(event: Mapping[str, Any], model: type[_Body], limit: int = BODY_LIMIT) -> _Body:
    """Return the body as the wire schema `model`.

    Raises:
        InvalidInput: a field is missing, unknown, or not of its type; `errors` names each.
        MalformedRequest, PayloadTooLarge: as `read_json`.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - the hot read has no body to validate

    try:
        return model.model_validate(read_json(event, limit))
    except ValidationError as error:
        raise InvalidInput(
            "The body does not fit this route.",
            errors=tuple(
                FieldError(_path(e["loc"]), e["msg"])
                for e in error.errors(include_url=False, include_context=False, include_input=False)
            ),
        ) from error


def _path(location: tuple[int | str, ...]) -> str:
    """Write where a field is, such as `products[0].prices[1].currency`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".") or "body"


def idempotency_key(event: Mapping[str, Any]) -> str | None:
    """Return the Idempotency-Key header, by which a repetition is known.

    Raises:
        InvalidInput: it is not 1 to 255 visible ASCII characters.
    """
    header = (event.get("headers") or {}).get("idempotency-key")
    if header is None:
        return None
    if not 1 <= len(header) <= 255 or not all("!" <= character <= "~" for character in header):
        raise InvalidInput.field("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    return str(header)


def query(event: Mapping[str, Any], *names: str) -> dict[str, str]:
    """Return the query's parameters, each at most once and decoded as UTF-8.

    The raw query is read, because the gateway joins repeated parameters with a comma, which a
    user id may contain.

    Raises:
        MalformedRequest: it is not UTF-8, or a parameter is given twice.
        InvalidInput: it has a parameter that is not one of `names`.
    """
    raw = event.get("rawQueryString") or ""
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise MalformedRequest("The query is not UTF-8.") from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise MalformedRequest("A query parameter is given twice.")
    unknown = [
        FieldError(name, f"is not a parameter of this route; it takes {', '.join(names)}")
        for name in parameters
        if name not in names
    ]
    if unknown:
        raise InvalidInput("The query has parameters unknown here.", errors=tuple(unknown))
    return parameters
