"""A whole deployment in process: moto's tables and secrets, and the settings that name them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from billing import composition
from billing.adapters.aws import wire
from billing.adapters.aws.endpoint import CLOUDWATCH, DYNAMODB, SECRETS_MANAGER, SQS
from billing.adapters.event_bus import EVENTS
from billing.settings import Settings, known_secrets, settings
from local.stripe.server import FakeStripeServer
from tests.support import (
    interruptions,  # noqa: F401 - must be there before any client is made
    moto_tables,
)
from tests.support.bridge import Bridge
from tests.support.clock import Clock
from tests.support.cloudwatch import STACK
from tests.support.dynamo import create_tables, table_names

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REGION = "eu-west-1"
BRIDGED = (CLOUDWATCH, DYNAMODB, EVENTS, SECRETS_MANAGER, SQS)
STRIPE_KEY = "sk_test_integration"
WEBHOOK_SECRET = "whsec_integration"
LIMITS = ("MANAGEMENT_REQUESTS_PER_HOUR", "PAGE_REQUESTS_PER_HOUR", "CHECKS_PER_SECOND")
TOKEN_KEY = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
"""RFC 8037's example of a private key; its `kid` is the example of appendix A.3."""


@pytest.fixture(scope="session")
def bridge() -> Iterator[Bridge]:
    """AWS as it is spoken to past botocore."""
    bridge = Bridge(REGION)
    with pytest.MonkeyPatch.context() as patch:
        # moto copies whole tables with each transaction, and the machine may be busy.
        patch.setattr(wire, "READ_TIMEOUT", 120)
        yield bridge
    bridge.close()


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch, bridge: Bridge) -> Iterator[Settings]:
    """Tables and secrets as after a deploy; every collaborator is composed afresh."""
    names = table_names("test")
    bridge.metrics.clear()
    environ = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Of what speaks past botocore alone, since moto is botocore's.
        **{service.variable: bridge.url for service in BRIDGED},
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "STAGE": "dev",
        "POWERTOOLS_METRICS_NAMESPACE": STACK,
        # The time stands still in tests, and Hypothesis asks more than people do.
        **dict.fromkeys(LIMITS, "1000000"),
        "STRIPE_API_KEY_SECRET": "stripe-api-key",
        "STRIPE_WEBHOOK_SECRET": "stripe-webhook",
        "ACCESS_TOKEN_KEYS_SECRET": "access-token-keys",
        "STRIPE_API_BASE": "http://127.0.0.1:9",  # nothing listens; see the fixture `stripe`
        **names,
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        _deploy_tables(names)
        put_secret("stripe-api-key", {"api_key": STRIPE_KEY})
        put_secret("stripe-webhook", {"current": WEBHOOK_SECRET})
        put_secret("access-token-keys", {"current": TOKEN_KEY})
        _forget()
        yield settings()
    _forget()


def _deploy_tables(names: Mapping[str, str]) -> None:
    """Make the tables once, and copy them while they are empty: making them is half of a test."""
    standing = moto_tables.standing(REGION)
    if not _empty_tables:
        create_tables(dynamodb(), names)
        _empty_tables.update(copy.deepcopy(standing))
    standing.update(copy.deepcopy(_empty_tables))


_empty_tables: dict[str, Any] = {}


@cache
def dynamodb() -> DynamoDBClient:
    """A client to look at tables with; it is slow to make, so there is one."""
    return boto3.client("dynamodb", region_name=REGION)


@cache
def _secrets_manager() -> Any:
    return boto3.client("secretsmanager", region_name=REGION)


def put_secret(name: str, fields: dict[str, str]) -> None:
    """Set a secret, and let the process forget what it knew of it."""
    secrets, text = _secrets_manager(), json.dumps(fields)
    try:
        secrets.create_secret(Name=name, SecretString=text)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=name, SecretString=text)
    known_secrets().clear()


def _forget() -> None:
    """Let nothing of another test's deployment stay in the process."""
    settings.cache_clear()
    composition.reset()


@pytest.fixture
def clock(deployment: Settings) -> Clock:
    """The time at the edges, standing still until a test moves it."""
    clock = Clock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    composition.use_clock(clock)
    return clock


@pytest.fixture(scope="session")
def stripe_server() -> Iterator[FakeStripeServer]:
    """The fake Stripe, listening; use `stripe`, which starts each test with an empty one."""
    with FakeStripeServer() as server:
        yield server


@pytest.fixture
def stripe(
    deployment: Settings, stripe_server: FakeStripeServer, monkeypatch: pytest.MonkeyPatch
) -> FakeStripeServer:
    """An empty Stripe account, to which the deployment speaks."""
    stripe_server.reset()
    monkeypatch.setenv("STRIPE_API_BASE", stripe_server.url)
    settings.cache_clear()
    return stripe_server
