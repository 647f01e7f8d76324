"""Requests of a key are counted by each function that says so, with the rights that it has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.domain.rate import HOUR, Hour
from local import deploy
from local.place import Place
from tests.support.e2e import Json, Service, a_user

MANY = 1_000_000
"""What a key has in an hour of the local stack."""


class Ledger:
    """The table of counts, past the service."""

    def __init__(self, place: Place) -> None:
        self._dynamodb: Any = deploy.client("dynamodb", place)
        self._table = deploy.resources(place)["LedgerTable"]

    def count(self, kind: str, key_id: str) -> int:
        """How many requests the key made in this hour or the one before."""
        found = (self._item(kind, key_id, hour) for hour in _hours())
        return sum(int(item["requests"]["N"]) for item in found if item)

    def spend(self, kind: str, key_id: str) -> None:
        """Let the key have spent this hour, and the next, which may begin meanwhile."""
        for hour in (_hours()[0], Hour(_hours()[0].number + 1)):
            item = {"pk": {"S": _name(kind, key_id, hour)}, "requests": {"N": str(MANY)}}
            self._dynamodb.put_item(TableName=self._table, Item=item)

    def _item(self, kind: str, key_id: str, hour: Hour) -> Json | None:
        key = {"pk": {"S": _name(kind, key_id, hour)}}
        found: Json | None = self._dynamodb.get_item(TableName=self._table, Key=key).get("Item")
        return found


def _hours() -> tuple[Hour, Hour]:
    this = Hour.of(datetime.now(UTC))
    return this, Hour(this.number - 1)


def _name(kind: str, key_id: str, hour: Hour) -> str:
    return f"requests#{kind}#{key_id}#{hour.number}"


@pytest.fixture
def ledger(place: Place) -> Ledger:
    """The counts."""
    return Ledger(place)


@pytest.fixture
def operator(service: Service) -> Iterator[Json]:
    """An operator's key of this test's own."""
    path = "/api/v1/admin/projects/admin/keys"
    body = {"name": a_user("operator"), "role": "operator"}
    made = service.call("POST", path, body, key=service.admin_key).ok()
    yield made
    service.call("POST", f"{path}/{made['key_id']}/revoke", key=service.admin_key).ok()


@pytest.fixture
def app(service: Service) -> Iterator[Json]:
    """An app's key of this test's own."""
    path = f"/api/v1/admin/projects/{service.project_id}/keys"
    made = service.call("POST", path, {"name": a_user("app")}, key=service.admin_key).ok()
    yield made
    service.call("POST", f"{path}/{made['key_id']}/revoke", key=service.admin_key).ok()


def test_every_function_of_operators_counts(
    service: Service, ledger: Ledger, operator: Json
) -> None:
    paths = ("/api/v1/admin/me", "/metrics", "/api/v1/admin/reconcile/run_none")
    for counted, path in enumerate(paths, start=1):
        assert service.call("GET", path, key=operator["key"]).status in (200, 404)
        assert ledger.count("management", operator["key_id"]) == counted, path


def test_checkout_and_portal_count(service: Service, ledger: Ledger, app: Json) -> None:
    paths = ("/api/v1/checkout/create", "/api/v1/portal/create-session")
    for counted, path in enumerate(paths, start=1):
        service.call("POST", path, {}, key=app["key"]).problem(422)
        assert ledger.count("pages", app["key_id"]) == counted, path


def test_a_key_that_spent_its_hour_is_told_when_it_is_over(
    service: Service, ledger: Ledger, operator: Json, app: Json
) -> None:
    ledger.spend("management", operator["key_id"])
    ledger.spend("pages", app["key_id"])
    for method, path, key in (
        ("GET", "/api/v1/admin/me", operator["key"]),
        ("GET", "/metrics", operator["key"]),
        ("POST", "/api/v1/admin/reconcile", operator["key"]),
        ("POST", "/api/v1/checkout/create", app["key"]),
        ("POST", "/api/v1/portal/create-session", app["key"]),
    ):
        body: Json | None = None if method == "GET" else {}
        answer = service.call(method, path, body, key=key)
        answer.problem(429, "too_many_requests")
        assert 1 <= int(answer.headers["retry-after"]) <= HOUR
    service.call("GET", "/api/v1/entitlements", key=app["key"], query={"user_id": "user-1"}).ok()


def test_a_role_is_asked_over_http(service: Service, operator: Json) -> None:
    path = "/api/v1/admin/projects/admin/keys"
    service.call("GET", path, key=operator["key"]).problem(403, "role_lacks_permission")
    assert service.call("GET", "/api/v1/admin/me", key=operator["key"]).ok()["role"] == "operator"
