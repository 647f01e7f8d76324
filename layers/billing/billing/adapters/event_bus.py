"""The EventBridge bus that carries the notifications to consumers within AWS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing.adapters.aws.endpoint import Service
from billing.adapters.aws.wire import AwsError, AwsWire
from billing.domain.errors import TryAgain
from billing.settings import Settings, environment

EVENTS = Service(
    "events", "AWS_ENDPOINT_URL_EVENTBRIDGE", "AWSEvents", "application/x-amz-json-1.1"
)

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
        """Compose the connection, which opens with the first event and stays open."""
        self._name = settings.event_bus
        self._events = AwsWire(EVENTS, environment())

    def put(self, events: list[BusEvent]) -> None:
        """Put events on the bus, each at least once.

        Raises:
            TryAgain: the bus did not take all of them.
        """
        for start in range(0, len(events), MOST_AT_ONCE):
            entries = [self._entry(event) for event in events[start : start + MOST_AT_ONCE]]
            try:
                answer = self._events.call("PutEvents", {"Entries": entries})
            except AwsError as error:
                raise TryAgain("The bus did not take the events.") from error
            if answer["FailedEntryCount"]:
                raise TryAgain("The bus did not take every event.")

    def _entry(self, event: BusEvent) -> dict[str, object]:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.type,
            "Time": event.at.timestamp(),
            "Detail": event.detail,
        }
