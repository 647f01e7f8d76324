"""What the running stack pushes: streams, queues, the clock and the bus with IAM enforced."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import deploy
from local.place import Place
from tests.support.e2e import Service, a_user, eventually
from tests.support.pushed import Project, schedules_of, warm_up
from tests.support.receiver import a_receiver

FIVE_SECONDS = 5.0


@pytest.fixture(scope="module")
def warm(stack: dict[str, Any]) -> None:
    """The functions are there."""
    warm_up(stack)


@pytest.fixture
def project(stack: dict[str, Any], warm: None) -> Iterator[Project]:
    with a_receiver() as receiver:
        project = Project(stack, receiver)
        yield project
        project.leave()


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


def test_all_that_failed_is_tried_anew_with_one_request(project: Project) -> None:
    user, endpoint = a_user(), project.path(f"/{project.endpoint_id}")
    project.receiver.statuses = [500]
    project.revoke(project.grant(user))
    eventually(lambda: len(project.deliveries("pending")) == 2)
    project.ask("PATCH", endpoint, {"enabled": False})
    eventually(lambda: len(project.deliveries("failed")) == 2)
    project.ask("PATCH", endpoint, {"enabled": True})
    for retried in (2, 0):
        answer = project.ask("POST", f"{endpoint}/retry", {})
        assert answer == {"retried": retried, "next_cursor": None}
    told = project.wait_for(user, 2)
    assert [body["data"]["feature_codes"] for _, body in told] == [["export"], []]
