"""The redrive as AWS does it: one task that moves the messages, followed to its end."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from local import redrive
from local.redrive import Queues

DEAD, EVENTS = "https://sqs.example/dead.fifo", "https://sqs.example/events.fifo"
ARNS = {DEAD: "arn:aws:sqs:eu-west-1:1:dead.fifo", EVENTS: "arn:aws:sqs:eu-west-1:1:events.fifo"}


class Aws:
    """An SQS that answers as AWS documents it."""

    def __init__(self) -> None:
        self.sqs = boto3.client(
            "sqs", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub = Stubber(self.sqs)
        self.waits: list[float] = []
        self.queues = Queues(self.sqs, DEAD, EVENTS, self.waits.append)

    def attributes(self, url: str, waiting: int = 0) -> None:
        answer = {"QueueArn": ARNS[url], "ApproximateNumberOfMessages": str(waiting)}
        self.stub.add_response(
            "get_queue_attributes",
            {"Attributes": answer},
            {"QueueUrl": url, "AttributeNames": ["All"]},
        )

    def tasks(self, *tasks: dict[str, Any]) -> None:
        self.stub.add_response(
            "list_message_move_tasks", {"Results": list(tasks)}, {"SourceArn": ARNS[DEAD]}
        )

    def starts(self) -> None:
        self.attributes(DEAD)
        self.attributes(EVENTS)
        self.stub.add_response(
            "start_message_move_task",
            {"TaskHandle": "task-1"},
            {"SourceArn": ARNS[DEAD], "DestinationArn": ARNS[EVENTS]},
        )


@pytest.fixture
def aws() -> Aws:
    return Aws()


def task(status: str, moved: int, handle: str = "task-1") -> dict[str, Any]:
    """A task as it is listed: AWS names the handle of a running one only."""
    running = {"TaskHandle": handle} if status == "RUNNING" else {}
    return {"Status": status, "ApproximateNumberOfMessagesMoved": moved, **running}


def test_a_task_is_started_and_followed_to_its_end(aws: Aws) -> None:
    aws.attributes(DEAD)
    aws.tasks(task("COMPLETED", 7))
    aws.starts()
    aws.attributes(DEAD)
    aws.tasks(task("RUNNING", 1), task("COMPLETED", 7))
    aws.tasks(task("COMPLETED", 3), task("COMPLETED", 7))
    with aws.stub:
        assert aws.queues.redrive() == 3
    assert aws.waits == [1]
    aws.stub.assert_no_pending_responses()


def test_a_task_that_runs_already_is_followed_and_no_second_is_started(aws: Aws) -> None:
    aws.attributes(DEAD)
    aws.tasks(task("RUNNING", 1))
    aws.attributes(DEAD)
    aws.tasks(task("COMPLETED", 2))
    with aws.stub:
        assert aws.queues.redrive() == 2


def test_a_refusal_is_told(aws: Aws) -> None:
    aws.attributes(DEAD)
    aws.stub.add_client_error("list_message_move_tasks", "AccessDenied")
    with aws.stub, pytest.raises(ClientError):
        aws.queues.redrive()


@pytest.mark.parametrize(("arguments", "waiting"), [(["--dry-run"], 4), ([], 0)])
def test_a_dry_run_and_an_empty_queue_move_nothing(
    aws: Aws,
    arguments: list[str],
    waiting: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(redrive, "find", lambda stack: [aws.queues])
    aws.attributes(DEAD, waiting)
    with aws.stub:
        assert redrive.main(["--stack", "billing-dev", *arguments]) == 0
    assert f"{waiting} dead letters wait" in capsys.readouterr().out
    aws.stub.assert_no_pending_responses()


def test_trouble_is_told_in_a_line(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(redrive, "find", lambda stack: [aws.queues])
    aws.stub.add_client_error("get_queue_attributes", "AccessDenied")
    with aws.stub:
        assert redrive.main(["--stack", "billing-dev"]) == 1
    assert "may be run again" in capsys.readouterr().err
