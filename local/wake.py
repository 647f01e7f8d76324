"""Wakes every account once: `make wake STAGE=… SINCE=2026-11-02T03:00Z`.

The instants at which access changes by itself wait in schedules, one an account, which are a
region's own and in no backup. A region that takes over is told of none. So each account gets a
wake-up for the instant since when nobody did it: that tells what happened by itself since then, and
sets the next. An instant is told under the same id each time, so this bears to be repeated.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from billing.adapters.dynamo.catalog_store import CatalogStore
from billing.adapters.dynamo.store import AccountStore
from billing.adapters.notification_queues import WakeUp
from billing.domain.account import AccountKey
from billing.domain.errors import TryAgain
from billing.services.list_projects import list_projects
from billing.settings import Settings
from local.console import LocalError, say
from local.credentials import use_operators
from local.place import STACK_NAME, Place, table_name

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10
"""Messages that SQS takes at once."""

PAGE = 100


def main(arguments: list[str] | None = None) -> int:
    """Wake the accounts of one stack.

    Returns:
        The exit status: 0, or 1 with a message on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m local.wake", description=__doc__)
    parser.add_argument("--stack", required=True, help="the CloudFormation stack's name")
    parser.add_argument("--since", required=True, help="when the other region stopped (ISO 8601)")
    given = parser.parse_args(arguments)
    try:
        if given.stack == STACK_NAME:
            os.environ.update(Place.from_environment().aws_environment())
        use_operators(os.environ)
        since = _instant(given.since)
        count = wake(find(given.stack), since, boto3.client("sqs"))
    except (BotoCoreError, ClientError, LocalError, PynamoDBException, TryAgain) as error:
        print(f"Not every account was woken; wake them again: {error}", file=sys.stderr)
        return 1
    say(f"{count} accounts are woken, and tell what happened since {since:%Y-%m-%dT%H:%M:%SZ}.")
    return 0


def wake(names: Settings, since: datetime, sqs: SQSClient) -> int:
    """Put a wake-up for each account on the queue of wake-ups, as of `since`.

    Returns:
        How many accounts there are.

    Raises:
        LocalError: the queue did not take one.
    """
    count, keys = 0, _accounts(names)
    while batch := list(islice(keys, BATCH)):
        told = sqs.send_message_batch(
            QueueUrl=names.boundaries_queue_url,
            Entries=[
                {"Id": str(number), "MessageBody": WakeUp(key, since).text()}
                for number, key in enumerate(batch)
            ],
        )
        if refused := told.get("Failed"):
            raise LocalError(refused[0].get("Message", refused[0]["Code"]))
        count += len(batch)
    return count


def find(stack: str) -> Settings:
    """Name what waking needs of a deployed stack.

    Raises:
        ClientError: there is no such stack.
    """
    queue = boto3.client("cloudformation").describe_stack_resource(
        StackName=stack, LogicalResourceId="BoundariesQueue"
    )
    return Settings(
        catalog_table=table_name(stack, "CatalogTable"),
        accounts_table=table_name(stack, "AccountsTable"),
        boundaries_queue_url=str(queue["StackResourceDetail"]["PhysicalResourceId"]),
    )


def _accounts(names: Settings) -> Iterator[AccountKey]:
    """Go through all accounts of all projects, by the index of projects."""
    store = AccountStore(names)
    for project in list_projects(CatalogStore(names)):
        after: str | None = None
        while page := store.accounts(project.id, limit=PAGE, after=after):
            yield from (AccountKey.parse(item.pk) for item in page)
            after = page[-1].user_id


def _instant(text: str) -> datetime:
    """Read an instant; one without an offset is UTC.

    Raises:
        LocalError: it is none.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"'{text}' is no instant, as 2026-11-02T03:00Z is one"
        raise LocalError(message) from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
