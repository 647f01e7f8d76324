"""The queues of the notifications: deliveries in order, and wake-ups at an instant.

A wake-up that is near waits in the queue, to the second. One that is far waits in a one-shot
EventBridge schedule, whose clock is good to a minute and which may come late but never early: it
fires a minute before, and what it wakes lets the queue do the rest.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from billing.adapters.plain import to_plain
from billing.domain.account import AccountKey
from billing.domain.delivery import Delivery
from billing.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient

NEAR = timedelta(minutes=10)
"""What the queue's own delay spans; SQS delays a message by 15 minutes at most."""

EARLIER = timedelta(minutes=1)
"""How much before the instant a schedule fires: EventBridge takes up to a minute."""

NAME_CHARACTERS = 32
"""Of 64 that a schedule's name may have; the stack's name has the others."""


def client(service: str) -> Any:  # noqa: ANN401 - botocore makes its clients' types at run time
    """Make a client of this function's region, impatient and tried again a little."""
    config = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 3})
    return botocore.session.get_session().create_client(service, config=config)


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
        """Compose the client."""
        self._url = settings.deliveries_queue_url
        self._sqs = cast("SQSClient", client("sqs"))

    def send(self, delivery: Delivery, repetition: str = "") -> None:
        """Put a delivery on the queue; the same again within minutes is there once.

        Args:
            delivery: what is recorded under its id.
            repetition: tells one that is wanted again from one that is put again.

        Raises:
            BotoCoreError, ClientError: the queue did not take it.
        """
        self._sqs.send_message(
            QueueUrl=self._url,
            MessageBody=Ticket.of(delivery).text(),
            MessageGroupId=_digest(delivery.endpoint_id, delivery.order),
            MessageDeduplicationId=_digest(delivery.endpoint_id, delivery.id, repetition),
        )

    def hide(self, receipt_handle: str, wait: timedelta) -> None:
        """Let a message come back after a while, and keep its group in order meanwhile."""
        self._sqs.change_message_visibility(
            QueueUrl=self._url,
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
        """Compose the clients."""
        self._settings = settings
        self._sqs = cast("SQSClient", client("sqs"))
        self._scheduler = cast("EventBridgeSchedulerClient", client("scheduler"))

    def set(self, wake_up: WakeUp, now: datetime) -> None:
        """Wake up at the instant.

        Raises:
            BotoCoreError, ClientError: neither the queue nor the scheduler took it.
        """
        wait = wake_up.at - now
        if wait > NEAR:
            self._schedule(wake_up)
            return
        self._sqs.send_message(
            QueueUrl=self._settings.boundaries_queue_url,
            MessageBody=wake_up.text(),
            DelaySeconds=max(0, math.ceil(wait.total_seconds())),
        )

    def clear(self, key: AccountKey) -> None:
        """Let an account sleep: nothing is going to change by itself."""
        try:
            self._scheduler.delete_schedule(Name=self._name(key))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise

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
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            self._scheduler.create_schedule(**schedule)

    def _name(self, key: AccountKey) -> str:
        """Name the one schedule of an account, whose user id may be any text."""
        return self._settings.boundary_schedules + _digest(str(key))[:NAME_CHARACTERS]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
