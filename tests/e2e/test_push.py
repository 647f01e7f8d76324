"""What the running stack pushes: streams, queues, the clock and the bus with IAM enforced."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import deploy, redrive, web
from local.place import STACK_NAME, Place
from tests.support.e2e import Service, a_user, eventually
from tests.support.receiver import Received, Receiver, a_receiver

FIVE_SECONDS = 5.0
PATIENCE_SECONDS = 30.0


class Project:
    """The demo project, whose endpoint is a receiver on this machine."""

    def __init__(self, stack: dict[str, Any], receiver: Receiver) -> None:
        self.stack, self.receiver = stack, receiver
        made = self.ask("POST", self.path(), {"url": receiver.url})
        self.secret, self.endpoint_id = made["secret"], made["endpoint_id"]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        url = f"{self.stack['api_url']}/api/v1/admin/{path}"
        answer = web.request(method, url, key=self.stack["admin_key"], body=body)
        assert answer.status in (200, 202), answer.text
        return answer.json

    def leave(self) -> None:
        """Delete the endpoint."""
        self.ask("DELETE", self.path(f"/{self.endpoint_id}"))

    def path(self, below: str = "") -> str:
        return f"projects/{self.stack['project_id']}/endpoints{below}"

    def grant(self, user_id: str, **fields: Any) -> str:
        body = {"project_id": self.stack["project_id"], "feature_code": "export", "reason": "test"}
        granted = self.ask("POST", "grant", {**body, "user_id": user_id, **fields})
        return str(granted["grant_id"])

    def revoke(self, grant_id: str) -> None:
        self.ask("POST", "revoke", {"grant_id": grant_id, "revoke_reason": "test"})

    def deliveries(self, state: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(
            "GET", self.path(f"/{self.endpoint_id}/deliveries?state={state}")
        )["deliveries"]
        return found

    def told(self, user_id: str) -> list[tuple[Received, dict[str, Any]]]:
        """What was accepted about a user, verified by the specification's own library."""
        verified = [(each, each.verified(self.secret)) for each in self.receiver.accepted]
        return [(each, body) for each, body in verified if body["data"].get("user_id") == user_id]

    def wait_for(self, user_id: str, number: int) -> list[tuple[Received, dict[str, Any]]]:
        self.receiver.wait_for(lambda: len(self.told(user_id)) >= number, PATIENCE_SECONDS)
        return self.told(user_id)


@pytest.fixture(scope="module")
def warm(stack: dict[str, Any]) -> None:
    """The functions are there: what is measured is not how long a busy machine starts them."""
    with a_receiver() as receiver:
        project, user = Project(stack, receiver), a_user()
        project.grant(user)
        project.wait_for(user, 1)
        project.leave()


@pytest.fixture
def project(stack: dict[str, Any], warm: None) -> Iterator[Project]:
    with a_receiver() as receiver:
        project = Project(stack, receiver)
        yield project
        project.leave()


def schedules_of(place: Place, user_id: str) -> list[dict[str, Any]]:
    """The one-shot schedules of a user; one may go while it is looked at."""
    scheduler = deploy.client("scheduler", place)
    found: list[dict[str, Any]] = []
    for listed in scheduler.list_schedules()["Schedules"]:
        with suppress(scheduler.exceptions.ResourceNotFoundException):
            found.append(scheduler.get_schedule(Name=listed["Name"]))
    told = json.dumps(user_id)
    return [each for each in found if told in each["Target"].get("Input", "")]


def test_a_grant_and_its_revocation_are_pushed_within_five_seconds(project: Project) -> None:
    user = a_user()
    grant = project.grant(user)
    project.wait_for(user, 1)
    project.revoke(grant)
    told = project.wait_for(user, 2)
    assert [body["data"]["feature_codes"] for _, body in told] == [["export"], []]
    assert [body["data"]["revision"] for _, body in told] == [1, 2]
    for came, body in told:
        late = came.at - datetime.fromisoformat(body["timestamp"]).timestamp()
        assert late < FIVE_SECONDS


def test_an_end_is_pushed_at_its_instant(project: Project) -> None:
    user, ends = a_user(), datetime.now(UTC) + timedelta(seconds=8)
    project.grant(user, valid_to=ends.isoformat())
    (_, (came, body)) = project.wait_for(user, 2)
    assert body["data"]["feature_codes"] == []
    assert datetime.fromisoformat(body["timestamp"]) == ends
    assert 0 <= came.at - ends.timestamp() < FIVE_SECONDS


def test_a_far_end_is_one_schedule_that_moves_and_goes(project: Project, place: Place) -> None:
    user, now = a_user(), datetime.now(UTC)

    def mine() -> list[str]:
        return [each["ScheduleExpression"] for each in schedules_of(place, user)]

    first = project.grant(user, valid_to=(now + timedelta(days=9)).isoformat())
    late = eventually(mine)
    second = project.grant(
        user, feature_code="sync", valid_to=(now + timedelta(days=2)).isoformat()
    )
    early = eventually(lambda: mine() if mine() != late else [])
    assert len(late) == len(early) == 1
    for grant in (first, second):
        project.revoke(grant)
    eventually(lambda: not mine())


