"""The world that is asked about: one project, its key, and users, as the service writes them.

The items are made by the service's own code in an in-memory DynamoDB and written to a file, so
that they have the size and the shape of the deployed ones. `python -m benchmarks.world FILE`.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from billing.adapters.aws.endpoint import DYNAMODB
from tests.support.dynamo import create_tables, table_names

REGION = "us-east-1"
WEBHOOK_SECRET = "whsec_benchmarks"  # noqa: S105 - of a Stripe that does not exist
USERS = 100
FEATURE = "export"
TABLES = table_names("bench")

Item = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class World:
    """What the file holds.

    Attributes:
        key: an API key of the project with every scope.
        admin_key: an operator's.
        users: who has a subscription.
        event: a Stripe event about the first user that changes its account.
        secrets: the fields of each secret.
        tables: the items of each table, in DynamoDB's JSON.
    """

    key: str
    admin_key: str
    users: list[str]
    event: dict[str, Any]
    secrets: dict[str, dict[str, str]]
    tables: dict[str, list[Item]]

    @classmethod
    def read(cls, path: Path) -> World:
        """Read the file."""
        return cls(**json.loads(path.read_text()))


def environment(region: str = REGION) -> dict[str, str]:
    """Return what the template sets, for every function."""
    queues = f"https://sqs.{region}.amazonaws.com/123456789012"
    return {
        "STAGE": "dev",
        **TABLES,
        "LEDGER_TTL_DAYS": "90",
        "STRIPE_LIVEMODE": "false",
        "CHECKS_PER_SECOND": "1000000",  # one process is asked for as much as it can
        "STRIPE_API_BASE": "https://api.stripe.com",
        "STRIPE_API_KEY_SECRET": "stripe-api-key",
        "STRIPE_WEBHOOK_SECRET": "stripe-webhook",
        "ACCESS_TOKEN_KEYS_SECRET": "access-token-keys",
        "EVENTS_QUEUE_URL": f"{queues}/events.fifo",
        "DELIVERIES_QUEUE_URL": f"{queues}/deliveries.fifo",
        "BOUNDARIES_QUEUE_URL": f"{queues}/boundaries",
        "BOUNDARIES_QUEUE_ARN": f"arn:aws:sqs:{region}:123456789012:boundaries",
        "BOUNDARIES_DEAD_LETTERS_ARN": f"arn:aws:sqs:{region}:123456789012:boundaries-dead",
        "BOUNDARY_SCHEDULES": "bench-",
        "BOUNDARY_ROLE_ARN": "arn:aws:iam::123456789012:role/boundaries",
        "EVENT_BUS": "billing",
        "POWERTOOLS_SERVICE_NAME": "billing",
        "POWERTOOLS_METRICS_NAMESPACE": "Billing",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "ASIABENCHMARKS",
        "AWS_SECRET_ACCESS_KEY": "benchmarks",
        # As long as Lambda's are: it is signed and sent with every request.
        "AWS_SESSION_TOKEN": "benchmarks" * 80,
    }


def make(path: Path) -> None:
    """Make the world and write the file."""
    os.environ.update(environment())
    # Imported here: what they read of the environment is only now there.
    from moto import mock_aws  # noqa: PLC0415

    from tests.support.bridge import Bridge  # noqa: PLC0415

    bridge = Bridge(REGION)
    os.environ[DYNAMODB.variable] = bridge.url
    with mock_aws():
        path.write_text(json.dumps(_made(), ensure_ascii=False))
    bridge.close()


def _made() -> dict[str, Any]:
    import boto3  # noqa: PLC0415

    from billing.adapters.token_keys import new_key  # noqa: PLC0415
    from billing.services.apply_stripe_event import (  # noqa: PLC0415
        Collaborators,
        apply_stripe_event,
    )
    from billing.stores import account_store, cached_catalog  # noqa: PLC0415
    from tests.support.sample_story import the_catalog  # noqa: PLC0415
    from tests.support.world import a_world  # noqa: PLC0415

    dynamodb = boto3.client("dynamodb", region_name=REGION)
    create_tables(dynamodb, TABLES)
    world = a_world(catalog=the_catalog())
    using = Collaborators(account_store(), cached_catalog(), _no_stripe)
    now = datetime.now(UTC)
    for name in ("customer.subscription.created", "invoice.paid"):
        event = sample(name, event_id=f"evt_{name.replace('.', '_')}", at=now - timedelta(hours=1))
        outcome = apply_stripe_event(event, using=using, now=now)
        if outcome.kind not in {"applied", "no_change"}:
            raise RuntimeError(f"{name} was {outcome.kind}: {outcome.detail}")
    tables: dict[str, Any] = {
        table: list(dynamodb.scan(TableName=table)["Items"]) for table in TABLES.values()
    }
    accounts: list[Item] = tables[TABLES["ACCOUNTS_TABLE"]]
    (access,) = [item for item in accounts if item["sk"]["S"] == "access"]
    users = [f"bench-{number}" for number in range(USERS)]
    accounts += [_of_user(access, user) for user in users]
    update = sample("customer.subscription.updated", event_id="evt_update", at=now)
    return {
        "key": world.key,
        "admin_key": world.admin_key,
        "users": ["user-1", *users],
        "event": update,
        "secrets": {
            "stripe-api-key": {"api_key": "sk_test_benchmarks"},
            "stripe-webhook": {"current": WEBHOOK_SECRET},
            "access-token-keys": {"current": new_key()},
        },
        "tables": tables,
    }


def sample(name: str, *, event_id: str, at: datetime) -> dict[str, Any]:
    """Return a sample event of `events/stripe`, moved so that it was created at that instant."""
    from local.place import ROOT  # noqa: PLC0415
    from local.sign import prepared  # noqa: PLC0415

    event = json.loads((ROOT / "events" / "stripe" / f"{name}.json").read_text())
    return prepared(event, words={}, event_id=event_id, now=int(at.timestamp()))


def _of_user(access: Any, user: str) -> Item:  # noqa: ANN401 - DynamoDB's JSON
    return {**access, "pk": {"S": f"demo#{user}"}, "user_id": {"S": user}}


def _no_stripe() -> Any:  # noqa: ANN401 - nothing is returned
    raise AssertionError("an ordinary event asks Stripe nothing")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
