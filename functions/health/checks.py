"""What has to be there before a request can be served: every table, and both secrets set."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config

from billing.domain.errors import NotConfigured
from billing.services.check_readiness import MAX_AGE, Check
from billing.settings import secret, settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLES = ("catalog", "accounts", "pointers", "ledger", "history", "notifications", "metrics")


def checks() -> dict[str, Check]:
    """Return the checks by the names under which their failures are told."""
    config = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 2})
    client = cast(
        "DynamoDBClient", botocore.session.get_session().create_client("dynamodb", config=config)
    )
    tables: dict[str, Check] = {
        f"{name}_table": partial(_describe, client, getattr(settings(), f"{name}_table"))
        for name in TABLES
    }
    return {
        **tables,
        "stripe_api_key": lambda: _has(settings().stripe_api_key_secret, "api_key"),
        "stripe_webhook_secret": lambda: _has(settings().stripe_webhook_secret, "current"),
    }


def _describe(client: DynamoDBClient, table_name: str) -> None:
    table = client.describe_table(TableName=table_name)["Table"]
    if table["TableStatus"] not in ("ACTIVE", "UPDATING"):  # an updating one is served from
        raise NotConfigured(f"The table is {table['TableStatus']}.")


def _has(secret_id: str, field: str) -> None:
    if field not in secret(secret_id, max_age=int(MAX_AGE)):
        raise NotConfigured(f"The secret has no {field}.")
