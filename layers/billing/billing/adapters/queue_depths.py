"""How much waits in the queues, as SQS tells it: about, and a minute late at worst."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from billing.adapters.aws.endpoint import SQS
from billing.adapters.aws.wire import AwsError, AwsWire
from billing.composition import once
from billing.domain.errors import TryAgain
from billing.settings import environment, settings

STATES = {
    "ApproximateNumberOfMessages": "visible",
    "ApproximateNumberOfMessagesNotVisible": "in_flight",
    "ApproximateNumberOfMessagesDelayed": "delayed",
}


@dataclass(frozen=True, slots=True)
class Depth:
    """Messages of one queue in one state.

    Attributes:
        state: visible (may be received), in_flight (received, not yet done with), or delayed.
    """

    queue: str
    state: str
    messages: int


def queue_depths() -> Iterator[Depth]:
    """Ask each queue of the settings for its depth: one request a queue.

    Raises:
        TryAgain: SQS does not answer, or refuses.
    """
    for named in settings().watched_queues.split():
        name, _, url = named.partition("=")
        asked = {"QueueUrl": url, "AttributeNames": list(STATES)}
        try:
            attributes = _sqs().call("GetQueueAttributes", asked)["Attributes"]
        except AwsError as error:
            raise TryAgain("A queue does not tell its depth.") from error
        for attribute, state in STATES.items():
            yield Depth(name, state, int(attributes.get(attribute, 0)))


@once
def _sqs() -> AwsWire:
    return AwsWire(SQS, environment())
