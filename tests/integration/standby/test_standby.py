"""A region that stands by answers checks, and neither changes, counts nor tells anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from billing.adapters.dynamo import connection
from billing.domain.errors import Standby
from billing.settings import Settings
from functions.admin.handler import lambda_handler as admin
from functions.checkout.handler import lambda_handler as checkout
from functions.entitlements.handler import lambda_handler as entitlements
from functions.health.handler import lambda_handler as health
from functions.metrics.count import lambda_handler as count
from functions.metrics.handler import lambda_handler as metrics
from functions.notifications.deliver import lambda_handler as deliver
from functions.notifications.publish import lambda_handler as publish
from functions.portal.handler import lambda_handler as portal
from functions.reconciliation.handler import lambda_handler as reconciliation
from tests.integration.conftest import REGION
from tests.integration.notifications.conftest import Desk
from tests.support import template
from tests.support.push import Pipeline
from tests.support.requests import LambdaContext, call, request
from tests.support.shop import Shop, process_records, queue_record
from tests.support.snapshot import Snapshots

Serve = Callable[[str], None]

HANDLERS = {
    "AdminFunction": admin,
    "CheckoutFunction": checkout,
    "MetricsFunction": metrics,
    "PortalFunction": portal,
    "ReconciliationFunction": reconciliation,
}
"""Whose every route refuses."""

ANSWERING = {"ConsoleFunction", "EntitlementsFunction", "HealthFunction"}
WITHOUT_A_KEY = {"WebhookReceiveFunction"}


def routes() -> Iterator[tuple[str, str]]:
    """The routes that refuse, with the function of each."""
    for function in template.functions():
        if function.logical_id in HANDLERS:
            yield from ((function.logical_id, route) for route in function.routes)


def waiting(url: str) -> list[Any]:
    sqs = boto3.client("sqs", region_name=REGION)
    return list(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []))


def test_every_route_answers_or_refuses() -> None:
    with_routes = {each.logical_id for each in template.functions() if each.routes}
    assert with_routes == HANDLERS.keys() | ANSWERING | WITHOUT_A_KEY


def test_checks_are_answered_as_before(shop: Shop, serve: Serve) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    before = shop.entitlements("user-1")
    serve("standby")
    assert shop.entitlements("user-1") == before
    for path, query in (("check", {"user_id": "user-1", "feature_code": "quota"}), ("batch", {})):
        body = None if query else {"user_ids": ["user-1"]}
        event = request(
            "POST" if body else "GET",
            f"/api/v1/entitlements/{path}",
            query=query,
            json_body=body,
            key=shop.key,
        )
        assert call(entitlements, event).status == 200
    for path in ("/.well-known/jwks.json",):
        assert call(entitlements, request("GET", path)).status == 200
    assert call(health, request("GET", "/ready")).status == 200


@pytest.mark.parametrize(("function", "route"), list(routes()), ids=lambda each: each)
def test_whatever_is_counted_or_changes_is_refused_and_leaves_nothing(
    shop: Shop, deployment: Settings, serve: Serve, function: str, route: str
) -> None:
    serve("standby")
    method, _, path = route.partition(" ")
    path = path.replace("{command+}", "grant").replace("{project_id}", "demo")
    ledger = boto3.client("dynamodb", region_name=REGION)
    event = request(
        method.replace("ANY", "POST"),
        path.replace("{run_id}", "run_1"),
        json_body=None if method == "GET" else {},
        key=shop.admin_key,
    )
    answer = call(HANDLERS[function], event)
    assert (answer.status, answer.body["code"]) == (503, "standby")
    assert answer.headers["retry-after"] == "60"
    assert ledger.scan(TableName=deployment.ledger_table)["Items"] == []


def test_stripe_is_told_to_try_again(shop: Shop, queue_url: str, serve: Serve) -> None:
    shop.buy("user-1")
    event = shop.events("invoice.paid")[0]
    serve("standby")
    answer = shop.receive(event)
    assert (answer.status, answer.body["code"]) == (503, "standby")
    assert waiting(queue_url) == []
    serve("active")
    assert shop.receive(event).status == 200


def test_an_event_that_was_taken_before_waits(
    shop: Shop, deployment: Settings, serve: Serve
) -> None:
    snapshots = Snapshots(deployment, with_catalog=True)
    shop.buy("user-1")
    (event,) = shop.events("customer.subscription.created")
    before = snapshots.take()
    serve("standby")
    assert process_records(queue_record(event)) == ["message-1"]
    assert snapshots.take() == before
    serve("active")
    assert process_records(queue_record(event)) == []
    assert snapshots.take() != before


def test_no_run_is_begun_and_none_goes_on(
    shop: Shop, deployment: Settings, queue_url: str, serve: Serve
) -> None:
    serve("standby")
    context: Any = LambdaContext()
    for event in ({"source": "aws.scheduler", "id": "tick"}, {"run_id": "run_1"}):
        with pytest.raises(Standby):
            reconciliation(event, context)
    assert Snapshots(deployment).take()[deployment.ledger_table] == []
    assert waiting(queue_url) == []


def test_nothing_is_told_and_all_is_kept_until_the_region_is_active(
    desk: Desk, pipeline: Pipeline, deployment: Settings, serve: Serve
) -> None:
    desk.endpoint("http://127.0.0.1:9/hook")
    desk.grant("user-1", valid_to="2027-01-01T00:00:00Z")
    pipeline.publish()
    delivery = pipeline.taken()
    assert delivery
    list(pipeline.on_the_bus())
    desk.grant("user-2", valid_to="2027-01-01T00:00:00Z")
    changes, schedules = pipeline.changes(), pipeline.schedules().keys()
    figures = Snapshots(deployment).take()[deployment.metrics_table]
    serve("standby")
    context: Any = LambdaContext()
    failed = {"batchItemFailures": [{"itemIdentifier": number_of(changes[0])}]}
    assert publish({"Records": changes}, context) == failed
    assert count({"Records": changes}, context) == failed
    wake_up = {"eventSource": "aws:sqs", "messageId": "1", "body": "{}"}
    assert publish({"Records": [wake_up]}, context)["batchItemFailures"]
    assert deliver({"Records": [delivery]}, context)["batchItemFailures"]
    assert list(pipeline.on_the_bus()) == []
    assert pipeline.schedules().keys() == schedules
    assert Snapshots(deployment).take()[deployment.metrics_table] == figures
    serve("active")
    pipeline.publish(changes)
    assert len(pipeline.schedules()) == len(schedules) + 1
    assert [detail["data"]["user_id"] for _, detail in pipeline.on_the_bus()] == ["user-2"]


def number_of(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def test_what_writes_to_dynamodb_is_refused_by_whomever_it_is_called(
    deployment: Settings, serve: Serve
) -> None:
    serve("standby")
    wired = connection.connection().wired
    for operation in ("PutItem", "UpdateItem", "TransactWriteItems", "BatchWriteItem"):
        with pytest.raises(Standby):
            wired._make_api_call(operation, {})
    key = {"pk": {"S": "demo#user-1"}, "sk": {"S": "access"}}
    asked = {"TableName": deployment.accounts_table, "Key": key}
    assert "Item" not in wired._make_api_call("GetItem", asked)
