"""Every route answers as the reference says: to good input, to keys of every kind, to lists."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.place import ROOT
from tests.support import routes
from tests.support.e2e import Service, a_user, at_once, eventually
from tests.support.routes import PROJECTS, ROUTES, WEBHOOK, Route, Tenant

ASK_A_KEY = [route for route in ROUTES if route.scope]


OF_PARKED_EVENTS = (
    "POST /api/v1/admin/events/{event_id}/dismiss",
    "POST /api/v1/admin/events/{event_id}/link",
    "POST /api/v1/admin/events/{event_id}/replay",
    "POST /api/v1/admin/events/replay",
)
"""They need an event that is parked: `test_parked_events.py` sends them."""

OF_FAILED_DELIVERIES = (f"POST {routes.ENDPOINT}/deliveries/{{delivery_id}}/retry",)
"""It needs a delivery that failed: `test_push.py` sends it."""


OF_THE_CONSOLE = ("GET /console", "GET /console/{version}/{name}")
"""They answer no JSON: `console/` has their tests."""


def test_the_table_has_every_route_of_the_reference() -> None:
    reference = (ROOT / "docs" / "api.md").read_text()
    documented = re.findall(r"^### ([A-Z]+ /.*)$", reference, re.MULTILINE)
    elsewhere = {WEBHOOK, *OF_PARKED_EVENTS, *OF_FAILED_DELIVERIES, *OF_THE_CONSOLE}
    assert {str(route) for route in ROUTES} | elsewhere == set(documented)


# -- good input


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_route_answers_good_input(tenant: Tenant, route: Route) -> None:
    answer = route.send(tenant, own=True)
    assert answer.status == route.status, answer
    assert answer.headers["x-request-id"]
    if route.answers:
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json.keys() >= set(route.answers.split())


@pytest.mark.parametrize("price", ["monthly", "its Stripe id"])
def test_a_checkout_takes_a_lookup_key_or_stripes_price_id(tenant: Tenant, price: str) -> None:
    (product,) = tenant.catalog["products"]
    wanted = price if price == "monthly" else product["prices"][0]["stripe_price_id"]
    started = tenant.service.checkout(a_user(), wanted, key=tenant.key)
    assert started["session_id"] in started["checkout_url"]
    assert datetime.fromisoformat(started["expires_at"]).tzinfo == UTC


def test_a_checkout_takes_everything_that_may_be_left_out(tenant: Tenant) -> None:
    wishes = {
        "project_id": tenant.project_id,
        "quantity": 3,
        "customer_email": "someone@example.com",
        "trial_days": 14,
        "allow_promotion_codes": True,
        "metadata": {"campaign": "spring"},
    }
    body = tenant.service.order(a_user(), "monthly", **wishes)
    headers = {"Idempotency-Key": a_user("order")}
    first = routes.CHECKOUT.send(tenant, own=True, body=body, headers=headers).ok()
    assert routes.CHECKOUT.send(tenant, own=True, body=body, headers=headers).ok() == first
    other = {**body, "quantity": 4}
    refused = routes.CHECKOUT.send(tenant, own=True, body=other, headers=headers)
    refused.problem(409, "idempotency_key_reused")


def test_a_second_subscription_of_a_product_is_a_conflict(tenant: Tenant) -> None:
    user, service = a_user(), tenant.service
    service.buy(user, "monthly", key=tenant.key)
    eventually(lambda: service.features(user, key=tenant.key))
    body = service.order(user, "monthly")
    refused = service.call("POST", "/api/v1/checkout/create", body, key=tenant.key)
    refused.problem(409, "already_subscribed")


def test_an_entitlement_says_what_the_contract_fixes(tenant: Tenant) -> None:
    found = tenant.service.entitlements(tenant.user_id, key=tenant.key)["entitlements"]
    (entitlement,) = [each for each in found if each["feature_code"] == "export"]
    fixed = "feature_code is_active valid_from valid_to source source_id value sources"
    assert entitlement.keys() >= set(fixed.split())
    assert entitlement["feature_code"] == "export"
    assert entitlement["is_active"] is True
    assert (entitlement["source"], entitlement["value"]) == ("manual", True)
    (source,) = entitlement["sources"]
    each = "source source_id product_id state value period_end valid_from valid_to"
    assert source.keys() == set(each.split())


def test_an_unknown_user_has_an_empty_list(tenant: Tenant) -> None:
    found = tenant.service.entitlements("nobody", key=tenant.key)
    assert (found["entitlements"], found["revision"]) == ([], 0)


def test_an_unchanged_answer_is_not_sent_again(tenant: Tenant) -> None:
    first = routes.ENTITLEMENTS.send(tenant, own=True)
    assert first.headers["cache-control"].startswith("private, max-age=")
    headers = {"If-None-Match": first.headers["etag"]}
    again = routes.ENTITLEMENTS.send(tenant, own=True, headers=headers)
    assert (again.status, again.text) == (304, "")
    assert again.headers["etag"] == first.headers["etag"]


def test_a_batch_answers_what_the_single_queries_answer(tenant: Tenant) -> None:
    users = [tenant.user_id, "nobody", "sömeone/else?&#,", "x" * 256]
    path = "/api/v1/entitlements/batch"
    results = tenant.service.call("POST", path, {"user_ids": users}, key=tenant.key).ok()["results"]
    singles = [tenant.service.entitlements(user, key=tenant.key) for user in users]
    tags = [(each.pop("etag"), each.pop("max_age")) for each in results]
    assert [_timeless(each) for each in results] == [_timeless(each) for each in singles]
    alone = tenant.service.call("GET", f"/api/v1/entitlements?user_id={users[1]}", key=tenant.key)
    assert tags[1] == (alone.headers["etag"], 60)
    many = {"user_ids": [f"user-{number}" for number in range(100)]}
    assert len(tenant.service.call("POST", path, many, key=tenant.key).ok()["results"]) == 100


def _timeless(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "checked_at"}


def test_lists_come_in_pages_without_gap_or_repetition(tenant: Tenant) -> None:
    path = f"{PROJECTS}/{tenant.project_id}/keys"
    assert len(tenant.operator("GET", path).ok()["keys"]) >= 1
    at_once(lambda _: routes.GRANT.send(tenant, own=True).ok(), range(5))
    listed: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        query = {"project_id": tenant.project_id, "limit": "2", **cursor}
        page = tenant.operator("GET", "/api/v1/admin/accounts", **query).ok()
        listed += [account["user_id"] for account in page["accounts"]]
        if page["next_cursor"] is None:
            break
        assert len(page["accounts"]) == 2
        cursor = {"cursor": page["next_cursor"]}
    assert len(listed) >= 6
    assert listed == sorted(set(listed))


def test_revoking_twice_answers_the_first_revocation(tenant: Tenant) -> None:
    granted = routes.GRANT.send(tenant, own=True).ok()
    again = {k: granted[k] for k in ("user_id", "project_id", "feature_code", "reason")}
    tenant.operator("POST", "/api/v1/admin/grant", again).problem(409, "already_granted")
    body = {"grant_id": granted["grant_id"], "revoke_reason": "over"}
    first = tenant.operator("POST", "/api/v1/admin/revoke", body).ok()
    other = {**body, "revoke_reason": "another"}
    assert tenant.operator("POST", "/api/v1/admin/revoke", other).ok() == first
    assert tenant.service.features(granted["user_id"], key=tenant.key) == {}


def test_a_run_of_the_reconciliation_ends(tenant: Tenant) -> None:
    run_id = routes.RECONCILE.send(tenant, own=True).ok(202)["run_id"]
    path = f"/api/v1/admin/reconcile/{run_id}"
    run = eventually(
        lambda: tenant.operator("GET", path).ok(), lambda seen: seen["status"] != "running"
    )
    assert (run["status"], run["error"]) == ("completed", None)


# -- keys


def _with_another_letter(key: str) -> str:
    return key[:-10] + ("A" if key[-10] != "A" else "B") + key[-9:]


NO_KEYS: dict[str, Callable[[str], str | None]] = {
    "missing": lambda _: None,
    "empty": lambda _: "",
    "not one of ours": lambda _: "sk_live_0123456789",
    "cut off": lambda key: key[:-1],
    "mistyped": _with_another_letter,
    "mistyped checksum": lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
    "two": lambda key: f"{key} {key}",
    "not ASCII": lambda key: key[:-1] + "é",
    "far too long": lambda key: key + "A" * 4000,
    "well-formed and unknown": lambda _: "unknown",
}


@pytest.mark.parametrize("kind", NO_KEYS)
@pytest.mark.parametrize("route", ASK_A_KEY, ids=str)
def test_without_a_good_key_every_route_is_closed(tenant: Tenant, route: Route, kind: str) -> None:
    key = NO_KEYS[kind](route.key_of(tenant))
    if key == "unknown":
        key = _a_key_of_nobody(tenant.project_id)
    headers = None if key is None else {"Authorization": f"Bearer {key}".encode()}
    route.without_side_effects().send(tenant, headers=headers).problem(401, "unauthenticated")


def _a_key_of_nobody(project_id: str) -> str:
    from billing.auth import new_key  # noqa: PLC0415 - the one thing that HTTP cannot make

    return new_key(project_id)


@pytest.mark.parametrize("scheme", ["Basic", "bearer-", "Token"])
def test_a_key_comes_as_a_bearer_token(tenant: Tenant, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {tenant.key}"}
    routes.ENTITLEMENTS.send(tenant, headers=headers).problem(401, "unauthenticated")


@pytest.mark.parametrize("route", [r for r in ROUTES if r.is_for_operators], ids=str)
def test_a_projects_key_opens_no_operators_route(tenant: Tenant, route: Route) -> None:
    route.without_side_effects().send(tenant, key=tenant.key).problem(403, "forbidden")


@pytest.mark.parametrize("missing", ["checkout", "portal", "entitlements", "metrics"])
def test_a_key_opens_what_its_scopes_name(tenant: Tenant, missing: str) -> None:
    scopes = {"checkout", "portal", "entitlements", "metrics"} - {missing}
    key = tenant.new_key(scopes=sorted(scopes))["key"]
    for route in ROUTES:
        if route.scope == missing:
            route.send(tenant, key=key).problem(403, "forbidden")
        elif route.scope in scopes:
            route.send(tenant, key=key).ok()


def test_an_operators_key_names_the_project(tenant: Tenant) -> None:
    for route in (routes.CHECKOUT, routes.ENTITLEMENTS, routes.BATCH):
        route.send(tenant, key=tenant.service.admin_key).problem(422, "invalid_input", "project_id")


def test_a_revoked_key_and_an_expired_one_are_no_keys(tenant: Tenant) -> None:
    revoked = tenant.new_key()
    path = f"{PROJECTS}/{tenant.project_id}/keys/{revoked['key_id']}"
    tenant.operator("POST", f"{path}/revoke").ok()
    routes.ENTITLEMENTS.send(tenant, key=revoked["key"]).problem(401, "unauthenticated")
    tenant.operator("POST", f"{path}/rotate").problem(409, "key_ended")

    ends = datetime.now(UTC) + timedelta(seconds=1.5)
    brief = tenant.new_key(expires_at=ends.isoformat())["key"]
    assert routes.ENTITLEMENTS.send(tenant, key=brief).status == 200
    eventually(lambda: routes.ENTITLEMENTS.send(tenant, key=brief).status == 401)
    assert datetime.now(UTC) >= ends


def test_a_rotated_key_works_until_its_overlap_ends(tenant: Tenant) -> None:
    old = tenant.new_key()
    path = f"{PROJECTS}/{tenant.project_id}/keys/{old['key_id']}/rotate"
    new = tenant.operator("POST", path, {"overlap_seconds": 3600}).ok()
    for key in (old["key"], new["key"]):
        routes.ENTITLEMENTS.send(tenant, key=key).ok()
    shown = tenant.operator("GET", f"{PROJECTS}/{tenant.project_id}/keys")
    assert new["key_id"] in shown.text
    assert old["key"] not in shown.text
    assert new["key"] not in shown.text


# -- what is no route

NO_ROUTES = [
    ("GET", "/"), ("GET", "/nope"), ("GET", "/api/v1"), ("GET", "/api/v2/entitlements"),
    ("POST", "/api/v1/entitlements"), ("PUT", "/api/v1/checkout/create"),
    ("DELETE", "/api/v1/checkout/create"), ("GET", "/api/v1/webhooks/stripe"),
    ("PATCH", "/api/v1/admin/grant"), ("DELETE", "/api/v1/admin/history"),
    ("GET", "/api/v1/admin/nothing"), ("GET", "/api/v1/entitlements/check/more"),
    ("GET", "/%2e%2e/%2e%2e/etc/passwd"), ("GET", "/%ff%00"), ("GET", "/" + "x" * 3000),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), NO_ROUTES, ids=lambda text: text[:40])
def test_what_is_no_route_is_404(service: Service, method: str, path: str) -> None:
    service.call(method, path, key=service.admin_key).problem(404, "no_such_route")


def test_readiness_answers_quickly_enough_for_a_load_balancer(service: Service) -> None:
    started = time.monotonic()
    assert set(service.call("GET", "/ready").ok()["checks"].values()) == {"ok"}
    assert time.monotonic() - started < 5
