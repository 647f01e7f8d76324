"""Health routes, and the answer to whatever is no route."""

from __future__ import annotations

import json

import boto3
import pytest

from billing import composition
from billing.settings import Settings
from functions.health.handler import lambda_handler
from tests.support import described
from tests.support.requests import Answer, call, request


def get(path: str, method: str = "GET") -> Answer:
    return call(lambda_handler, request(method, path))


def look_again() -> None:
    """Some seconds later."""
    composition.reset()


@pytest.mark.parametrize("path", ["/healthz", "/live"])
def test_a_process_that_runs_is_alive(path: str) -> None:
    status, body, _ = get(path)
    assert (status, body) == (200, {"status": "ok"})


def test_a_deployment_is_ready(deployment: Settings) -> None:
    status, body, _ = get("/ready")
    assert status == 200
    assert body == {
        "status": "ok",
        "checks": {
            "catalog_table": "ok",
            "accounts_table": "ok",
            "pointers_table": "ok",
            "ledger_table": "ok",
            "history_table": "ok",
            "notifications_table": "ok",
            "metrics_table": "ok",
            "stripe_api_key": "ok",
            "stripe_webhook_secret": "ok",
        },
    }


def test_a_missing_table_is_named_without_its_inside(
    deployment: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    boto3.client("dynamodb").delete_table(TableName=deployment.ledger_table)
    status, body, headers = get("/ready")
    assert (status, body["code"]) == (503, "not_ready")
    assert body["errors"] == [{"field": "ledger_table", "message": "cannot be used"}]
    assert headers["content-type"] == "application/problem+json"
    assert headers["retry-after"] == "5"
    assert deployment.ledger_table not in json.dumps(body)


@pytest.mark.parametrize("value", ["{}", '{"current": ""}', "not JSON", "[]", '{"current": 1}'])
def test_a_secret_that_is_not_set_is_named(deployment: Settings, value: str) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="stripe-webhook", SecretString=value)
    assert [e["field"] for e in get("/ready").body["errors"]] == ["stripe_webhook_secret"]


def test_readiness_follows_what_is_repaired(deployment: Settings) -> None:
    secrets = boto3.client("secretsmanager")
    secrets.put_secret_value(SecretId="stripe-api-key", SecretString="{}")
    assert get("/ready").status == 503
    secrets.put_secret_value(SecretId="stripe-api-key", SecretString='{"api_key": "sk_test_1"}')
    assert get("/ready").status == 503, "an answer is good for some seconds"
    look_again()
    assert get("/ready").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/healthz"),
        ("GET", "/api/v1/checkout/create"),
        ("GET", "/api/v2/entitlements"),
        ("DELETE", "/api/v1/entitlements"),
        ("GET", "/%00%2e%2e"),
    ],
)
def test_what_is_no_route_is_told_where_the_routes_are(method: str, path: str) -> None:
    status, body, headers = get(path, method)
    assert (status, body["code"]) == (404, "no_such_route")
    assert "API reference" in body["detail"]
    assert headers["content-type"] == "application/problem+json"


def test_the_api_describes_itself_to_anybody() -> None:
    status, body, headers = get("/openapi.json")
    assert (status, body) == (200, described.description())
    assert headers["cache-control"] == "public, max-age=300"


def test_a_description_that_is_known_is_not_sent_again() -> None:
    tag = get("/openapi.json").headers["etag"]
    again = request("GET", "/openapi.json", headers={"If-None-Match": f'"other", {tag}'})
    status, body, headers = call(lambda_handler, again)
    assert (status, body, headers["etag"]) == (304, "", tag)
    other = request("GET", "/openapi.json", headers={"If-None-Match": '"other"'})
    assert call(lambda_handler, other).status == 200
