"""The client for micro-apps against the deployed service: what its own tests play is so."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing_client import (
    AlreadySubscribed,
    Billing,
    Event,
    InvalidInput,
    InvalidToken,
    Policy,
    Receiver,
    Unauthenticated,
    UnknownCustomer,
    Verifier,
)
from billing_client.clock import SystemClock
from billing_client.starlette import endpoint
from billing_client.testing import FakeService
from billing_client.testing.service import KEY
from client.examples.notes.app import Settings, create_app
from tests.support.e2e import Service, a_user, eventually
from tests.support.micro_app import served
from tests.support.proxy import proxied

PATIENT = Policy(read_budget=30, attempt_timeout=30)
"""The emulator takes seconds to start a function."""

MAX_AGE = 60


class Ahead(SystemClock):
    """The machine's clock, whose spans a test may let pass."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    def skip(self, seconds: float) -> None:
        self.skipped += seconds


@pytest.fixture
def clock() -> Ahead:
    return Ahead()


@pytest.fixture
def billing(service: Service, clock: Ahead) -> Iterator[Billing]:
    with Billing(service.stack["api_url"], service.key, policy=PATIENT, clock=clock) as billing:
        yield billing


def _grant(service: Service, user: str, feature: str = "export") -> str:
    body = {"user_id": user, "project_id": service.project_id, "feature_code": feature}
    return str(_operate(service, "grant", {**body, "reason": "a test"})["grant_id"])


def _revoke(service: Service, grant_id: str) -> None:
    _operate(service, "revoke", {"grant_id": grant_id, "revoke_reason": "a test"})


def _operate(service: Service, what: str, body: dict[str, Any]) -> Any:
    return service.call("POST", f"/api/v1/admin/{what}", body, key=service.admin_key).ok()


# -- without a receiver


def test_a_purchase_opens_the_feature(service: Service, billing: Billing, clock: Ahead) -> None:
    user = a_user("buyer")
    urls = {"success_url": service.app, "cancel_url": service.app}
    assert not billing.can(user, "export")
    with pytest.raises(UnknownCustomer):
        billing.portal(user, service.app)
    started = billing.checkout(user, service.prices["pro_monthly"], **urls)  # type: ignore[arg-type] # texts
    assert service.press(started.url, "pay").status == 303

    def opened() -> bool:
        clock.skip(MAX_AGE)
        return billing.can(user, "export")

    eventually(opened)
    found = billing.check(user, "export")
    assert (found.reason, found.value, found.stale) == ("active", True, False)
    assert found.valid_to is not None
    assert billing.limit(user, "devices") == 5
    assert billing.explain(user, "export").reason == "active"
    assert billing.portal(user, service.app).url.startswith("http")
    with pytest.raises(AlreadySubscribed):
        billing.checkout(user, service.prices["pro_monthly"], **urls)  # type: ignore[arg-type] # texts


def test_a_revocation_is_seen_once_the_max_age_is_over(
    service: Service, billing: Billing, clock: Ahead
) -> None:
    user = a_user("beta")
    granted = _grant(service, user)
    assert billing.check(user, "export").reason == "granted"
    answer = service.call("GET", "/api/v1/entitlements", query={"user_id": user}, key=service.key)
    assert answer.headers["cache-control"] == f"private, max-age={MAX_AGE}"
    _revoke(service, granted)
    assert billing.can(user, "export"), "it is served from what is known"
    clock.skip(MAX_AGE)
    assert not billing.can(user, "export")


def test_an_unchanged_answer_is_revalidated(
    service: Service, billing: Billing, clock: Ahead
) -> None:
    user = a_user("beta")
    _grant(service, user)
    billing.prefetch([user, a_user()])
    first = billing.entitlements(user)
    for _ in range(2):
        clock.skip(MAX_AGE)
        # A 304 has no body, so that the answer is the very one that is known.
        again = billing.entitlements(user)
        assert (again.is_stale, again.features) == (False, first.features)


def test_what_the_service_refuses_is_raised(service: Service, billing: Billing) -> None:
    with pytest.raises(InvalidInput) as caught:
        billing.checkout(a_user(), "no-such-price", success_url="nowhere", cancel_url=service.app)
    assert {"success_url"} <= {problem.field for problem in caught.value.errors}
    assert caught.value.request_id
    with (
        Billing(service.stack["api_url"], service.key[:-1], policy=PATIENT) as stranger,
        pytest.raises(Unauthenticated),
    ):
        stranger.can(a_user(), "export")


def test_a_snapshot_is_verified_by_the_published_keys(service: Service, billing: Billing) -> None:
    user = a_user("beta")
    _grant(service, user)
    api, issuer = service.stack["api_url"], "urn:billing:dev"
    token = billing.token(user)
    found = Verifier(api, issuer=issuer, audience=service.project_id).verify(token)
    assert (found.user_id, set(found.features)) == (user, {"export"})
    with pytest.raises(InvalidToken, match="it is for"):
        Verifier(api, issuer=issuer, audience=service.other_project_id).verify(token)


# -- the double


