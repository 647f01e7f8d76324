"""The push pipeline on moto: what the sources of events do on AWS is done here by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from billing.settings import settings
from functions.notifications.deliver import lambda_handler as deliver
from functions.notifications.publish import lambda_handler as publish
from tests.support import template
from tests.support.clock import Clock
from tests.support.requests import LambdaContext

REGION = "eu-west-1"
BUS = "billing-test"
ACCOUNT = "123456789012"

Event = dict[str, Any]


@dataclass
class Pipeline:
    """Moves what is on its way one step on, as Lambda's event sources do."""

    deliveries_url: str
    dead_letters_url: str
    boundaries_url: str
    bus_url: str
    table: str
    clock: Clock
    _read: int = 0
    hidden: list[str] = field(default_factory=list)

    # -- the stream

    def changes(self) -> list[Event]:
        """Read what the stream has had since the last time, as the event source filters it."""
        shard = dynamodb_backends[ACCOUNT][REGION].tables[self.table].stream_shard
        assert shard is not None
        records = [self._dated(item.to_json()) for item in shard.items[self._read :]]
        self._read += len(records)
        return [r for r in records if r["dynamodb"]["Keys"]["sk"]["S"] == "access"]

    def _dated(self, record: Event) -> Event:
        """Let it be written now, by the test's clock: moto has the machine's."""
        written = record["dynamodb"] | {"ApproximateCreationDateTime": self.clock.at.timestamp()}
        return {**record, "dynamodb": written}

    def publish(self, changes: list[Event] | None = None) -> list[Event]:
        """Announce what has changed; return the records."""
        records = self.changes() if changes is None else changes
        if records:
            answer = publish({"Records": records}, LambdaContext())  # type: ignore[arg-type]  # stands in
            assert answer == {"batchItemFailures": []}
        return records

    # -- the deliveries

    def deliver(self) -> int:
        """Deliver all that waits visibly; return how many attempts that took."""
        attempts = 0
        while message := self.taken():
            if self.attempt(message):
                self.forget(message)
            attempts += 1
        return attempts

    def taken(self) -> Event | None:
        """Take a delivery off the queue; it is hidden until it is forgotten, or time passes."""
        messages = self._received(self.deliveries_url, 1)
        if not messages:
            return None
        self.hidden.append(messages[0]["ReceiptHandle"])
        return _record(messages[0])

    def attempt(self, record: Event) -> bool:
        """Make one attempt; return whether the message is done with."""
        answer = deliver({"Records": [record]}, LambdaContext())  # type: ignore[arg-type]  # stands in
        return not answer["batchItemFailures"]

    def forget(self, record: Event) -> None:
        """Delete a message."""
        self.hidden.remove(record["receiptHandle"])
        _sqs().delete_message(QueueUrl=self.deliveries_url, ReceiptHandle=record["receiptHandle"])

    def let_time_pass(self, by: timedelta = timedelta(0)) -> None:
        """Let what waits for its next attempt come back."""
        self.clock.advance(by)
        for handle in self.hidden:
            with suppress(_sqs().exceptions.ReceiptHandleIsInvalid):  # a dead letter by now
                _sqs().change_message_visibility(
                    QueueUrl=self.deliveries_url, ReceiptHandle=handle, VisibilityTimeout=0
                )
        self.hidden.clear()

    def lose(self) -> None:
        """Empty the queue, as it is where the tables come back and nothing else does."""
        _sqs().purge_queue(QueueUrl=self.deliveries_url)
        self.hidden.clear()

    def dead_letters(self) -> list[dict[str, Any]]:
        """Look at the dead letters; they are out of sight for a while then."""
        return [json.loads(m["Body"]) for m in self._received(self.dead_letters_url, 10)]

    # -- wake-ups and the bus

    def wake_ups(self) -> list[dict[str, Any]]:
        """What waits in the queue to wake up, however long it still waits."""
        queue = sqs_backends[ACCOUNT][REGION].queues[self.boundaries_url.rpartition("/")[2]]
        return [json.loads(message.body) for message in queue._messages]

    def wake(self, wake_up: dict[str, Any]) -> None:
        """Let a wake-up come true."""
        record = {"eventSource": "aws:sqs", "messageId": "1", "body": json.dumps(wake_up)}
        answer = publish({"Records": [record]}, LambdaContext())  # type: ignore[arg-type]  # stands in
        assert answer == {"batchItemFailures": []}

    def schedules(self) -> dict[str, Any]:
        """The one-shot schedules, by name."""
        scheduler = boto3.client("scheduler", region_name=REGION)
        names = [each["Name"] for each in scheduler.list_schedules()["Schedules"]]
        return {name: scheduler.get_schedule(Name=name) for name in names}

    def on_the_bus(self) -> Iterator[tuple[str, Any]]:
        """What a rule for everything has caught so far."""
        while messages := self._received(self.bus_url, 10):
            for message in messages:
                _sqs().delete_message(QueueUrl=self.bus_url, ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                yield event["detail-type"], event["detail"]

    def _received(self, url: str, most: int) -> list[Any]:
        received = _sqs().receive_message(
            QueueUrl=url, MaxNumberOfMessages=most, AttributeNames=["All"], VisibilityTimeout=600
        )
        return list(received.get("Messages", []))


def a_pipeline(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Pipeline:
    """Make the queues, the bus and what names them to the functions."""
    dead = _queue("DeliveriesDeadLetterQueue", "deliveries-dead.fifo")
    redrive = template.resources("AWS::SQS::Queue")["DeliveriesQueue"]["Properties"][
        "RedrivePolicy"
    ]
    policy = {"deadLetterTargetArn": _arn(dead), "maxReceiveCount": redrive["maxReceiveCount"]}
    deliveries = _queue("DeliveriesQueue", "deliveries.fifo", RedrivePolicy=json.dumps(policy))
    boundaries = _queue("BoundariesQueue", "boundaries")
    environ = {
        "DELIVERIES_QUEUE_URL": deliveries,
        "BOUNDARIES_QUEUE_URL": boundaries,
        "BOUNDARIES_QUEUE_ARN": _arn(boundaries),
        "BOUNDARIES_DEAD_LETTERS_ARN": _arn(_queue("BoundariesDeadLetterQueue", "boundaries-dead")),
        "BOUNDARY_SCHEDULES": "billing-test-",
        "BOUNDARY_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/boundaries",
        "EVENT_BUS": BUS,
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    bus_url = _bus()
    return Pipeline(deliveries, dead, boundaries, bus_url, settings().accounts_table, clock)


def _bus() -> str:
    events = boto3.client("events", region_name=REGION)
    events.create_event_bus(Name=BUS)
    caught = _queue("", "caught")
    pattern = json.dumps({"source": ["billing"]})
    events.put_rule(Name="all", EventBusName=BUS, EventPattern=pattern)
    events.put_targets(Rule="all", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": _arn(caught)}])
    return caught


def _queue(logical_id: str, name: str, **attributes: str) -> str:
    is_fifo = name.endswith(".fifo")
    if logical_id:
        declared = template.resources("AWS::SQS::Queue")[logical_id]["Properties"]
        assert bool(declared.get("FifoQueue")) is is_fifo
    fifo = {"FifoQueue": "true"} if is_fifo else {}
    return str(_sqs().create_queue(QueueName=name, Attributes={**fifo, **attributes})["QueueUrl"])


def _arn(url: str) -> str:
    found = _sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])


def _record(message: Any) -> Event:
    return {
        "eventSource": "aws:sqs",
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
    }


def _sqs() -> Any:
    return boto3.client("sqs", region_name=REGION)
