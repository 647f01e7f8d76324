"""Dead letters of the push go back by the commands of docs/operations.md, and are made good."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local import deploy
from local.place import ROOT, Place
from tests.support.e2e import a_user, eventually
from tests.support.pushed import Project, schedules_of, warm_up
from tests.support.receiver import a_receiver

COMMANDS = re.findall(
    r"^make redrive STAGE=dev.*$", (ROOT / "docs/operations.md").read_text(), re.M
)
"""First to count, then to put back; and of this machine: as the manual has them for AWS."""

Redrive = Callable[[], list[str]]


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


@pytest.fixture
def redrive(place: Place) -> Redrive:
    """Run what the manual says; return what each command told."""
    environ = {
        **os.environ,
        "BILLING_STATE_DIR": str(place.state),
        "BILLING_PORT": str(place.port),
    }

    def run() -> list[str]:
        assert len(COMMANDS) == 2
        return [_told(each.replace("STAGE=dev", "STAGE=local"), environ) for each in COMMANDS]

    return run


def _told(command: str, environ: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - the manual's own
        command.split(), cwd=ROOT, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout


def bury(place: Place, queue: str, body: object, **order: str) -> str:
    """Put a message among the dead letters; return their queue's address."""
    url = deploy.resources(place)[queue]
    deploy.client("sqs", place).send_message(QueueUrl=url, MessageBody=json.dumps(body), **order)
    return url


def test_deliveries_go_back_in_order_and_arrive(
    project: Project, place: Place, redrive: Redrive
) -> None:
    user = a_user()
    project.receiver.statuses = [500]
    project.revoke(project.grant(user))
    eventually(lambda: len(project.deliveries("pending")) == 2)
    project.ask("PATCH", project.path(f"/{project.endpoint_id}"), {"enabled": False})
    failed = eventually(lambda: project.deliveries("failed"), lambda seen: len(seen) == 2)
    project.ask("PATCH", project.path(f"/{project.endpoint_id}"), {"enabled": True})
    for each in sorted(failed, key=lambda each: str(each["created_at"])):
        ticket = {"project_id": project.stack["project_id"], "endpoint_id": project.endpoint_id}
        url = bury(
            place,
            "DeliveriesDeadLetterQueue",
            {**ticket, "delivery_id": each["delivery_id"]},
            MessageGroupId=user,
            MessageDeduplicationId=each["delivery_id"],
        )
    counted, put_back = redrive()
    assert f"2 dead letters wait in {url}" in counted
    assert "2 were put back" in put_back
    told = project.wait_for(user, 2)
    assert [body["data"]["feature_codes"] for _, body in told] == [["export"], []]
    eventually(lambda: not project.deliveries("failed"))
    assert f"0 dead letters wait in {url}" in redrive()[0]
    assert len(project.told(user)) == 2


def test_a_wake_up_that_was_lost_sets_the_accounts_clock_again(
    project: Project, place: Place, redrive: Redrive
) -> None:
    user, scheduler = a_user(), deploy.client("scheduler", place)
    project.grant(user, valid_to="2040-01-01T00:00:00Z")
    (made,) = eventually(lambda: schedules_of(place, user))
    told = json.loads(made["Target"]["Input"])
    scheduler.delete_schedule(Name=made["Name"])
    url = bury(place, "BoundariesDeadLetterQueue", {**told, "at": "2026-01-01T00:00:00Z"})
    counted, put_back = redrive()
    assert f"1 dead letters wait in {url}" in counted
    assert "1 were put back" in put_back
    (again,) = eventually(lambda: schedules_of(place, user))
    assert again["ScheduleExpression"] == made["ScheduleExpression"]


def _records(streams: Any, iterator: str | None) -> Iterator[Any]:
    """Everything that a shard has now, page by page: what other tests did comes first."""
    while iterator:
        page = streams.get_records(ShardIterator=iterator)
        yield from page["Records"]
        iterator = page.get("NextShardIterator") if page["Records"] else None


def test_a_change_that_could_not_be_announced_is_announced_by_redrive(
    project: Project, place: Place, redrive: Redrive
) -> None:
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
    redrive()
    assert len(project.told(user)) == 1, "it is the same message, which is delivered once"
