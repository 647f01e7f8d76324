"""The EventBridge bus that carries the notifications to consumers within AWS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from billing.adapters.notification_queues import client
from billing.domain.errors import TryAgain
from billing.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "billing"

MOST_AT_ONCE = 10
"""Entries that one PutEvents takes."""


@dataclass(frozen=True, slots=True)
class BusEvent:
    """An event of the bus: its `detail-type`, and its `detail` as JSON."""

    type: str
    at: datetime
    detail: str


class EventBus:
    """Puts events on the bus of this deployment."""

    def __init__(self, settings: Settings) -> None:
        """Compose the client."""
        self._name = settings.event_bus
        self._events = cast("EventBridgeClient", client("events"))

    def put(self, events: list[BusEvent]) -> None:
        """Put events on the bus, each at least once.

        Raises:
            TryAgain: the bus did not take all of them.
            BotoCoreError, ClientError: it took none.
        """
        for start in range(0, len(events), MOST_AT_ONCE):
            answer = self._events.put_events(
                Entries=[
                    {
                        "EventBusName": self._name,
                        "Source": SOURCE,
                        "DetailType": event.type,
                        "Time": event.at,
                        "Detail": event.detail,
                    }
                    for event in events[start : start + MOST_AT_ONCE]
                ]
            )
            if answer["FailedEntryCount"]:
                raise TryAgain("The bus did not take every event.")