def test_a_schedule_wakes_up_through_the_queue(project: Project, place: Place) -> None:
    """A schedule that is due: as the one that the service makes, but for its instant."""
    user, ends = a_user(), datetime.now(UTC) + timedelta(minutes=15)
    project.grant(user, valid_to=ends.isoformat())
    (made,) = eventually(lambda: schedules_of(place, user))
    told = json.loads(made["Target"]["Input"])
    soon = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    due = {**made["Target"], "Input": json.dumps({**told, "at": "2026-01-01T00:00:00Z"})}
    deploy.client("scheduler", place).update_schedule(
        Name=made["Name"],
        ScheduleExpression=f"at({soon})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target=due,
    )
    eventually(
        lambda: [each["ScheduleExpression"] for each in schedules_of(place, user)],
        lambda seen: seen == [made["ScheduleExpression"]],
    )


def test_a_purchase_is_pushed_with_what_it_gives(project: Project, service: Service) -> None:
    user = a_user()
    service.buy(user)
    told = project.wait_for(user, 2)
    types = [body["type"] for _, body in told]
    assert types[0] == "subscription.created"
    project.receiver.wait_for(
        lambda: any(
            "export" in body["data"].get("feature_codes", []) for _, body in project.told(user)
        )
    )
    revisions = [body["data"]["revision"] for _, body in project.told(user)]
    assert revisions == sorted(revisions)


def test_what_fails_is_tried_again_in_order_and_holds_up_no_other_user(project: Project) -> None:
    troubled, other = a_user(), a_user()
    project.receiver.troubled = json.dumps(troubled).encode()
    project.receiver.statuses = [500]
    grant = project.grant(troubled)
    eventually(lambda: project.deliveries("pending"))
    project.revoke(grant)
    project.grant(other)
    project.wait_for(other, 1)
    assert project.told(troubled) == []
    told = project.wait_for(troubled, 2)
    assert [body["data"]["feature_codes"] for _, body in told] == [["export"], []]


def test_an_endpoint_that_is_gone_is_disabled_and_the_bus_is_told(
    project: Project, stack: dict[str, Any], place: Place
) -> None:
    bus = deploy.resources(place)["EventBus"].rpartition("/")[2]
    sqs, events = deploy.client("sqs", place), deploy.client("events", place)
    caught = sqs.create_queue(QueueName=f"caught-{uuid.uuid4().hex}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=caught, AttributeNames=["QueueArn"])["Attributes"]
    pattern = json.dumps({"source": ["billing"]})
    events.put_rule(Name="caught", EventBusName=bus, EventPattern=pattern)
    targets = [{"Id": "1", "Arn": arn["QueueArn"]}]
    events.put_targets(Rule="caught", EventBusName=bus, Targets=targets)
    project.receiver.statuses = [410]
    user = a_user()
    project.grant(user)

    def types() -> set[str]:
        received = sqs.receive_message(QueueUrl=caught, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return {json.loads(each["Body"])["detail-type"] for each in received.get("Messages", [])}

    eventually(lambda: {"entitlements.changed", "endpoint.disabled"} <= types())
    endpoint = project.ask("GET", project.path(f"/{project.endpoint_id}"))
    assert (endpoint["enabled"], endpoint["disabled_reason"]) == (False, "gone")
    events.remove_targets(Rule="caught", EventBusName=bus, Ids=["1"])
    (failed,) = project.deliveries("failed")
    enabled = project.path(f"/{project.endpoint_id}")
    project.ask("PATCH", enabled, {"enabled": True})
    retry = f"{enabled}/deliveries/{failed['delivery_id']}/retry"
    project.ask("POST", retry)
    assert len(project.wait_for(user, 1)) == 1


def _records(streams: Any, iterator: str | None) -> Iterator[Any]:
    """Everything that a shard has now, page by page: what other tests did comes first."""
    while iterator:
        page = streams.get_records(ShardIterator=iterator)
        yield from page["Records"]
        iterator = page.get("NextShardIterator") if page["Records"] else None


def test_a_change_that_could_not_be_announced_is_announced_by_redrive(
    project: Project, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_STATE_DIR", str(place.state))
    monkeypatch.setenv("BILLING_PORT", str(place.port))
    ids, streams = deploy.resources(place), deploy.client("dynamodbstreams", place)
    table = deploy.client("dynamodb", place).describe_table(TableName=ids["AccountsTable"])
    arn = table["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    user = a_user()
    project.grant(user)
    project.wait_for(user, 1)
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    number = next(
        record["dynamodb"]["SequenceNumber"]
        for record in _records(streams, iterator)
        if record["dynamodb"]["Keys"]["sk"]["S"] == "access"
        and record["dynamodb"]["Keys"]["pk"]["S"].endswith(user)
    )
    batch = {
        "streamArn": arn,
        "shardId": shard["ShardId"],
        "startSequenceNumber": number,
        "endSequenceNumber": number,
    }
    deploy.client("sqs", place).send_message(
        QueueUrl=ids["ChangesDeadLetterQueue"],
        MessageBody=json.dumps({"DDBStreamBatchInfo": batch}),
    )
    assert redrive.main(["--stack", STACK_NAME]) == 0
    assert len(project.told(user)) == 1, "it is the same message, which is delivered once"
