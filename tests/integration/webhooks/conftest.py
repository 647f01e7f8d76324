"""A shop whose Stripe stands at a fixed instant, and moves only when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest

from billing.settings import Settings, settings
from local.stripe.server import FakeStripeServer
from tests.support.line import Named
from tests.support.shop import Shop, open_shop

OPENING = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def standing_stripe() -> Iterator[FakeStripeServer]:
    """A fake Stripe with a clock that stands; `shop` starts each test with an empty one."""
    with FakeStripeServer(now=OPENING, webhook_secret="whsec_integration") as server:
        yield server


@pytest.fixture
def queue_url(deployment: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The events queue, as the template makes it."""
    sqs = boto3.client("sqs", region_name="eu-west-1")
    url = sqs.create_queue(QueueName="events.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    monkeypatch.setenv("EVENTS_QUEUE_URL", url)
    settings.cache_clear()
    return url


@pytest.fixture
def shop(
    queue_url: str, standing_stripe: FakeStripeServer, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    """A project that sells."""
    standing_stripe.reset()
    monkeypatch.setenv("STRIPE_API_BASE", standing_stripe.url)
    settings.cache_clear()
    return open_shop(standing_stripe)


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Named:
    """Name the queue to `receive`."""

    def name(url: str) -> None:
        monkeypatch.setenv("EVENTS_QUEUE_URL", url)
        settings.cache_clear()

    return name
