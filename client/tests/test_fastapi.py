"""The dependency and the endpoint in an app of FastAPI."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Header
from starlette.applications import Starlette
from starlette.routing import Route

from billing_client import Decision, Receiver, Unauthenticated
from billing_client.fastapi import install, require
from billing_client.starlette import endpoint
from billing_client.testing import FakeAsyncBilling, FakeBilling
from client.tests.test_receiver import FOREIGN, SECRET, a_push


def current_user(x_user: Annotated[str | None, Header()] = None) -> str | None:
    return x_user


def an_app(billing: FakeBilling | FakeAsyncBilling, *, installed: bool = True) -> FastAPI:
    app = FastAPI()
    export = require(billing, "export", user=current_user)
    devices = require(billing, "devices", user=current_user, status=403)

    @app.get("/export", dependencies=[Depends(export)])
    def _export() -> str:
        return "a PDF"

    async def _devices(decision: Decision = Depends(devices)) -> Any:  # noqa: B008 - FastAPI's way
        return decision.value

    app.get("/devices", response_model=None)(_devices)
    if installed:
        receiver = Receiver(billing, [SECRET], clock=billing.clock)
        install(app, receiver, path="/billing/events")
    return app


def call(app: Any, method: str, path: str, user: str | None = None, **sent: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app.test") as http:
            headers = sent.pop("headers", {}) | ({"x-user": user} if user else {})
            return await http.request(method, path, headers=headers, **sent)

    return asyncio.run(ask())


@pytest.fixture(params=[FakeBilling, FakeAsyncBilling])
def billing(request: pytest.FixtureRequest) -> Any:
    return request.param()


def test_who_may_goes_on(billing: Any) -> None:
    billing.grant("ann", "export")
    billing.grant("ann", "devices", 5)
    app = an_app(billing)
    assert call(app, "GET", "/export", "ann").json() == "a PDF"
    assert call(app, "GET", "/devices", "ann").json() == 5


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/export", 402, "payment_required"), ("/devices", 403, "not_entitled")],
)
def test_who_may_not_is_told(billing: Any, path: str, status: int, code: str) -> None:
    got = call(an_app(billing), "GET", path, "ann")
    assert (got.status_code, got.headers["content-type"]) == (status, "application/problem+json")
    problem = got.json()
    assert (problem["status"], problem["code"], problem["reason"]) == (status, code, "not_entitled")
    assert problem["feature_code"] == path[1:]
    assert got.headers["cache-control"] == "no-store"


def test_who_is_nobody_signs_in(billing: Any) -> None:
    got = call(an_app(billing), "GET", "/export")
    assert (got.status_code, got.json()["code"]) == (401, "not_signed_in")


def test_nobody_is_asked_to_pay_because_the_service_is_down(billing: Any) -> None:
    billing.cut()
    got = call(an_app(billing), "GET", "/export", "ann")
    assert (got.status_code, got.json()["code"]) == (503, "entitlements_unavailable")
    assert got.headers["retry-after"] == "5"


def test_a_wrong_key_is_the_apps_own_trouble(billing: Any) -> None:
    billing.fail(401, "unauthenticated")
    with pytest.raises(Unauthenticated):
        call(an_app(billing), "GET", "/export", "ann")


def test_without_install_the_status_is_right_too(billing: Any) -> None:
    got = call(an_app(billing, installed=False), "GET", "/export", "ann")
    assert (got.status_code, got.json()["detail"]["code"]) == (402, "payment_required")


def test_a_push_is_received(billing: Any) -> None:
    app = an_app(billing)
    billing.service._listeners.clear()
    billing.grant("ann", "export")
    assert call(app, "GET", "/export", "ann").status_code == 200
    revision = billing.revoke("ann", "export")
    assert call(app, "GET", "/export", "ann").status_code == 200
    headers, body = a_push(billing.clock, revision=revision)
    assert call(app, "POST", "/billing/events", headers=headers, content=body).status_code == 204
    assert call(app, "GET", "/export", "ann").status_code == 402


def test_a_push_of_somebody_else_is_refused(billing: Any) -> None:
    headers, body = a_push(billing.clock, FOREIGN)
    got = call(an_app(billing), "POST", "/billing/events", headers=headers, content=body)
    assert (got.status_code, got.json()["code"]) == (401, "invalid_push")
    assert call(an_app(billing), "GET", "/billing/events").status_code == 405


def test_starlette_takes_the_endpoint_as_a_route(billing: Any) -> None:
    receiver = Receiver(billing, [SECRET], clock=billing.clock)
    app = Starlette(routes=[Route("/events", endpoint(receiver), methods=["POST"])])
    headers, body = a_push(billing.clock)
    assert call(app, "POST", "/events", headers=headers, content=body).status_code == 204


def test_a_receiver_needs_a_path() -> None:
    with pytest.raises(ValueError, match="belong together"):
        install(FastAPI(), path="/events")
