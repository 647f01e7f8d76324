"""Who may come in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from functions.admin.handler import lambda_handler
from tests.integration.admin.conftest import Operator
from tests.support.clock import Clock
from tests.support.requests import call, request

ROUTES = [
    ("POST", "projects"),
    ("GET", "projects"),
    ("GET", "projects/acme"),
    ("PUT", "projects/acme"),
    ("POST", "projects/acme/keys"),
    ("GET", "projects/acme/keys"),
    ("POST", "projects/acme/keys/key_1/rotate"),
    ("POST", "projects/acme/keys/key_1/revoke"),
    ("GET", "projects/acme/catalog"),
    ("PUT", "projects/acme/catalog"),
    ("POST", "grant"),
    ("POST", "revoke"),
    ("GET", "accounts"),
    ("GET", "accounts/acme/user-1"),
    ("GET", "accounts/acme/user-1/history"),
    ("GET", "accounts/acme/user-1/explain"),
    ("GET", "history"),
    ("GET", "explain"),
    ("GET", "events"),
    ("GET", "events/evt_1"),
    ("POST", "events/evt_1/link"),
    ("POST", "events/evt_1/replay"),
    ("POST", "events/replay"),
    ("GET", "me"),
    ("GET", "timeline"),
    ("GET", "lookup"),
    ("GET", "reconcile"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_is_for_operators_only(ada: Operator, method: str, path: str) -> None:
    ada.project()
    project_key = ada.post("projects/acme/keys", {"name": "app"}).body["key"]
    url = f"/api/v1/admin/{path}"

    nobody = call(lambda_handler, request(method, url))
    app = call(lambda_handler, request(method, url, json_body={}, key=project_key))

    assert (nobody.status, nobody.body["code"]) == (401, "unauthenticated")
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert (app.status, app.body["code"]) == (403, "forbidden")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_route_is_a_404(ada: Operator, method: str) -> None:
    answer = call(lambda_handler, request(method, "/api/v1/admin/nothing", key=ada.key))
    assert (answer.status, answer.body["code"]) == (404, "no_such_route")


def test_a_revoked_operator_is_out_at_once(
    ada: Operator, new_operator: Callable[[str], Operator]
) -> None:
    bob = new_operator("Bob")
    assert bob.get("projects").status == 200
    key_id = next(
        k["key_id"] for k in ada.get("projects/admin/keys").body["keys"] if k["name"] == "Bob"
    )
    ada.post(f"projects/admin/keys/{key_id}/revoke")
    assert bob.get("projects").status == 401


def test_an_operators_key_can_be_made_by_another_and_expires(ada: Operator, clock: Clock) -> None:
    body = {"name": "Bob", "expires_at": "2026-03-03T12:00:00Z", "role": "operator"}
    made = ada.post("projects/admin/keys", body).body
    bob = Operator(made["key"])

    assert made["scopes"] == ["admin"]
    assert made["created_by"] == "Ada"
    clock.advance(timedelta(hours=23, minutes=59, seconds=59))
    assert bob.get("projects").status == 200
    clock.advance(timedelta(seconds=1))
    assert bob.get("projects").status == 401
