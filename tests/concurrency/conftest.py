"""The tables on a real engine, once for each engine that this machine can run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from billing import composition
from billing.adapters.aws import wire
from billing.adapters.dynamo import connection
from billing.adapters.dynamo.store import AccountStore
from billing.settings import settings
from billing.stores import account_store
from tests.support.dynamo import create_tables, table_names
from tests.support.engines import ENGINES, engine
from tests.support.npm import Absent

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="session", params=ENGINES)
def tables(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """An engine with the five tables; yields the environment that leads to it."""
    state: Path = tmp_path_factory.mktemp(request.param)
    try:
        running = engine(request.param, state)
        with running as url:
            environ = {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_REGION": "eu-west-1",
                "AWS_DEFAULT_REGION": "eu-west-1",
                "STAGE": "dev",
                **table_names("race"),
            }
            client = boto3.client(
                "dynamodb",
                endpoint_url=url,
                region_name="eu-west-1",
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
            )
            create_tables(client, table_names("race"))
            client.close()
            yield environ
    except Absent as absent:
        pytest.skip(f"{request.param}: {absent}")


@pytest.fixture
def store(tables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[AccountStore]:
    """The real store over that engine, composed afresh."""
    for name, value in tables.items():
        monkeypatch.setenv(name, value)
    _forget()
    monkeypatch.setattr(wire, "READ_TIMEOUT", 60)  # the machine may be busy
    composition.use_clock(lambda: NOW)
    yield account_store()
    connection.connection().wired.wire.close()
    _forget()


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """An account of the test's own."""
    return re.sub(r"\W", "-", request.node.name)


def _forget() -> None:
    settings.cache_clear()
    composition.reset()
    connection.connection.cache_clear()
