"""Whatever is sent, the answer is a 4xx that says what is wrong: never a 5xx, never a trace."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.support import routes
from tests.support.e2e import Json, a_user, at_once
from tests.support.routes import NAMES, PROJECTS, ROUTES, WITH_A_BODY, Route, Tenant

KIB = 1024
MAY_LEAVE_OUT_THE_BODY = (routes.ROTATE, routes.RECONCILE)
LARGE = {routes.PUT_CATALOG: 256 * KIB}
"""Routes that take more than 64 KiB."""


# -- bodies

BODIES: dict[str, tuple[bytes, int]] = {
    "not JSON": (b"user_id=1&price_id=2", 400),
    "cut off": (b'{"user_id": "u', 400),
    "UTF-16": ('{"user_id": "u"}'.encode("utf-16"), 400),
    "a compressed one": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", 400),
    "an array": (b"[]", 400),
    "a number": (b"1", 400),
    "a text": (b'"text"', 400),
    "null": (b"null", 400),
    "NaN": (b'{"user_id": NaN}', 400),
    "a number of 5000 digits": (b'{"user_id": ' + b"9" * 5000 + b"}", 400),
    "an endless number": (b'{"user_id": 1e999}', 422),
    "60000 arrays deep": (b"[" * 60_000, 400),
    "10000 objects deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    "500 objects deep": (b'{"a":' * 500 + b"1" + b"}" * 500, 422),
    "a field twice": (b'{"unknown": 1, "unknown": 2}', 422),
    "an unknown field": (b'{"unknown": 1}', 422),
    "a NUL byte in a name": (b'{"\\u0000": 1}', 422),
    "a surrogate in a name": (b'{"\\ud800": 1}', 422),
    "blanks": (b"   ", 400),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("route", WITH_A_BODY, ids=str)
def test_a_body_that_cannot_be_is_refused(tenant: Tenant, route: Route, kind: str) -> None:
    raw, status = BODIES[kind]
    answer = route.without_side_effects().send(tenant, own=True, raw=raw)
    answer.problem(status, {400: "malformed_request", 422: "invalid_input"}[status])


@pytest.mark.parametrize("route", WITH_A_BODY, ids=str)
def test_no_body_at_all_is_malformed_where_one_is_needed(tenant: Tenant, route: Route) -> None:
    answer = route.without_side_effects().send(tenant, own=True, raw=b"")
    if route not in MAY_LEAVE_OUT_THE_BODY:
        answer.problem(400, "malformed_request")
    else:
        assert answer.status in (202, 404)


@pytest.mark.parametrize("route", WITH_A_BODY, ids=str)
def test_a_body_may_have_so_many_bytes_and_no_more(tenant: Tenant, route: Route) -> None:
    limit = LARGE.get(route, 64 * KIB)
    fits = b'{"unknown": ""}'.ljust(limit)
    asked = route.without_side_effects()
    asked.send(tenant, own=True, raw=fits).problem(422, "invalid_input")
    for size in (limit + 1, limit + 6 * KIB, 1024 * KIB):
        answer = asked.send(tenant, own=True, raw=fits.ljust(size))
        answer.problem(413, "payload_too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_a_body_is_read_as_json_whatever_it_is_called(tenant: Tenant, kind: str) -> None:
    headers = {"Content-Type": kind}
    body = {"user_ids": ["nobody"]}
    routes.BATCH.send(tenant, own=True, body=body, headers=headers).ok()


@pytest.mark.parametrize("route", WITH_A_BODY, ids=str)
def test_a_body_that_is_not_utf8_is_malformed(tenant: Tenant, route: Route) -> None:
    # Of what calls itself JSON or text, a gateway may have replaced the bytes before we see them.
    headers = {"Content-Type": "application/octet-stream"}
    asked = route.without_side_effects()
    answer = asked.send(tenant, own=True, raw=b'{"unknown": "\xff\xfe"}', headers=headers)
    answer.problem(400, "malformed_request")
    named = asked.send(tenant, own=True, raw=b'{"unknown": "\xff\xfe"}')
    named.problem(named.status)
    assert named.status in (400, 422)


# -- queries

QUERIES: list[tuple[str, str, int]] = [
    ("/api/v1/entitlements", "", 422),
    ("/api/v1/entitlements", "user_id=", 422),
    ("/api/v1/entitlements", "user_id=%00", 422),
    ("/api/v1/entitlements", "user_id=%0A", 422),
    ("/api/v1/entitlements", "user_id=%C2%85", 422),
    ("/api/v1/entitlements", "user_id=%ff", 400),
    ("/api/v1/entitlements", "user_id=%ED%A0%80", 400),
    ("/api/v1/entitlements", f"user_id={'x' * 257}", 422),
    ("/api/v1/entitlements", f"user_id={'x' * 7000}", 422),
    ("/api/v1/entitlements", "user_id=a&user_id=b", 400),
    ("/api/v1/entitlements", "user_id=a&userid=b", 422),
    ("/api/v1/entitlements", "user_id=a&include=all", 422),
    ("/api/v1/entitlements", "&".join(f"a{n}=1" for n in range(60)), 400),
    ("/api/v1/entitlements/check", "user_id=a", 422),
    ("/api/v1/entitlements/check", "user_id=a&feature_code=", 422),
    ("/api/v1/entitlements/check", "feature_code=export", 422),
    ("/api/v1/admin/projects", "limit=0", 422),
    ("/api/v1/admin/projects", "limit=101", 422),
    ("/api/v1/admin/projects", "limit=ten", 422),
    ("/api/v1/admin/projects", "limit=%C2%B2", 422),
    ("/api/v1/admin/projects", "cursor=%21", 422),
    ("/api/v1/admin/projects", "cursor=4pyT", 200),
    ("/api/v1/admin/events", "cursor=4pyT", 422),
    ("/api/v1/admin/accounts", "", 422),
    ("/api/v1/admin/accounts", "project_id={project_id}&cursor=AAAA", 422),
    ("/api/v1/admin/accounts", "project_id={project_id}&user_id=u&at=now", 422),
    ("/api/v1/admin/accounts", "project_id={project_id}&user_id=u&at=0001-01-01T00:00:00Z", 422),
    ("/api/v1/admin/accounts", "project_id={project_id}&user_id=u&limit=1", 422),
    ("/api/v1/admin/history", "project_id={project_id}", 422),
    ("/api/v1/admin/history", "project_id={project_id}&user_id=u&cursor=AAAA", 422),
    ("/api/v1/admin/history", "project_id={project_id}&user_id=u&cursor=LTE=", 422),
]  # fmt: skip


@pytest.mark.parametrize(("path", "query", "status"), QUERIES, ids=lambda part: str(part)[:60])
def test_a_query_that_cannot_be_is_refused(
    tenant: Tenant, path: str, query: str, status: int
) -> None:
    key = tenant.service.admin_key if "/admin/" in path else tenant.key
    asked = query.replace("{project_id}", tenant.project_id)
    answer = tenant.service.call("GET", path, query=asked, key=key)
    if status == 200:
        answer.ok()
    else:
        answer.problem(status, {400: "malformed_request", 422: "invalid_input"}[status])


UNKNOWN = (
    f"{PROJECTS}/nobody",
    f"{PROJECTS}/nobody/keys",
    f"{PROJECTS}/nobody/catalog",
    f"{PROJECTS}/{'x' * 3000}",
    "/api/v1/metrics/project/nobody",
    "/api/v1/admin/accounts/nobody/user",
    "/api/v1/admin/accounts?project_id=nobody",
    "/api/v1/admin/events/evt_nothing",
    f"/api/v1/admin/events/{'x' * 3000}",
    "/api/v1/admin/reconcile/run_nothing",
    f"/api/v1/admin/reconcile/{'x' * 3000}",
)


@pytest.mark.parametrize("path", UNKNOWN, ids=lambda path: path[:60])
def test_what_is_unknown_is_not_found(tenant: Tenant, path: str) -> None:
    tenant.operator("GET", path).problem(404, "not_found")


def test_commands_about_what_is_unknown_are_not_found(tenant: Tenant) -> None:
    nobody = {"project_id": "nobody"}
    keys = f"{PROJECTS}/{tenant.project_id}/keys/key_none"
    tenant.operator("POST", "/api/v1/admin/grant", routes.a_grant(tenant) | nobody).problem(404)
    revocation = {"grant_id": "grant_none", "revoke_reason": "x"}
    for grant_id in ("grant_none", "", "x" * 3000, "../x", tenant.names["event_id"], "\x00"):
        body = {**revocation, "grant_id": grant_id}
        tenant.operator("POST", "/api/v1/admin/revoke", body).problem(404, "not_found")
    tenant.operator("POST", "/api/v1/admin/reconcile", nobody).problem(404, "not_found")
    tenant.operator("POST", f"{keys}/rotate").problem(404, "not_found")
    tenant.operator("POST", f"{keys}/revoke").problem(404, "not_found")
    tenant.operator("PUT", f"{PROJECTS}/nobody", {"name": "x"}).problem(404, "not_found")
    tenant.operator("PUT", f"{PROJECTS}/nobody/catalog", routes.CATALOG).problem(404, "not_found")
    order = routes.an_order(tenant) | nobody
    tenant.operator("POST", "/api/v1/checkout/create", order).problem(404, "not_found")


def test_a_user_without_a_customer_has_no_portal(tenant: Tenant) -> None:
    body = routes.a_visit(tenant) | {"user_id": a_user()}
    routes.PORTAL.send(tenant, own=True, body=body).problem(404, "unknown_customer")


def test_a_stale_version_of_a_catalog_is_refused(tenant: Tenant) -> None:
    body = tenant.catalog | {"version": 99}
    routes.PUT_CATALOG.send(tenant, own=True, body=body).problem(409, "version_conflict")


@pytest.mark.parametrize("end", ["", " 4711", "\t4711", "é"], ids=ascii)
def test_an_idempotency_key_is_read_alike_everywhere(tenant: Tenant, end: str) -> None:
    answers = [
        route.send(
            tenant, own=True, headers={"Idempotency-Key": f"{a_user('order')}{end}".encode()}
        )
        for route in (routes.CHECKOUT, routes.GRANT, routes.REVOKE)
    ]
    assert len({answer.status for answer in answers}) == 1, answers


@pytest.mark.parametrize("route", [routes.CHECKOUT, routes.GRANT, routes.REVOKE], ids=str)
def test_an_idempotency_key_has_at_most_255_characters(tenant: Tenant, route: Route) -> None:
    for length in (255, 256):
        headers = {"Idempotency-Key": a_user("order").ljust(length, "x")}
        answer = route.send(tenant, own=True, headers=headers)
        if length == 255:
            answer.ok()
        else:
            answer.problem(422, "invalid_input", "Idempotency-Key")


# -- anything at all

LEAVES: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**40, "", "x", "\x00", "\ud800", "é" * 300, "a#b", [], {},
    [None], {"a": {"b": []}}, "2030-01-01T00:00:00Z", "../../x", "{{7*7}}", "' OR 1=1 --",
]  # fmt: skip


def test_no_input_makes_a_5xx(tenant: Tenant) -> None:
    chance = random.Random(20_301)
    asked: list[tuple[Route, Json]] = []
    for _ in range(40):
        for route in (
            routes.CHECKOUT,
            routes.PORTAL,
            routes.BATCH,
            routes.GRANT,
            routes.PUT_CATALOG,
        ):
            assert route.body is not None
            body = json.loads(json.dumps(route.body(tenant)))
            for _ in range(chance.randint(1, 2)):
                _spoil(body, chance)
            asked.append((route, body))

    def send(case: tuple[Route, Json]) -> str:
        route, body = case
        answer = route.send(tenant, own=True, body=body)
        if answer.status != 200:
            answer.problem(answer.status)
        return "" if answer.status < 500 else f"{route} {json.dumps(body)}: {answer.text}"

    assert [failure for failure in at_once(send, asked) if failure] == []


def _spoil(value: Any, chance: random.Random) -> None:
    """Put something else in some place of a JSON document."""
    while True:
        places = list(value.keys() if isinstance(value, dict) else range(len(value)))
        if not places:
            return
        place = chance.choice(places)
        if not isinstance(value[place], dict | list) or chance.random() < 0.3:
            value[place] = chance.choice(LEAVES)
            return
        value = value[place]


@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route.path], ids=str)
def test_no_path_makes_a_5xx(tenant: Tenant, route: Route) -> None:
    for odd in (
        "%00",
        "%0A",
        "%2F",
        "%23",
        "a%23b",
        "é",
        "%ED%A0%80",
        "%ff",
        "x" * 2000,
        "..",
        "%25",
    ):
        names = dict.fromkeys(NAMES, odd)
        path = route.path.format_map(names)
        body = None if route.body is None else route.body(tenant)
        answer = tenant.service.call(route.method, path, body, key=route.key_of(tenant))
        if answer.status != 200:
            assert answer.status < 500, f"{path}: {answer}"
            answer.problem(answer.status)