def test_the_double_answers_in_the_services_words(service: Service) -> None:
    fake = FakeService(prices={"pro_monthly": {"export": True}})
    user = a_user("twin")
    _grant(service, user)
    fake.grant(user, "export")
    order = service.order(user)
    visit = {"user_id": user, "return_url": service.app}
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/api/v1/entitlements?user_id={user}", None),
        ("GET", f"/api/v1/entitlements/check?user_id={user}&feature_code=export", None),
        ("GET", f"/api/v1/entitlements/check?user_id={user}&feature_code=sync", None),
        ("POST", "/api/v1/entitlements/batch", {"user_ids": [user]}),
        ("POST", "/api/v1/portal/create-session", visit),
        ("POST", "/api/v1/checkout/create", order),
        ("GET", "/api/v1/entitlements?user_id=", None),
        ("GET", "/nowhere", None),
    ]
    for method, target, body in asked:
        path, _, query = target.partition("?")
        real = service.call(method, path, body, query=query, key=service.key)
        content = json.dumps(body).encode()
        double = fake.respond(method, target, {"authorization": f"Bearer {KEY}"}, content)
        assert double.status == real.status, target
        assert _shape(json.loads(double.content)) <= _shape(real.json), target


def _shape(value: Any, path: str = "") -> set[str]:
    """Every name of a document, with where it stands."""
    if isinstance(value, dict):
        return {f"{path}.{k}" for k in value}.union(
            *(_shape(v, f"{path}.{k}") for k, v in value.items())
        )
    if isinstance(value, list):
        return set().union(*(_shape(each, f"{path}[]") for each in value))
    return set()


# -- the example app


def _settings(service: Service, url: str, secret: str = "whsec_AAAA") -> Settings:
    return Settings(url, service.key, (secret,), "http://localhost/", patience=30)


def _plan(service: Service, app: str, user: str) -> Any:
    return service.send("GET", f"{app}/plan", headers={"Cookie": f"user={user}"}).ok()


def _export(service: Service, app: str, user: str) -> int:
    return service.send("GET", f"{app}/export", headers={"Cookie": f"user={user}"}).status


def test_an_app_outlives_the_service_and_finds_back(service: Service, clock: Ahead) -> None:
    known, unknown = a_user("known"), a_user("unknown")
    granted = _grant(service, known)
    with proxied(service.stack["api_url"]) as proxy:
        policy = Policy(read_budget=2, write_budget=2, attempt_timeout=30, cool_down=5)
        billing = Billing(proxy.url, service.key, policy=policy, clock=clock)
        with billing, served(create_app(_settings(service, proxy.url), billing)) as app:
            assert _plan(service, app, known) == {
                "allowed": True,
                "reason": "granted",
                "stale": False,
            }
            proxy.cut()
            _revoke(service, granted)
            clock.skip(10 * MAX_AGE)
            for _ in range(20):
                assert _plan(service, app, known)["stale"] is True
                assert _export(service, app, known) == 200, "the last known answer"
                assert _export(service, app, unknown) == 503, "closed, and nobody is to pay"
            page = service.send("POST", f"{app}/buy", headers={"Cookie": f"user={unknown}"})
            assert page.status == 503
            proxy.heal()
            clock.skip(5)
            eventually(lambda: _plan(service, app, known)["stale"] is False)
            assert _export(service, app, known) == 402
            assert _export(service, app, unknown) == 402


# -- with a receiver


def test_a_change_reaches_an_app_by_a_push(
    service: Service, billing: Billing, record_property: Callable[[str, object], None]
) -> None:
    user = a_user("pushed")
    events: list[Event] = []
    with receiving(service, billing, events) as path:
        service.call("POST", f"{path}/test", key=service.admin_key).ok(202)
        eventually(lambda: events, within=60)  # the functions behind it start
        assert events[0].type == "ping"
        for _ in range(3):
            assert not billing.can(user, "export")
            granted = _grant(service, user)
            eventually(lambda: billing.can(user, "export"), within=60)
            started = time.monotonic()
            _revoke(service, granted)
            eventually(lambda: not billing.can(user, "export"))
            took = time.monotonic() - started
    record_property("ms from a revocation to every question's no", round(took * 1000))
    assert took < 5
    told = [event for event in events if event.user_id == user]
    assert {event.type for event in told} == {"entitlements.changed"}
    assert [event.revision for event in told] == sorted(event.revision or 0 for event in told)
    assert told[-1].data["feature_codes"] == []


@contextmanager
def receiving(service: Service, billing: Billing, events: list[Event]) -> Iterator[str]:
    """Serve an app that receives pushes, and register its endpoint; the endpoint's path."""
    receivers: list[Receiver] = []

    async def receive(request: Request) -> Response:
        return await endpoint(receivers[0])(request)

    app = Starlette(routes=[Route("/billing/events", receive, methods=["POST"])])
    endpoints = f"/api/v1/admin/projects/{service.project_id}/endpoints"
    with served(app) as url:
        body = {"url": f"{url}/billing/events"}
        made = service.call("POST", endpoints, body, key=service.admin_key).ok()
        receivers.append(Receiver(billing, [made["secret"]], on_event=events.append))
        path = f"{endpoints}/{made['endpoint_id']}"
        try:
            yield path
        finally:
            service.call("DELETE", path, key=service.admin_key).ok()
