"""The way of an event: signed delivery, `receive`, an SQS FIFO queue, a poller, `process`.

The queue is that of `template.yaml`, in whichever SQS answers. The poller does what Lambda's does:
it takes up to a batch, hands it to the function, deletes what is not reported as failed, and leaves
the rest to the visibility timeout, which here runs out at once.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from functions.webhooks.process import lambda_handler as process
from tests.support import template
from tests.support.interruptions import Killed, interruptions
from tests.support.requests import LambdaContext
from tests.support.shop import Json, Shop
from tests.support.throttles import throttles

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

PASSES_AFTER = 2
"""Receives of a message after which trouble spares it: it is trouble that passes."""

Named = Callable[[str], None]
"""Tells `receive` the URL of its queue, as its environment does."""


@dataclass
class Line:
    """The events queue with its dead letters, and what came through.

    Attributes:
        name: of the queue, without the suffix.
        shop: where events come from.
        trouble: the share of the batches, and of the deliveries, that meets trouble.
        figures: what happened, and how often.
    """

    name: str
    shop: Shop
    dice: random.Random
    trouble: float = 0.0
    figures: Counter[str] = field(default_factory=Counter)

    @cached_property
    def sqs(self) -> SQSClient:
        """Speaks to the queue as Lambda's poller does."""
        return boto3.client("sqs", region_name="eu-west-1")

    @cached_property
    def dead_letters(self) -> str:
        """The URL of the dead-letter queue; made when first asked for."""
        return self._made("EventsDeadLetterQueue", f"{self.name}-dead.fifo")

    @cached_property
    def url(self) -> str:
        """The URL of the queue; made when first asked for."""
        arn = self._attributes(self.dead_letters)["QueueArn"]
        return self._made("EventsQueue", f"{self.name}.fifo", EventsDeadLetterQueue=arn)

    def _made(self, logical_id: str, name: str, **arns: str) -> str:
        arguments = template.create_queue_arguments(logical_id, name, arns)
        return self.sqs.create_queue(**arguments)["QueueUrl"]

    def _attributes(self, url: str) -> dict[str, str]:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return {str(name): value for name, value in found["Attributes"].items()}

    def waiting(self, url: str) -> int:
        """How many messages a queue holds, those included that are being worked on."""
        found = self._attributes(url)
        kinds = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
        return sum(int(found[kind]) for kind in kinds)

    # -- what Stripe does

    def deliver(self, events: Iterable[Json]) -> None:
        """Send each event, signed, until it is answered with 200."""
        for event in events:
            while not self._taken(event):
                self.figures["deliveries that Stripe repeated"] += 1
            self.figures["deliveries"] += 1

    def _taken(self, event: Json) -> bool:
        """Whether the endpoint answered. It may die before it queued the event, or after."""
        is_hit, queues_first = self.dice.random() < self.trouble, self.dice.random() < 0.5
        if is_hit and not queues_first:
            return False
        answer = self.shop.receive(event)
        assert (answer.status, answer.body["outcome"]) == (200, "queued"), answer
        return not is_hit

    # -- what Lambda does

    def drain(self) -> None:
        """Hand batches to `process` until nothing is left but dead letters."""
        while batch := self._received():
            self.figures["batches"] += 1
            self.figures["receives"] += len(batch)
            failed = self._failed(batch)
            self.figures["messages sent back"] += len(failed)
            for message in batch:
                handle = message["ReceiptHandle"]
                if message["MessageId"] in failed:
                    self.sqs.change_message_visibility(
                        QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=0
                    )
                else:
                    self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=handle)
        assert self.waiting(self.url) == 0

    def _received(self) -> list[MessageTypeDef]:
        found = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        return found.get("Messages", [])

    def _failed(self, batch: list[MessageTypeDef]) -> set[str]:
        """Invoke the function; the ids of the messages that are not to be deleted."""
        records = [_record(message) for message in batch]
        oldest = max(int(record["attributes"]["ApproximateReceiveCount"]) for record in records)
        self.figures["most receives of a message"] = max(
            oldest, self.figures["most receives of a message"]
        )
        everything = {record["messageId"] for record in records}
        is_hit = oldest <= PASSES_AFTER and self.dice.random() < self.trouble
        try:
            with self._some_trouble() if is_hit else _no_trouble():
                answer = process({"Records": records}, LambdaContext())
        except Killed:
            return everything
        return {str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]}

    @contextmanager
    def _some_trouble(self) -> Iterator[None]:
        kind = self.dice.choice(("killed", "answer lost", "throttled", "Stripe down"))
        self.figures[f"trouble: {kind}"] += 1
        match kind:
            case "killed":
                with interruptions.counted(self.dice.randint(1, 20), "before"):
                    yield
            case "answer lost":
                yield
                raise Killed
            case "throttled":
                with throttles.next(self.dice.randint(1, 12)):
                    yield
            case _:
                self.shop.stripe.add_fault(method="GET", times=3, status=503)
                yield
                self.shop.stripe.api.faults.planned.clear()


@contextmanager
def _no_trouble() -> Iterator[None]:
    yield


def _record(message: MessageTypeDef) -> dict[str, Any]:
    """A received message as Lambda hands it to the function."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:events.fifo",
        "awsRegion": "eu-west-1",
    }


def burst(
    shop: Shop, deliveries: Sequence[Json], dice: random.Random, trouble: float, named: Named
) -> Counter[str]:
    """Let all deliveries come, then work off what waits; nothing becomes a dead letter.

    A queue drops what comes twice in five minutes. The second half comes later than that: to a
    queue that has not seen the first.

    Returns:
        What happened, and how often.
    """
    figures: Counter[str] = Counter()
    half = (len(deliveries) + 1) // 2
    lines = [Line(f"events-{n}", shop, dice, trouble, figures) for n in (1, 2)]
    for line, some in zip(lines, (deliveries[:half], deliveries[half:]), strict=True):
        named(line.url)
        line.deliver(some)
        waiting = line.waiting(line.url)
        assert waiting == len({event["id"] for event in some})
        figures["messages that waited"] += waiting
    for line in lines:
        line.drain()
        figures["dead letters"] += line.waiting(line.dead_letters)
    assert figures["dead letters"] == 0
    return figures
