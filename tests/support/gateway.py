"""API Gateway in process: a WSGI application in front of the real handlers.

It routes by template.yaml's routes as an HTTP API does - the most exact one wins - and makes of
each request the event that the function gets. Each answer has to be as it is described.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.support import described, samples, template
from tests.support.requests import Event, LambdaContext, request

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclass(frozen=True)
class Route:
    """One route of the API; an exact one comes before those with parameters."""

    key: str
    method: str
    pattern: re.Pattern[str]
    handler: Any
    rank: tuple[int, int, int]


@cache
def routes() -> list[Route]:
    """The API's routes, in the order in which a request is tried against them."""
    found = [
        _route(key, samples.handler_of(function))
        for function in template.functions()
        for key in function.routes
    ]
    return sorted(found, key=lambda route: route.rank)


def _route(key: str, handler: Any) -> Route:
    if key == "$default":
        return Route(key, "ANY", re.compile(".*", re.S), handler, (2, 0, 0))
    method, _, path = key.partition(" ")
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.sub(r"\\{\w+\\\+\\}", ".+", re.escape(path)))
    parameters = path.count("{")
    rank = (int("+}" in path), parameters, int(method == "ANY"))
    return Route(key, method, re.compile(pattern, re.S), handler, rank)


def route_of(method: str, path: str) -> Route:
    """The route that a request takes, by its path as it was sent."""
    return next(
        route
        for route in routes()
        if route.method in (method, "ANY") and route.pattern.fullmatch(path)
    )


class Gateway:
    """The application.

    Attributes:
        sign: signs a body as Stripe does, where a request asks for it with `SIGNATURE` as header.
        answered: how many requests it has answered.
    """

    def __init__(self, sign: Callable[[bytes], str]) -> None:
        self.sign = sign
        self.answered = 0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["REQUEST_URI"].partition("?")[0]
        event = self._event(environ, path)
        route = route_of(environ["REQUEST_METHOD"], path)
        event["routeKey"] = event["requestContext"]["routeKey"] = route.key
        made = route.handler(event, LambdaContext())
        self.answered += 1
        _check(event, made)
        headers = [(name, str(value)) for name, value in made["headers"].items()]
        start_response(f"{made['statusCode']} Answered", headers)
        return [(made.get("body") or "").encode()]

    def _event(self, environ: Environ, path: str) -> Event:
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name == "CONTENT_TYPE" and value)
        }
        if headers.get("STRIPE-SIGNATURE") == "SIGNATURE":
            headers["STRIPE-SIGNATURE"] = self.sign(raw)
        query = environ["QUERY_STRING"].encode("latin-1").decode(errors="replace")
        try:
            sent: dict[str, Any] = {"body": raw.decode()} if raw else {}
        except UnicodeDecodeError:
            sent = {"raw": raw}
        return request(environ["REQUEST_METHOD"], path, query=query, headers=headers, **sent)


def _check(event: Event, made: dict[str, Any]) -> None:
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    text = made.get("body") or ""
    body = json.loads(text) if text and "json" in headers.get("content-type", "") else text
    http = event["requestContext"]["http"]
    described.check(http["method"], event["rawPath"], made["statusCode"], headers, body)
