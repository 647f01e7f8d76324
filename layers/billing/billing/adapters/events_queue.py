"""The FIFO queue between Stripe and the state: the endpoint fills it, the processor drains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from billing.composition import once
from billing.domain.errors import NotConfigured, TryAgain
from billing.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the FIFO queue: events of one group keep their order, once per id."""

    body: str
    group: str
    deduplication: str


def send(message: Message) -> None:
    """Put an event on the queue.

    Raises:
        NotConfigured: the queue is not named.
        TryAgain: it did not take the event.
    """
    if not settings().events_queue_url:
        raise NotConfigured("EVENTS_QUEUE_URL is not set.")
    try:
        queue().send_message(
            QueueUrl=settings().events_queue_url,
            MessageBody=message.body,
            MessageGroupId=message.group,
            MessageDeduplicationId=message.deduplication,
        )
    except (BotoCoreError, ClientError) as error:
        raise TryAgain("The queue did not take the event.") from error


@once
def queue() -> SQSClient:
    """Compose the queue's client: kept open while the process is warm."""
    config = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2})
    client = botocore.session.get_session().create_client("sqs", config=config)
    return cast("SQSClient", client)
