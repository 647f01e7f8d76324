"""The HTTP edge of few routes: a table of them, from the standard library alone.

It answers and accounts for a request as `billing.http` does, without what that imports; only the
latencies are written many together, since a line of each would cost a quarter of its check.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from billing.domain.errors import NoSuchRoute, TryAgain
from billing.lines import Context, Lines
from billing.reply import Reply, error_reply
from billing.request import request_id_of

Event = Mapping[str, Any]
Route = Callable[[Event], Reply]
LambdaHandler = Callable[[Event, Context], dict[str, Any]]


MOST_TOGETHER = 100
"""Values of one metric that the embedded metric format takes."""

LONGEST_HELD = 60.0
"""Seconds; CloudWatch's own resolution."""


FAILED = ("4xx", "5xx")


class Latencies:
    """Latencies by route and status: the first is written at once, later ones together.

    They wait for `MOST_TOGETHER` or for the first request after `LONGEST_HELD`. What a process
    holds when Lambda ends it is lost; the gateway's access log has every request. Those of what
    failed do not wait: they are few, and alarms count them.
    """

    def __init__(self, lines: Lines) -> None:
        """Write to these lines."""
        self._lines = lines
        self._held: dict[tuple[str, str], list[float]] = {}
        self._due: dict[tuple[str, str], float] = {}

    def add(self, milliseconds: float, at: float, *, route: str, status: str) -> None:
        """Note the latency of an answer that was given `at`, in seconds of a steady clock."""
        self._held.setdefault((route, status), []).append(milliseconds)
        for key, values in self._held.items():
            route, status = key
            is_due = at >= self._due.get(key, at) or len(values) >= MOST_TOGETHER
            if values and (is_due or status in FAILED):
                self._lines.metric("Latency", "Milliseconds", values, route=route, status=status)
                values.clear()
                self._due[key] = at + LONGEST_HELD


def lambda_handler_for(routes: Mapping[str, Route], lines: Lines | None = None) -> LambdaHandler:
    """Build the Lambda entry point: route, log one line, note the latency.

    Args:
        routes: by API Gateway's key of the route, such as `GET /api/v1/entitlements`.
        lines: where to write, if the routes write lines of their own.
    """
    lines = lines or Lines()
    latencies = Latencies(lines)

    def lambda_handler(event: Event, context: Context) -> dict[str, Any]:
        started = time.perf_counter()
        lines.begin(context)
        reply = _reply(routes, event, lines)
        request_id = request_id_of(event)
        milliseconds = (time.perf_counter() - started) * 1000
        _log(event, reply.status, milliseconds, lines)
        of_class = f"{reply.status // 100}xx"
        latencies.add(milliseconds, time.monotonic(), route=_key(event), status=of_class)
        headers = {**reply.headers, "Content-Type": reply.media_type, "X-Request-Id": request_id}
        return {
            "statusCode": reply.status,
            "headers": headers,
            "body": reply.body,
            "isBase64Encoded": False,
            "cookies": [],
        }

    return lambda_handler


def _reply(routes: Mapping[str, Route], event: Event, lines: Lines) -> Reply:
    route = routes.get(_key(event), _no_route)
    try:
        return route(event)
    except Exception as error:  # noqa: BLE001 - every error becomes an answer, and here is where
        if isinstance(error, TryAgain) and error.__cause__:
            cause = f"{type(error.__cause__).__name__}: {error.__cause__}"
            lines.log("WARNING", "_reply", "trouble that should pass", cause=cause)
        return error_reply(
            error,
            request_id_of(event),
            log_unexpected=lambda unexpected: lines.error("_reply", "unexpected error", unexpected),
        )


def _no_route(_event: Event) -> Reply:
    raise NoSuchRoute("No such route.")


def _key(event: Event) -> str:
    return str(event.get("requestContext", {}).get("routeKey") or "none")


def _log(event: Event, status: int, milliseconds: float, lines: Lines) -> None:
    lines.log(
        "INFO",
        "_log",
        "request",
        route=_key(event),
        status=status,
        milliseconds=round(milliseconds, 1),
        request_id=request_id_of(event),
    )
