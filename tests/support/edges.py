"""Both edges, put through the same: `python -m tests.support.edges table` or `resolver`.

In a process of its own, because Powertools takes its settings and its stream when it is imported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import Response

from billing import http, lean_http
from billing.domain.errors import InvalidInput, TryAgain
from billing.reply import Reply, json_reply
from tests.support.requests import LambdaContext, request

Json = dict[str, Any]
Act = Callable[[], Json]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def fine() -> Json:
    return {"text": "\N{SNOWMAN}"}


def refused() -> Json:
    raise InvalidInput.field("user_id", "is needed")


def busy() -> Json:
    raise TryAgain


def broken() -> Json:
    raise RuntimeError('a "quoted" \N{SNOWMAN}')


ACTS: tuple[Act, ...] = (fine, refused, busy, broken)
PATHS = (*(act.__name__ for act in ACTS), "missing")


def resolver() -> Any:
    """The edge by Powertools."""
    app = http.create_app()

    def routed(act: Act) -> Callable[[], Response[str]]:
        return lambda: http.answer(act(), etag="1")

    for act in ACTS:
        app.get(f"/{act.__name__}")(routed(act))
    return http.lambda_handler_for(app)


def table() -> Any:
    """The edge of the hot read."""

    def routed(act: Act) -> lean_http.Route:
        def route(_event: lean_http.Event) -> Reply:
            return json_reply(act(), etag="1")

        return route

    return lean_http.lambda_handler_for({f"GET /{act.__name__}": routed(act) for act in ACTS})


if __name__ == "__main__":
    handler = {"table": table, "resolver": resolver}[sys.argv[1]]()
    for path in PATHS:
        event = request("GET", f"/{path}")
        event["requestContext"]["requestId"] = f"request-{path}"
        print("ANSWER", json.dumps(handler(event, LambdaContext()), sort_keys=True), flush=True)  # noqa: T201 - to the test
