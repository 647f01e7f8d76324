"""The queues of the notifications: deliveries in order, and wake-ups at an instant.

A wake-up that is near waits in the queue, to the second. One that is far waits in a one-shot
EventBridge schedule, whose clock is good to a minute and which may come late but never early: it
fires a minute before, and what it wakes lets the queue do the rest.

The queues are spoken to without the SDK, which would cost the first push of a process a second; all
that is sent to them bears to arrive twice. The scheduler has another protocol, and nobody waits for
it: its client is made when the first instant is far.
"""

from __future__ import annotations

import hashlib
import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from billing.adapters.aws.endpoint import SQS
from billing.adapters.aws.wire import AwsError, AwsWire
from billing.adapters.plain import to_plain
from billing.domain.account import AccountKey
from billing.domain.delivery import Delivery
from billing.domain.errors import TryAgain
from billing.settings import Settings, environment

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

NEAR = timedelta(minutes=10)
"""What the queue's own delay spans; SQS delays a message by 15 minutes at most."""

EARLIER = timedelta(minutes=1)
"""How much before the instant a schedule fires: EventBridge takes up to a minute."""

NAME_CHARACTERS = 32
"""Of 64 that a schedule's name may have; the stack's name has the others."""


class Queue:
    """A queue of SQS."""

    def __init__(self, url: str) -> None:
        """Compose its connection, which opens with the first call and stays open."""
        self._url = url
        self._wire = AwsWire(SQS, environment())

    def call(self, operation: str, **payload: Any) -> None:  # noqa: ANN401 - JSON
        """Make a call that bears to arrive twice.

        Raises:
            TryAgain: SQS does not answer, or refuses.
        """
        try:
            self._wire.call(operation, {"QueueUrl": self._url, **payload})
        except AwsError as error:
            raise TryAgain("The queue did not take it.") from error


@dataclass(frozen=True, slots=True)
class Ticket:
    """Which delivery a message is about; the delivery itself is recorded before."""

    project_id: str
    endpoint_id: str
    delivery_id: str

    @classmethod
    def of(cls, delivery: Delivery) -> Ticket:
        """Name a delivery."""
        return cls(delivery.project_id, delivery.endpoint_id, delivery.id)

    @classmethod
    def read(cls, text: str) -> Ticket:
        """Read what `text` wrote."""
        return cls(**json.loads(text))

    def text(self) -> str:
        """Write it as a message."""
        return json.dumps(asdict(self))


class DeliveriesQueue:
    """The FIFO queue of what is to be sent: one group an account and endpoint."""

    def __init__(self, settings: Settings) -> None:
        """Compose the connection."""
        self._queue = Queue(settings.deliveries_queue_url)

    def send(self, delivery: Delivery, repetition: str = "") -> None:
        """Put a delivery on the queue; the same again within minutes is there once.

        Args:
            delivery: what is recorded under its id.
            repetition: tells one that is wanted again from one that is put again.

        Raises:
            TryAgain: the queue did not take it.
        """
        self._queue.call(
            "SendMessage",
            MessageBody=Ticket.of(delivery).text(),
            MessageGroupId=_digest(delivery.endpoint_id, delivery.order),
            MessageDeduplicationId=_digest(delivery.endpoint_id, delivery.id, repetition),
        )

    def hide(self, receipt_handle: str, wait: timedelta) -> None:
        """Let a message come back after a while, and keep its group in order meanwhile.

        Raises:
            TryAgain: the queue did not take it.
        """
        self._queue.call(
            "ChangeMessageVisibility",
            ReceiptHandle=receipt_handle,
            VisibilityTimeout=math.ceil(wait.total_seconds()),
        )


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Look at an account at an instant."""

    key: AccountKey
    at: datetime

    def text(self) -> str:
        """Write it as a message."""
        account = {"project_id": self.key.project_id, "user_id": self.key.user_id}
        return json.dumps({**account, "at": to_plain(self.at)})

    @classmethod
    def read(cls, text: str) -> WakeUp:
        """Read what `text` wrote."""
        told = json.loads(text)
        key = AccountKey(told["project_id"], told["user_id"])
        return cls(key, datetime.fromisoformat(told["at"]))


class WakeUps:
    """One wake-up an account: setting one replaces what was set before."""

    def __init__(self, settings: Settings) -> None:
        """Compose the connection."""
        self._settings = settings
        self._queue = Queue(settings.boundaries_queue_url)

    def set(self, wake_up: WakeUp, now: datetime) -> None:
        """Wake up at the instant.

        Raises:
            TryAgain: the queue did not take it.
            BotoCoreError, ClientError: the scheduler did not.
        """
        wait = wake_up.at - now
        if wait > NEAR:
            self._schedule(wake_up)
            return
        self._queue.call(
            "SendMessage",
            MessageBody=wake_up.text(),
            DelaySeconds=max(0, math.ceil(wait.total_seconds())),
        )

    def clear(self, key: AccountKey) -> None:
        """Let an account sleep: nothing is going to change by itself."""
        with suppress(self._scheduler.exceptions.ResourceNotFoundException):
            self._scheduler.delete_schedule(Name=self._name(key))

    def _schedule(self, wake_up: WakeUp) -> None:
        at = (wake_up.at.astimezone(UTC) - EARLIER).strftime("%Y-%m-%dT%H:%M:%S")
        schedule: dict[str, Any] = {
            "Name": self._name(wake_up.key),
            "ScheduleExpression": f"at({at})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": self._settings.boundaries_queue_arn,
                "RoleArn": self._settings.boundary_role_arn,
                "Input": wake_up.text(),
                "DeadLetterConfig": {"Arn": self._settings.boundaries_dead_letters_arn},
            },
        }
        try:
            self._scheduler.update_schedule(**schedule)
        except self._scheduler.exceptions.ResourceNotFoundException:
            self._scheduler.create_schedule(**schedule)

    @cached_property
    def _scheduler(self) -> EventBridgeSchedulerClient:
        """Make a client of this function's region, impatient and tried again a little."""
        import botocore.session  # noqa: PLC0415 - only who needs it waits for it
        from botocore.config import Config  # noqa: PLC0415 - the same

        config = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 3})
        made = botocore.session.get_session().create_client("scheduler", config=config)
        return cast("EventBridgeSchedulerClient", made)

    def _name(self, key: AccountKey) -> str:
        """Name the one schedule of an account, whose user id may be any text."""
        return self._settings.boundary_schedules + _digest(str(key))[:NAME_CHARACTERS]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
