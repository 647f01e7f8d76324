"""Puts dead letters back on their queues: `make redrive STAGE=… [ARGS=--dry-run]`.

What failed for good waits in a dead-letter queue for two weeks: Stripe's events, deliveries to
endpoints, wake-ups, and changes that could not be announced. Find out why first
(docs/operations.md), then put them back. Everything has one effect, however often it is put back,
so a redrive that was interrupted is simply run again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import deploy
from local.announce_again import Changes
from local.console import LocalError, say
from local.place import STACK_NAME, Place

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

QUEUES = {
    "EventsDeadLetterQueue": "EventsQueue",
    "DeliveriesDeadLetterQueue": "DeliveriesQueue",
    "BoundariesDeadLetterQueue": "BoundariesQueue",
}
"""From each queue of dead letters to the queue that they came from."""

UNKNOWN_ACTION = frozenset({"InvalidAction", "UnknownOperationException"})
"""What an SQS says that cannot move messages by itself: the emulator."""

PATIENCE_SECONDS = 600
HIDDEN_SECONDS = 60
"""How long a message that is being moved by hand stays out of sight, should this be killed."""


@dataclass(frozen=True)
class Queues:
    """Two queues of a deployed stack, and how to speak to them."""

    sqs: SQSClient
    dead_letters: str
    source: str
    wait: Callable[[float], None] = time.sleep

    def count(self) -> int:
        """How many dead letters wait."""
        return int(self._attribute(self.dead_letters, "ApproximateNumberOfMessages"))

    def redrive(self) -> int:
        """Put all dead letters back.

        Returns:
            How many were moved.
        """
        try:
            return self._follow(self._running() or self._start())
        except ClientError as error:
            if error.response["Error"]["Code"] not in UNKNOWN_ACTION:
                raise
        return self._move_one_by_one()

    def _running(self) -> str | None:
        """Return the task that an earlier redrive started and that still goes on."""
        tasks = self.sqs.list_message_move_tasks(SourceArn=self._arn(self.dead_letters))
        running = (t for t in tasks.get("Results", []) if t.get("Status") == "RUNNING")
        return next((task.get("TaskHandle", "") for task in running), None)

    def _start(self) -> str:
        started = self.sqs.start_message_move_task(
            SourceArn=self._arn(self.dead_letters), DestinationArn=self._arn(self.source)
        )
        return started["TaskHandle"]

    def _follow(self, handle: str) -> int:
        """Wait for AWS to move the messages; the newest task is listed first."""
        moved, source = 0, self._arn(self.dead_letters)
        for _ in range(PATIENCE_SECONDS):
            task = self.sqs.list_message_move_tasks(SourceArn=source)["Results"][0]
            moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
            if task.get("TaskHandle", handle) != handle or task["Status"] != "RUNNING":
                return moved
            self.wait(1)
        return moved

    def _move_one_by_one(self) -> int:
        """Move messages with their group and deduplication id, in the order of each group."""
        moved = 0
        while messages := self._received():
            for message in messages:
                self.sqs.send_message(
                    QueueUrl=self.source, MessageBody=message["Body"], **_order_of(message)
                )
                self.sqs.delete_message(
                    QueueUrl=self.dead_letters, ReceiptHandle=message["ReceiptHandle"]
                )
                moved += 1
        return moved

    def _received(self) -> list[MessageTypeDef]:
        received = self.sqs.receive_message(
            QueueUrl=self.dead_letters,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HIDDEN_SECONDS,
            AttributeNames=["All"],
        )
        return received.get("Messages", [])

    def _arn(self, url: str) -> str:
        return self._attribute(url, "QueueArn")

    def _attribute(self, url: str, name: str) -> str:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return found["Attributes"][name]  # type: ignore[index]  # a name of a closed list


def _order_of(message: MessageTypeDef) -> dict[str, Any]:
    """Keep a message's group and deduplication id, where its queue is FIFO."""
    names = ("MessageGroupId", "MessageDeduplicationId")
    found = cast("dict[str, str]", message["Attributes"])
    return {name: found[name] for name in names if name in found}


def main(arguments: list[str] | None = None) -> int:
    """Redrive the dead letters of one stack.

    Returns:
        The exit status: 0, or 1 with a message on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m local.redrive", description=__doc__)
    parser.add_argument("--stack", required=True, help="the CloudFormation stack's name")
    parser.add_argument("--dry-run", action="store_true", help="only tell how many there are")
    given = parser.parse_args(arguments)
    try:
        for queues in find(given.stack):
            _redrive(queues, dry_run=given.dry_run)
    except (BotoCoreError, ClientError, LocalError) as error:
        print(f"The redrive failed, and may be run again: {error}", file=sys.stderr)
        return 1
    return 0


def _redrive(queues: Queues | Changes, *, dry_run: bool) -> None:
    waiting = queues.count()
    say(f"{waiting} dead letters wait in {queues.dead_letters}")
    if waiting and not dry_run:
        say(f"{queues.redrive()} were put back on {queues.source}")
        say(f"{queues.count()} dead letters wait now")


def find(stack: str) -> list[Queues | Changes]:
    """Find the queues of a deployed stack: on AWS, or those of the local stack by its name."""
    client: Any = boto3.client
    if stack == STACK_NAME:
        client = partial(deploy.client, place=Place.from_environment())
    sqs, formation = client("sqs"), client("cloudformation")

    def id_of(logical_id: str) -> str:
        found = formation.describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    return [
        *(
            Queues(sqs, id_of(dead_letters), id_of(source))
            for dead_letters, source in QUEUES.items()
        ),
        Changes(
            sqs,
            client("dynamodbstreams"),
            client("lambda"),
            id_of("ChangesDeadLetterQueue"),
            id_of("NotificationPublishFunction"),
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
