"""The API's front door: authentication, parameters, idempotency, faults, shapes, errors."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, request

from local.stripe import lifecycle, shapes
from local.stripe.call import Call, Route
from local.stripe.errors import ApiError, invalid
from local.stripe.events import clone
from local.stripe.expand import expand
from local.stripe.faults import Fault, Faults
from local.stripe.idempotency import Answer, IdempotencyKeys
from local.stripe.lists import abridge
from local.stripe.params import check, nest
from local.stripe.paths import Paths
from local.stripe.resources import (
    catalog,
    coupons,
    customers,
    features,
    payments,
    sessions,
    subscriptions,
)
from local.stripe.state import Request as Origin
from local.stripe.state import World
from local.stripe.tables import Obj, new_id
from local.stripe.wire import DROP

ROUTES: list[Route] = [
    *customers.ROUTES,
    *catalog.ROUTES,
    *coupons.ROUTES,
    *sessions.ROUTES,
    *subscriptions.ROUTES,
    *payments.ROUTES,
    *features.ROUTES,
]

PATHS: Paths[Route] = Paths()
for _route in ROUTES:
    PATHS.add(_route.method, _route.path, _route)


def _unknown(_: Call, rest: str) -> Obj:
    raise ApiError(
        f"Unrecognized request URL ({request.method}: /v1/{rest}). Please see "
        "https://stripe.com/docs or we can help at https://support.stripe.com/.",
        status=404,
    )


_UNKNOWN = Route("*", "*", _unknown)


class Api:
    """The ``/v1`` half of the fake.

    Args:
        world: the state.
        flush: called after each request, without the lock, to send what happened.
    """

    def __init__(self, world: World, flush: Callable[[], None]) -> None:
        self.world = world
        self.faults = Faults()
        self.keys = IdempotencyKeys()
        self._flush = flush

    def register(self, app: Flask) -> None:
        """Add the API to an application."""
        methods = ["GET", "POST", "DELETE"]
        app.add_url_rule("/v1/<path:rest>", "v1", self._view, methods=methods)

    def _view(self, rest: str) -> Response:
        route, ids = PATHS.find(request.method, request.path) or (_UNKNOWN, {"rest": rest})
        return self._serve(route, ids)

    def _serve(self, route: Route, ids: dict[str, str]) -> Response:
        request.get_data()  # the connection is kept alive, so the body must be drained
        fault = self.faults.take(request.method, request.path)
        if fault is not None and fault.when == "before":
            return _faulty(fault)
        answer, replayed = self._answer(route, ids)
        self._flush()
        return _faulty(fault) if fault is not None else _response(answer, replayed=replayed)

    def _answer(self, route: Route, ids: dict[str, str]) -> tuple[Answer, bool]:
        request_id = new_id("req")
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        written = f"{request.method} {request.full_path}\n{request.get_data(as_text=True)}"
        with self.world.lock:
            try:
                _authenticate(request)
                kept = self.keys.replay(key, written, self.world.now) if key else None
                if kept is not None:
                    return kept, True
                body: Obj = self._execute(route, ids, Origin(request_id, key))
                status = 200
            except ApiError as error:
                body, status = error.body(), error.status
                body["error"]["request_log_url"] = f"{self.world.base_url}/#{request_id}"
            answer = Answer(status, json.dumps(body, ensure_ascii=False).encode(), request_id)
            if key:
                self.keys.keep(key, written, self.world.now, answer)
        return answer, False

    def _execute(self, route: Route, ids: dict[str, str], origin: Origin) -> Any:  # noqa: ANN401 - JSON
        lifecycle.run_due(self.world)
        version = _version(request, self.world)
        given = nest(_pairs(request))
        wanted = given.pop("expand", {})
        paths = list(wanted.values()) if isinstance(wanted, dict) else [str(wanted)]
        params = check(given, route.rules, route.required)
        self.world.request = origin
        try:
            found = route.handler(Call(self.world, params, request.path), **ids)
        finally:
            self.world.request = Origin()
        shown = clone(found)
        expand(self.world, shown, paths)
        abridge(shown)
        return shapes.in_version(self.world, shown, version)


def _pairs(incoming: Request) -> list[tuple[str, str]]:
    pairs = list(incoming.args.items(multi=True)) + list(incoming.form.items(multi=True))
    if incoming.content_type and "json" in incoming.content_type:
        raise invalid("The v1 API takes form-encoded bodies, not JSON.")
    return pairs


def _version(incoming: Request, world: World) -> str:
    version = incoming.headers.get("Stripe-Version") or world.api_version
    if not shapes.is_known(version):
        raise invalid(f"Invalid Stripe API version: {version}")
    return version


def _authenticate(incoming: Request) -> None:
    """A secret or restricted key, as bearer token or as the user name of basic authentication."""
    header = incoming.headers.get("Authorization", "")
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            credentials = base64.b64decode(credentials).decode().partition(":")[0]
        except ValueError:
            credentials = ""
    if not credentials.strip():
        raise ApiError(
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if not credentials.startswith(("sk_", "rk_")):
        hidden = credentials[:4] + "*" * 8 + credentials[-4:]
        raise ApiError(f"Invalid API Key provided: {hidden}", status=401)


def _response(answer: Answer, *, replayed: bool) -> Response:
    response = Response(answer.body, answer.status, content_type="application/json")
    response.headers["Request-Id"] = answer.request_id
    for name in ("Idempotency-Key", "Stripe-Version"):
        if name in request.headers:
            response.headers[name] = request.headers[name]
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = answer.request_id
    return response


def _faulty(fault: Fault) -> Response:
    if fault.drop:
        return Response(b"", 500, headers={DROP: "yes"})
    body = json.dumps(fault.body()).encode()
    response = Response(body, fault.status, content_type="application/json")
    response.headers["Request-Id"] = new_id("req")
    response.headers.update(fault.headers)
    return response
