"""What operators are answered about endpoints and deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from billing.domain.delivery import Attempt, DeliveryState
from billing.domain.endpoint import DisabledReason


class EndpointShown(BaseModel):
    """Where a project is told of changes, and how that fares.

    Attributes:
        event_types: of what it is told; empty is everything.
        failing_since: the first failure after which nothing got through.
        slow_until: an attempt took two seconds or more; until then fewer go on at a time.
        old_secret_ends_at: until when the secret before signs too.
    """

    endpoint_id: str
    project_id: str
    url: str
    description: str
    event_types: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    slow_until: datetime | None
    old_secret_ends_at: datetime | None
    created_at: datetime
    created_by: str


class EndpointWithSecret(EndpointShown):
    """An endpoint with its new secret, shown this once."""

    secret: str


class Endpoints(BaseModel):
    """A project's endpoints, the oldest first."""

    endpoints: list[EndpointShown]


class PingSent(BaseModel):
    """A ping on its way."""

    delivery_id: str
    state: DeliveryState


class DeliverySummary(BaseModel):
    """A notification on its way to an endpoint, and what came of each attempt.

    Attributes:
        delivery_id: its `webhook-id`.
        next_attempt_at: null where none is to come by itself.
    """

    delivery_id: str
    endpoint_id: str
    type: str
    state: DeliveryState
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: list[Attempt]


class DeliveryShown(DeliverySummary):
    """A delivery with what was sent."""

    event: dict[str, Any]


class Deliveries(BaseModel):
    """A page of deliveries, the newest first."""

    deliveries: list[DeliverySummary]
    next_cursor: str | None


class Retried(BaseModel):
    """What was put back.

    Attributes:
        retried: how many failed deliveries are tried anew.
        next_cursor: goes on with those after them; null when all were put back.
    """

    retried: int
    next_cursor: str | None
