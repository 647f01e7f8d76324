"""What each role may do, on every route of operators, over the real handlers."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from billing.domain.roles import Role
from billing.observability import logger
from billing.permissions import NEEDED, needed_for
from functions.admin.handler import lambda_handler as admin
from functions.checkout.handler import lambda_handler as checkout
from functions.entitlements.handler import lambda_handler as entitlements
from functions.metrics.handler import lambda_handler as metrics
from functions.portal.handler import lambda_handler as portal
from functions.reconciliation.handler import lambda_handler as reconciliation
from local.openapi import code
from tests.integration.admin.conftest import MakeOperator, Operator
from tests.integration.admin.granting import grant
from tests.support.requests import Answer, call, request

OF_KEYS = "/api/v1/admin/projects/admin/keys"
FILLED = {
    "project_id": "acme",
    "user_id": "user-1",
    "key_id": "key_1",
    "endpoint_id": "ep_1",
    "delivery_id": "dlv_1",
    "event_id": "evt_1",
    "run_id": "run_1",
}
ROUTES = [
    *((route, route.format(**FILLED)) for route in NEEDED),
    *(
        (route, route.format(**{**FILLED, "project_id": "admin"}))
        for route in NEEDED
        if "/keys" in route
    ),
]


def ask(operator: Operator, route: str, asked: str) -> Answer:
    """Ask the function that serves the route, with nothing that it could carry out."""
    method, _, path = asked.partition(" ")
    package = code.routes()[route].__module__.rpartition(".")[0]
    handler = importlib.import_module(f"{package}.handler").lambda_handler
    body = None if method == "GET" else "["
    return call(handler, request(method, path, body=body, key=operator.key))


@pytest.mark.parametrize(("route", "asked"), ROUTES, ids=[asked for _, asked in ROUTES])
def test_a_route_is_open_to_the_roles_that_permit_it(
    new_operator: MakeOperator, acme: None, route: str, asked: str
) -> None:
    project_id = "admin" if OF_KEYS in asked else "acme"
    permission = needed_for(route, project_id)
    for role in Role:
        status, body, _ = ask(new_operator(f"a {role}", role), route, asked)
        if permission in role.permissions:
            assert status not in (401, 403, 429), (role, body)
        else:
            assert (status, body["code"]) == (403, "role_lacks_permission"), (role, body)
            assert f"'{role}'" in body["detail"]
            assert "'owner'" in body["detail"]


APPS = {
    "entitlements": (entitlements, "GET", "/api/v1/entitlements"),
    "check": (entitlements, "GET", "/api/v1/entitlements/check"),
    "batch": (entitlements, "POST", "/api/v1/entitlements/batch"),
    "metrics": (metrics, "GET", "/api/v1/metrics/project/acme"),
    "checkout": (checkout, "POST", "/api/v1/checkout/create"),
    "portal": (portal, "POST", "/api/v1/portal/create-session"),
}


@pytest.mark.parametrize(
    ("name", "role", "is_open"),
    [
        *((name, role, True) for name in APPS for role in (Role.OWNER, Role.OPERATOR)),
        *((name, Role.SUPPORT, True) for name in ("entitlements", "check", "batch")),
        *((name, Role.SUPPORT, False) for name in ("metrics", "checkout", "portal")),
        ("metrics", Role.FINANCE, True),
        *((name, Role.FINANCE, False) for name in APPS if name != "metrics"),
    ],
)
def test_what_apps_call_is_open_to_operators_by_their_role(
    new_operator: MakeOperator,
    acme_sells: None,
    name: str,
    role: Role,
    is_open: bool,
) -> None:
    handler, method, path = APPS[name]
    query = {"project_id": "acme", "user_id": "user-1", "feature_code": "export"}
    query = (
        {}
        if name == "metrics"
        else query
        if name == "check"
        else {k: query[k] for k in ("project_id", "user_id")}
    )
    body = {"project_id": "acme", "user_ids": ["user-1"]} if name == "batch" else {}
    key = new_operator("Bob", role).key
    event = (
        request("GET", path, query=query, key=key)
        if method == "GET"
        else request("POST", path, json_body=body, key=key)
    )
    answer = call(handler, event)
    assert (answer.status != 403) is is_open, answer
    if not is_open:
        assert answer.body["code"] == "role_lacks_permission"


@pytest.mark.parametrize("role", Role)
def test_an_operator_is_told_what_the_key_may_do(new_operator: MakeOperator, role: Role) -> None:
    told = new_operator("Bob", role).get("me").body
    assert told["name"] == "Bob"
    assert told["role"] == role
    assert told["permissions"] == sorted(role.permissions)


def test_an_owner_makes_a_key_of_a_role_which_its_successor_keeps(ada: Operator) -> None:
    made = ada.post("projects/admin/keys", {"name": "Sue", "role": "support"}).body
    assert (made["role"], made["created_by"]) == ("support", "Ada")
    path = f"projects/admin/keys/{made['key_id']}/rotate"
    successor = ada.post(path).body
    assert successor["role"] == "support"
    assert Operator(successor["key"]).get("me").body["role"] == "support"
    assert Operator(successor["key"]).post("revoke", {}).body["code"] == "role_lacks_permission"


def test_nobody_but_an_owner_reaches_operators_keys(
    new_operator: MakeOperator, ada: Operator
) -> None:
    bob = new_operator("Bob", Role.OPERATOR)
    key_id = ada.get("me").body["key_id"]
    body = {"name": "me again", "role": "owner"}
    for answer in (
        bob.get("projects/admin/keys"),
        bob.post("projects/admin/keys", body),
        bob.post(f"projects/admin/keys/{key_id}/rotate"),
        bob.post(f"projects/admin/keys/{key_id}/revoke"),
        bob.post(f"projects/%61dmin/keys/{key_id}/revoke"),
    ):
        assert (answer.status, answer.body["code"]) == (403, "role_lacks_permission")
    assert ada.get("me").status == 200


def test_history_names_whoever_held_the_key(
    ada: Operator, new_operator: MakeOperator, acme_sells: None
) -> None:
    bob, body = new_operator("Bob", Role.OPERATOR), {"project_id": "acme", "user_id": "user-1"}
    given = grant(bob)
    assert (given.status, given.body["granted_by"]) == (200, "Bob")
    taken = ada.post("revoke", {"grant_id": given.body["grant_id"], "revoke_reason": "over"})
    assert taken.body["revoked_by"] == "Ada"
    key = bob.post("projects/acme/keys", {"name": "app"}).body
    assert key["created_by"] == "Bob"
    entries = ada.get("history", **body).body["history"]
    assert [entry["actor"] for entry in entries] == ["Ada", "Bob"]


def test_the_log_names_the_key_of_what_is_done_and_of_what_is_refused(
    ada: Operator, new_operator: MakeOperator
) -> None:
    sue = new_operator("Sue", Role.SUPPORT)
    for operator, status in ((ada, 200), (sue, 403)):
        key_id = operator.get("me").body["key_id"]
        assert operator.project().status == status
        assert logger.get_current_keys()["key_id"] == key_id
    call(admin, request("GET", "/api/v1/admin/me"))
    assert "key_id" not in logger.get_current_keys(), "nobody is nobody's"


def test_a_run_names_whoever_started_it(
    new_operator: MakeOperator, ada: Operator, acme: None, stripe: Any
) -> None:
    bob = new_operator("Bob", Role.OPERATOR)
    started = call(
        reconciliation,
        request("POST", "/api/v1/admin/reconcile", json_body={"dry_run": True}, key=bob.key),
    )
    assert started.status == 202, started
    (run,) = ada.get("reconcile").body["runs"]
    assert run["actor"] == "Bob"
