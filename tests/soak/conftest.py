"""For as long as one likes: `make soak`, with SOAK_SECONDS and SOAK_SEED."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from billing import composition
from billing.adapters.aws import wire
from billing.adapters.aws.endpoint import DYNAMODB
from billing.adapters.dynamo import connection
from billing.adapters.stripe.transport import Timeouts
from billing.settings import settings
from functions.reconciliation import background
from local.stripe.server import FakeStripeServer
from tests.integration.lives.conftest import stage  # noqa: F401 - a fixture
from tests.integration.webhooks.conftest import OPENING, named  # noqa: F401 - a fixture
from tests.support.bridge import Bridge
from tests.support.dynamo import create_tables, table_names
from tests.support.engines import engine
from tests.support.npm import Absent
from tests.support.shop import STRIPE_KEY, WEBHOOK_SECRET, Shop, open_shop

REGION = "eu-west-1"


@dataclass(frozen=True)
class Soak:
    """How long, and from which seed on."""

    seconds: int
    seed: int


@pytest.fixture
def soak() -> Soak:
    """As `make soak` says; without it these tests are passed over."""
    if "SOAK_SECONDS" not in os.environ:
        pytest.skip("run by `make soak`")
    return Soak(int(os.environ["SOAK_SECONDS"]), int(os.environ.get("SOAK_SEED", "1")))


@pytest.fixture
def shop(soak: Soak, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop on the emulator: moto copies whole tables with each transaction."""
    try:
        with (
            engine("emulator", tmp_path) as url,
            FakeStripeServer(now=OPENING, webhook_secret=WEBHOOK_SECRET) as stripe,
        ):
            names = table_names("soak")
            environ = {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "STAGE": "dev",
                "STRIPE_API_KEY_SECRET": "stripe-api-key",
                "STRIPE_WEBHOOK_SECRET": "stripe-webhook",
                "STRIPE_API_BASE": stripe.url,
                **names,
            }
            for name, value in environ.items():
                monkeypatch.setenv(name, value)
            # Emulator and fake have a thread each, and the machine may be busy.
            monkeypatch.setattr(wire, "READ_TIMEOUT", 120)
            monkeypatch.setattr(background, "PATIENT", Timeouts(connect=60, total=120))
            create_tables(boto3.client("dynamodb", region_name=REGION), names)
            secrets = boto3.client("secretsmanager", region_name=REGION)
            for name, fields in (
                ("stripe-api-key", {"api_key": STRIPE_KEY}),
                ("stripe-webhook", {"current": WEBHOOK_SECRET}),
            ):
                secrets.create_secret(Name=name, SecretString=json.dumps(fields))
            _forget()
            # Only what goes this way can be met by trouble.
            bridge = Bridge(REGION, upstream=url)
            monkeypatch.setenv(DYNAMODB.variable, bridge.url)
            yield open_shop(stripe)
            connection.connection().wired.wire.close()
            bridge.close()
            _forget()
    except Absent as absent:
        pytest.skip(str(absent))


def _forget() -> None:
    settings.cache_clear()
    composition.reset()
    connection.connection.cache_clear()
