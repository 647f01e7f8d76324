"""The FIFO queue between Stripe and the state: the endpoint fills it, the processor drains it."""

from __future__ import annotations

from dataclasses import dataclass

from billing.adapters.aws.endpoint import SQS
from billing.adapters.aws.wire import AwsError, AwsWire
from billing.composition import once
from billing.domain.errors import NotConfigured, TryAgain
from billing.settings import environment, settings


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
        queue().call(
            "SendMessage",
            {
                "QueueUrl": settings().events_queue_url,
                "MessageBody": message.body,
                "MessageGroupId": message.group,
                "MessageDeduplicationId": message.deduplication,
            },
        )
    except AwsError as error:
        raise TryAgain("The queue did not take the event.") from error


@once
def queue() -> AwsWire:
    """Compose the queue's connection, which stays open while the process is warm."""
    sqs = AwsWire(SQS, environment())
    sqs.open()
    return sqs
