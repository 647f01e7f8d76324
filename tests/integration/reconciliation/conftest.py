"""A shop whose Stripe stands at a fixed instant, and an operator's view of its runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from billing.services.apply_stripe_event import EVENT_HANDLERS
from billing.settings import Settings, settings
from functions.reconciliation import background
from functions.reconciliation.handler import lambda_handler
from local.stripe.server import FakeStripeServer
from tests.integration.conftest import REGION
from tests.support.counting import Counting
from tests.support.requests import Answer, call, request
from tests.support.shop import Shop, open_shop, process_records, queue_record

OPENING = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROUTE = "/api/v1/admin/reconcile"


@pytest.fixture(scope="session")
def standing_stripe() -> Iterator[FakeStripeServer]:
    """A fake Stripe with a clock that stands; `shop` starts each test with an empty one."""
    with FakeStripeServer(now=OPENING, webhook_secret="whsec_integration") as server:
        yield server


@pytest.fixture
def queue(deployment: Settings) -> EventsQueue:
    """The queue of events, empty."""
    return EventsQueue()


@pytest.fixture
def shop(
    queue: EventsQueue, standing_stripe: FakeStripeServer, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    """A project that sells."""
    standing_stripe.reset()
    monkeypatch.setattr(background, "sleep", queue.waits.append)
    monkeypatch.setenv("STRIPE_API_BASE", standing_stripe.url)
    monkeypatch.setenv("EVENTS_QUEUE_URL", queue.url)
    settings.cache_clear()
    shop = open_shop(standing_stripe)
    catalogs = [event for event in standing_stripe.events() if event["type"] in EVENT_HANDLERS]
    assert shop.deliver(catalogs) == []  # what Stripe tells of the products that it was given
    return shop


class EventsQueue:
    """The FIFO queue, and the function that empties it: when a test says so.

    Attributes:
        waits: seconds that runs have waited, which takes none.
    """

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._sqs = boto3.client("sqs", region_name=REGION)
        attributes: Any = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
        made = self._sqs.create_queue(QueueName="events.fifo", Attributes=attributes)
        self.url = made["QueueUrl"]

    def drain(self) -> list[dict[str, Any]]:
        """Let `process` have every message; return the events."""
        taken: list[dict[str, Any]] = []
        while messages := self._receive():
            for message in messages:
                event = json.loads(message["Body"])
                assert process_records(queue_record(event, group=str(event["id"]))) == []
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(event)
        return taken

    def _receive(self) -> list[Any]:
        answer = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        return list(answer.get("Messages", []))


@dataclass
class Operator:
    """Starts runs, and reads their reports."""

    key: str
    counting: Counting = field(default_factory=lambda: Counting(with_damage=True))

    def start(self, body: Any = None, **fields: Any) -> Answer:
        """Start a run, once what came before is counted."""
        self.counting.count()
        event = request("POST", ROUTE, json_body=fields or body, key=self.key)
        return call(lambda_handler, event)

    def read(self, run_id: str, **query: str) -> Answer:
        """Read a run's report, or a further page of it."""
        event = request("GET", f"{ROUTE}/{run_id}", key=self.key, query=query)
        return call(lambda_handler, event)

    def run(self, **fields: Any) -> dict[str, Any]:
        """Make a run, and return its report."""
        status, body, _ = self.start(**fields)
        assert status == 202, body
        report: dict[str, Any] = self.read(body["run_id"]).body
        return report


@pytest.fixture
def operator(shop: Shop) -> Operator:
    """The shop's operator."""
    return Operator(shop.admin_key)


def a_subscription_of_a_stranger(shop: Shop, metadata: dict[str, str] | None = None) -> str:
    """Sell to somebody whom nobody here knows; return the subscription's id."""
    customer = shop.client.v1.customers.create({})
    found = shop.catalog.find_price("pro_monthly")
    price = str(found[1].stripe_price_id) if found else ""
    return shop.client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price}], "metadata": metadata or {}}
    ).id


def found(report: dict[str, Any]) -> dict[str, int]:
    """The counts that are not zero."""
    assert report["status"] == "completed", report
    return {kind: count for kind, count in report["counts"].items() if count}
