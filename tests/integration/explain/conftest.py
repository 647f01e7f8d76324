"""Shops for lives: each opens in an empty deployment, with an empty Stripe behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from billing import composition
from billing.settings import Settings, settings
from local.stripe.server import FakeStripeServer
from tests.integration.conftest import dynamodb
from tests.support.shop import Shop, open_shop

OPENING = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def standing_stripe() -> Iterator[FakeStripeServer]:
    """A fake Stripe with a clock that stands until it is moved."""
    with FakeStripeServer(now=OPENING, webhook_secret="whsec_integration") as server:
        yield server


@pytest.fixture
def new_shop(
    deployment: Settings, standing_stripe: FakeStripeServer, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Shop]:
    """Open a shop as if nothing had been before."""
    monkeypatch.setenv("STRIPE_API_BASE", standing_stripe.url)
    settings.cache_clear()

    def opened() -> Shop:
        composition.reset()
        standing_stripe.reset()
        _empty_tables(deployment)
        return open_shop(standing_stripe)

    return opened


def _empty_tables(settings: Settings) -> None:
    client = dynamodb()
    for table, keys in {
        settings.catalog_table: ("pk", "sk"),
        settings.accounts_table: ("pk", "sk"),
        settings.history_table: ("pk", "sk"),
        settings.pointers_table: ("pk",),
        settings.ledger_table: ("pk",),
    }.items():
        for item in client.scan(TableName=table)["Items"]:
            client.delete_item(TableName=table, Key={key: item[key] for key in keys})
