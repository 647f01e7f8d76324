"""What X-Ray's daemon is sent of a traced invocation, and that nothing is of another."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from billing.settings import settings
from functions.checkout.handler import lambda_handler as checkout
from functions.entitlements.handler import lambda_handler as entitlements
from local.stripe.server import FakeStripeServer
from tests.support.requests import call, request
from tests.support.shop import REDIRECTS, Shop, open_shop

ROOT_ID, PARENT = "1-69a0c1f0-0123456789abcdef01234567", "53995c3f42cd8ad8"
HEAD = b'{"format": "json", "version": 1}\n'


@pytest.fixture
def shop(stripe: FakeStripeServer) -> Shop:
    return open_shop(stripe)


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """X-Ray's daemon beside the process."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.2)
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{udp.getsockname()[1]}")
        yield udp


def sampled(monkeypatch: pytest.MonkeyPatch, decision: int) -> None:
    header = f"Root={ROOT_ID};Parent={PARENT};Sampled={decision};Lineage=1:a87bd80c:0"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)


def received(daemon: socket.socket) -> list[dict[str, Any]]:
    """Every document that was sent, in order."""
    found: list[dict[str, Any]] = []
    while True:
        try:
            packet = daemon.recv(65_536)
        except TimeoutError:
            return found
        assert packet.startswith(HEAD)
        found.append(json.loads(packet.removeprefix(HEAD)))


def buy(shop: Shop) -> int:
    body = {"user_id": "user-1", "price_id": "pro_monthly", "mode": "subscription", **REDIRECTS}
    path = "/api/v1/checkout/create"
    return call(checkout, request("POST", path, json_body=body, key=shop.key)).status


def test_calls_to_stripe_and_to_aws_have_their_lines(
    shop: Shop, daemon: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(monkeypatch, 1)
    assert buy(shop) == 200
    documents = received(daemon)
    for each in documents:
        assert (each["trace_id"], each["parent_id"], each["type"]) == (
            ROOT_ID,
            PARENT,
            "subsegment",
        )
        assert 0 <= each["end_time"] - each["start_time"] < 10
    assert len({each["id"] for each in documents}) == len(documents)
    at_stripe = [each["http"] for each in documents if each["namespace"] == "remote"]
    assert [each["request"]["url"].partition("/v1/")[2] for each in at_stripe] == [
        "customers",
        "checkout/sessions",
    ]
    assert {each["response"]["status"] for each in at_stripe} == {200}
    at_aws = [(each["name"], each["aws"]["operation"]) for each in documents if "aws" in each]
    assert ("SecretsManager", "GetSecretValue") in at_aws


def test_a_read_of_a_table_has_its_line(
    shop: Shop, daemon: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(monkeypatch, 1)
    asked = request("GET", "/api/v1/entitlements", query={"user_id": "user-1"}, key=shop.key)
    assert call(entitlements, asked).status == 200
    reads = [each for each in received(daemon) if each["name"] == "DynamoDB"]
    assert reads
    assert {each["aws"]["operation"] for each in reads} <= {"BatchGetItem", "GetItem"}
    assert {each["aws"]["region"] for each in reads} == {"eu-west-1"}
    tables = {
        name
        for each in reads
        for name in each["aws"].get("table_names", [each["aws"].get("table_name")])
    }
    assert tables == {settings().accounts_table, settings().catalog_table}


def test_a_call_that_fails_is_marked(
    shop: Shop, daemon: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(monkeypatch, 1)
    shop.stripe.add_fault(method="POST", times=9, drop="before")
    assert buy(shop) == 503
    (failed,) = [each for each in received(daemon) if each["namespace"] == "remote"]
    assert failed["fault"] is True


@pytest.mark.parametrize(
    ("status", "marks"),
    [
        (400, {"error"}),
        (402, {"error"}),
        (429, {"error", "throttle"}),
        (503, {"fault"}),
    ],
)
def test_what_stripe_answers_is_marked_as_x_ray_marks_it(
    shop: Shop,
    daemon: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    marks: set[str],
) -> None:
    sampled(monkeypatch, 1)
    shop.stripe.add_fault(method="POST", times=9, status=status)
    assert buy(shop) >= 400
    (failed,) = [each for each in received(daemon) if each["namespace"] == "remote"]
    assert failed["http"]["response"]["status"] == status
    assert {name for name in ("error", "fault", "throttle") if failed.get(name)} == marks


def test_what_aws_refuses_is_an_error_and_no_fault(
    shop: Shop, daemon: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(monkeypatch, 1)
    monkeypatch.setenv("STRIPE_API_KEY_SECRET", "nowhere")
    settings.cache_clear()
    assert buy(shop) == 503
    (refused,) = [each for each in received(daemon) if each["name"] == "SecretsManager"]
    assert (refused.get("error"), refused.get("fault")) == (True, None)


def test_nothing_of_a_person_is_told(
    shop: Shop, daemon: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(monkeypatch, 1)
    assert buy(shop) == 200
    assert "user-1" not in json.dumps(received(daemon))


@pytest.mark.parametrize("decision", [0, None])
def test_an_invocation_that_is_not_traced_sends_nothing(
    shop: Shop, daemon: socket.socket, monkeypatch: pytest.MonkeyPatch, decision: int | None
) -> None:
    if decision is not None:
        sampled(monkeypatch, decision)
    assert buy(shop) == 200
    asked = request("GET", "/api/v1/entitlements", query={"user_id": "user-1"}, key=shop.key)
    assert call(entitlements, asked).status == 200
    assert received(daemon) == []


def test_a_daemon_that_is_not_there_is_no_trouble(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(monkeypatch, 1)
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:9")
    assert buy(shop) == 200
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "nonsense")
    assert buy(shop) == 200
