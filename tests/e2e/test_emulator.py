"""What the local stack relies on in the emulator: it is young, and pinned for that reason."""

from __future__ import annotations

import uuid
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local import deploy
from local.place import REGION, STACK_NAME, Place


@pytest.fixture(scope="module")
def ids(place: Place) -> dict[str, str]:
    return deploy.resources(place)


def as_role_of(place: Place, role: str, service: str) -> Any:
    """A client with what a function's role may do."""
    name = deploy.resources(place)[role]
    session = deploy.client("sts", place).assume_role(
        RoleArn=f"arn:aws:iam::000000000000:role/{name}", RoleSessionName="conformance"
    )["Credentials"]
    made: Any = boto3.Session(
        session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"], REGION
    )
    return made.client(service, endpoint_url=place.endpoint)


def test_a_transaction_whose_condition_fails_changes_nothing(
    place: Place, ids: dict[str, str]
) -> None:
    client, table = deploy.client("dynamodb", place), ids["LedgerTable"]
    taken, free = (f"conformance-{uuid.uuid4()}" for _ in range(2))
    client.put_item(TableName=table, Item={"pk": {"S": taken}})
    puts = [
        {
            "Put": {
                "TableName": table,
                "Item": {"pk": {"S": key}},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        for key in (free, taken)
    ]
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=puts)
    reasons = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    assert reasons == ["None", "ConditionalCheckFailed"]
    assert "Item" not in client.get_item(TableName=table, Key={"pk": {"S": free}})


@pytest.mark.parametrize("role", ["EntitlementsFunctionRole", "MetricsFunctionRole"])
def test_what_a_role_lacks_is_denied(place: Place, ids: dict[str, str], role: str) -> None:
    client = as_role_of(place, role, "dynamodb")
    item = {"pk": {"S": "x"}, "sk": {"S": "x"}}
    with pytest.raises(ClientError) as caught:
        client.put_item(TableName=ids["AccountsTable"], Item=item)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.parametrize("role", ["WebhookProcessFunctionRole", "AdminFunctionRole"])
def test_history_is_appended_to_and_never_deleted(
    place: Place, ids: dict[str, str], role: str
) -> None:
    client = as_role_of(place, role, "dynamodb")
    key = {"pk": {"S": f"conformance-{uuid.uuid4()}"}, "sk": {"S": "1"}}
    client.put_item(TableName=ids["HistoryTable"], Item=key)
    with pytest.raises(ClientError) as caught:
        client.delete_item(TableName=ids["HistoryTable"], Key=key)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_queue_group_keeps_its_order_and_takes_a_message_once(place: Place) -> None:
    client = deploy.client("sqs", place)
    name = f"conformance-{uuid.uuid4()}.fifo"
    url = client.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
    for body in ("1", "2", "2", "3"):
        client.send_message(
            QueueUrl=url, MessageBody=body, MessageGroupId="a", MessageDeduplicationId=body
        )
    received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in received] == ["1", "2", "3"]
    client.delete_queue(QueueUrl=url)


def test_the_api_has_every_route_of_the_template(place: Place, ids: dict[str, str]) -> None:
    gateway = deploy.client("apigatewayv2", place)
    routes = {route["RouteKey"] for route in gateway.get_routes(ApiId=ids["Api"])["Items"]}
    assert {"GET /api/v1/entitlements", "POST /api/v1/webhooks/stripe", "$default"} <= routes


def test_the_daily_reconciliation_is_scheduled(place: Place, ids: dict[str, str]) -> None:
    schedule = deploy.client("scheduler", place).get_schedule(Name=f"daily-{STACK_NAME}")
    assert schedule["ScheduleExpression"] == "cron(0 2 * * ? *)"
    assert ids["ScheduleDeadLetterQueue"].rpartition("/")[2] in str(schedule["Target"])
