"""Endpoints as operators manage them."""

from __future__ import annotations

import socket
from typing import Any

import boto3
import pytest

from billing.settings import settings
from functions.admin.handler import lambda_handler
from tests.integration.admin.conftest import Operator
from tests.support.clock import Clock
from tests.support.push import Pipeline, a_pipeline
from tests.support.requests import Answer, call, request

LOCAL = "http://localhost:9000/hooks"


@pytest.fixture
def pipeline(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    return a_pipeline(monkeypatch, clock)


@pytest.fixture
def sells(pipeline: Pipeline, acme: None) -> None:
    """A project, and the queues."""


def send(operator: Operator, method: str, path: str, body: object = None) -> Answer:
    url = f"/api/v1/admin/projects/acme/endpoints{path}"
    return call(lambda_handler, request(method, url, json_body=body, key=operator.key))


def made(operator: Operator, **fields: Any) -> dict[str, Any]:
    answer = send(operator, "POST", "", {"url": LOCAL, **fields})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body
    return found


def test_an_endpoint_is_created_with_a_secret_that_is_shown_once(
    ada: Operator, sells: None
) -> None:
    endpoint = made(ada, description="the app", event_types=["trial.ending", "payment.failed"])
    secret = endpoint.pop("secret")
    assert secret.startswith("whsec_")
    assert endpoint["event_types"] == ["payment.failed", "trial.ending"]
    assert endpoint["created_by"] == "Ada"
    assert endpoint["enabled"] is True
    path = f"/{endpoint['endpoint_id']}"
    assert send(ada, "GET", path).body == endpoint
    assert send(ada, "GET", "").body == {"endpoints": [endpoint]}


def test_an_endpoint_is_changed_where_the_body_says_so(ada: Operator, sells: None) -> None:
    endpoint = made(ada, description="first", event_types=["trial.ending"])
    path = f"/{endpoint['endpoint_id']}"
    changed = send(ada, "PATCH", path, {"description": "", "event_types": []}).body
    assert (changed["description"], changed["event_types"]) == ("", [])
    assert changed["url"] == LOCAL
    off = send(ada, "PATCH", path, {"enabled": False}).body
    assert (off["enabled"], off["disabled_reason"]) == (False, "by_hand")
    assert off["disabled_at"] == "2026-03-02T12:00:00Z"
    assert send(ada, "POST", f"{path}/test").body["code"] == "endpoint_disabled"
    assert send(ada, "PATCH", path, {"enabled": True}).body["disabled_reason"] is None


def test_an_endpoint_is_deleted(ada: Operator, sells: None) -> None:
    path = f"/{made(ada)['endpoint_id']}"
    assert send(ada, "DELETE", path).status == 200
    assert [send(ada, method, path).status for method in ("GET", "DELETE")] == [404, 404]
    assert send(ada, "PATCH", path, {}).status == 404
    assert send(ada, "GET", "").body == {"endpoints": []}


def test_the_same_request_again_makes_the_same_endpoint(ada: Operator, sells: None) -> None:
    first = ada.post("projects/acme/endpoints", {"url": LOCAL}, once="one")
    again = ada.post("projects/acme/endpoints", {"url": LOCAL}, once="one")
    assert first.body == again.body
    other = ada.post("projects/acme/endpoints", {"url": f"{LOCAL}/2"}, once="one")
    assert (other.status, other.body["code"]) == (409, "idempotency_key_reused")
    assert len(send(ada, "GET", "").body["endpoints"]) == 1


def test_a_project_has_sixteen_at_most(ada: Operator, sells: None) -> None:
    for _ in range(16):
        made(ada)
    refused = send(ada, "POST", "", {"url": LOCAL})
    assert (refused.status, refused.body["code"]) == (409, "too_many_endpoints")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": 5}, "url"),
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://user@hooks.example.com/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": LOCAL, "event_types": ["everything"]}, "event_types"),
        ({"url": LOCAL, "event_types": "trial.ending"}, "event_types"),
        ({"url": LOCAL, "description": "x" * 201}, "description"),
        ({"url": LOCAL, "description": "a\nb"}, "description"),
        ({"url": LOCAL, "enabled": "no"}, "enabled"),
        ({"url": LOCAL, "secret": "whsec_mine"}, "secret"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    ada: Operator, sells: None, body: dict[str, Any], field: str
) -> None:
    answer = send(ada, "POST", "", body)
    assert answer.status == 422
    assert [error["field"] for error in answer.body["errors"]] == [field]
    assert send(ada, "GET", "").body == {"endpoints": []}


def test_a_name_that_resolves_to_public_addresses_is_taken(
    ada: Operator, sells: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [found])
    assert made(ada, url="https://hooks.example.com/x")["url"] == "https://hooks.example.com/x"


def test_this_machine_is_refused_outside_dev(
    ada: Operator, sells: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGE", "prod")
    settings.cache_clear()
    for url in (LOCAL, "https://localhost/"):
        assert send(ada, "POST", "", {"url": url}).status == 422


@pytest.mark.parametrize("id_", ["ep_unknown", "ep_" + "0" * 26, "x" * 3000, "%C3%A9"])
def test_an_unknown_id_is_not_found(ada: Operator, sells: None, id_: str) -> None:
    assert send(ada, "GET", f"/{id_}").status == 404
    assert send(ada, "PATCH", f"/{id_}", {"enabled": True}).status == 404
    assert send(ada, "POST", f"/{id_}/rotate-secret").status == 404
    assert send(ada, "GET", f"/{id_}/deliveries").status == 404
    endpoint = made(ada)["endpoint_id"]
    assert send(ada, "GET", f"/{endpoint}/deliveries/{id_}").status == 404
    assert send(ada, "POST", f"/{endpoint}/deliveries/{id_}/retry").status == 404


def test_an_unknown_project_is_not_found(ada: Operator, pipeline: Pipeline) -> None:
    for project in ("nobody", "NOT-AN-ID", "x" * 3000):
        path = f"projects/{project}/endpoints"
        assert ada.get(path).status == 404
        assert ada.post(path, {"url": LOCAL}).status == 404
        assert ada.get(f"{path}/ep_{'0' * 26}").status == 404


def test_an_endpoint_of_another_project_is_not_found(ada: Operator, sells: None) -> None:
    ada.project("other")
    endpoint = made(ada)["endpoint_id"]
    assert ada.get(f"projects/other/endpoints/{endpoint}").status == 404
    assert ada.get(f"projects/other/endpoints/{endpoint}/deliveries").status == 404


def test_deliveries_come_in_pages_the_newest_first(
    ada: Operator, sells: None, clock: Clock
) -> None:
    path = f"/{made(ada)['endpoint_id']}"
    sent = [send(ada, "POST", f"{path}/test").body["delivery_id"] for _ in range(5)]
    listed: list[str] = []
    cursor = ""
    while True:
        url = f"projects/acme/endpoints{path}/deliveries"
        page = ada.get(url, limit="2", **({"cursor": cursor} if cursor else {})).body
        listed += [each["delivery_id"] for each in page["deliveries"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert listed == sorted(sent, reverse=True)
    assert ada.get(url, state="delivered").body["deliveries"] == []
    assert len(ada.get(url, state="pending").body["deliveries"]) == 5


@pytest.mark.parametrize(
    "query",
    [{"state": "lost"}, {"limit": "0"}, {"cursor": "?"}, {"cursor": "4pyT"}, {"type": "ping"}],
)
def test_a_list_that_cannot_be_is_refused(
    ada: Operator, sells: None, query: dict[str, str]
) -> None:
    path = f"projects/acme/endpoints/{made(ada)['endpoint_id']}/deliveries"
    assert ada.get(path, **query).status == 422


def test_what_is_kept_of_a_delivery_goes_after_thirty_days(ada: Operator, sells: None) -> None:
    send(ada, "POST", f"/{made(ada)['endpoint_id']}/test")
    items = boto3.client("dynamodb").scan(TableName=settings().notifications_table)["Items"]
    (delivery,) = [item for item in items if item["sk"]["S"].startswith("delivery#")]
    assert int(delivery["expires_at"]["N"]) == 1775044800
    assert all("expires_at" not in item for item in items if item is not delivery)
