"""One attempt to deliver: sign, send, note what came of it, and say when to try again."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from billing.adapters.event_bus import BusEvent
from billing.adapters.outbound import Undelivered
from billing.adapters.plain import to_plain
from billing.domain.delivery import (
    ATTEMPTS,
    Attempt,
    Delivery,
    DeliveryState,
    Problem,
    wait_after,
)
from billing.domain.endpoint import DisabledReason, Endpoint
from billing.domain.errors import NotFound
from billing.domain.signing import headers

if TYPE_CHECKING:
    from billing.adapters.dynamo.attempts import RunningAttempts
    from billing.adapters.dynamo.deliveries import DeliveryStore
    from billing.adapters.dynamo.endpoints import EndpointStore
    from billing.adapters.event_bus import EventBus
    from billing.adapters.notification_queues import Ticket
    from billing.adapters.outbound import Outbound

ENDPOINT_DISABLED = "endpoint.disabled"
"""What the bus is told when an endpoint gets nothing any more."""


@dataclass(frozen=True)
class Collaborators:
    """What delivering needs.

    Attributes:
        clock: the present instant.
        jitter: a number in [0, 1), another each time.
    """

    endpoints: EndpointStore
    deliveries: DeliveryStore
    running: RunningAttempts
    outbound: Outbound
    bus: EventBus
    clock: Callable[[], datetime]
    jitter: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt.

    Attributes:
        delivery: as it stands; `None` where there is nothing to deliver any more.
        wait: until the message shall come back; `None` where it is done with.
        disabled: why the endpoint was disabled just now.
    """

    delivery: Delivery | None
    wait: timedelta | None = None
    disabled: DisabledReason | None = None


def deliver(ticket: Ticket, number: int, using: Collaborators) -> Outcome:
    """Try to deliver, for the time of this number, 1 being the first.

    Where as many attempts go on at the endpoint as may, it is put off as if it had been tried, save
    the last time: an endpoint that takes long takes nobody else's turn.

    Raises:
        BillingError, BotoCoreError, ClientError, PynamoDBException: what came of it could not be
            noted; the endpoint may get it again.
    """
    endpoint = using.endpoints.get(ticket.project_id, ticket.endpoint_id)
    delivery = using.deliveries.get(ticket.endpoint_id, ticket.delivery_id)
    if endpoint is None or delivery is None or delivery.state is DeliveryState.DELIVERED:
        return Outcome(delivery)
    now = using.clock()
    if not endpoint.is_enabled:
        attempt = Attempt(now, 0, problem=Problem.ENDPOINT_DISABLED)
        return _settled(delivery.after(attempt, DeliveryState.FAILED), using)
    if number >= ATTEMPTS:
        return _tried(endpoint, delivery, number, using)
    running = using.running.begin(endpoint.id, endpoint.share(now), now)
    if running is None:
        return _put_off(delivery, Attempt(now, 0, problem=Problem.ENDPOINT_BUSY), number, using)
    try:
        return _tried(endpoint, delivery, number, using)
    finally:
        using.running.end(running)


def _tried(endpoint: Endpoint, delivery: Delivery, number: int, using: Collaborators) -> Outcome:
    attempt = _attempt(endpoint, delivery, using)
    if not attempt.is_accepted:
        return _failed(endpoint, delivery, attempt, number, using)
    _change(endpoint, lambda each: each.after(attempt.took, using.clock()).succeeded(), using)
    return _settled(delivery.after(attempt, DeliveryState.DELIVERED), using)


def _attempt(endpoint: Endpoint, delivery: Delivery, using: Collaborators) -> Attempt:
    at = using.clock()
    signed = headers(delivery.id, delivery.body, endpoint.signing_secrets(at), at)
    status, problem = None, None
    try:
        status = using.outbound.post(endpoint.url, delivery.body.encode(), signed)
    except Undelivered as trouble:
        problem = trouble.problem
    took = round((using.clock() - at).total_seconds() * 1000)
    return Attempt(at, took, status, problem)


def _failed(
    endpoint: Endpoint, delivery: Delivery, attempt: Attempt, number: int, using: Collaborators
) -> Outcome:
    """Note a failure, on the endpoint too, and say when to try again.

    The last of the attempts comes back at once, which makes the queue move it to the dead letters.
    """

    def fail(each: Endpoint) -> Endpoint:
        failed = each.after(attempt.took, using.clock()).failed(attempt.at)
        is_gone = attempt.status == HTTPStatus.GONE
        return failed.disabled(DisabledReason.GONE, attempt.at) if is_gone else failed

    disabled = _change(endpoint, fail, using)
    if disabled:
        return _settled(delivery.after(attempt, DeliveryState.FAILED), using, disabled=disabled)
    if number >= ATTEMPTS:
        failed = delivery.after(attempt, DeliveryState.FAILED)
        return _settled(failed, using, wait=timedelta(0))
    return _put_off(delivery, attempt, number, using)


def _put_off(delivery: Delivery, attempt: Attempt, number: int, using: Collaborators) -> Outcome:
    wait = wait_after(number, using.jitter())
    tried = delivery.after(attempt, DeliveryState.PENDING, attempt.at + wait)
    return _settled(tried, using, wait=wait)


def _settled(
    delivery: Delivery,
    using: Collaborators,
    *,
    wait: timedelta | None = None,
    disabled: DisabledReason | None = None,
) -> Outcome:
    using.deliveries.put(delivery)
    return Outcome(delivery, wait, disabled)


def _change(
    endpoint: Endpoint, change: Callable[[Endpoint], Endpoint], using: Collaborators
) -> DisabledReason | None:
    """Change an endpoint if it is still there; return why that disabled it, if it did.

    The notice goes out first, so that a crash in between repeats it rather than loses it.
    """
    after = change(endpoint)
    if after == endpoint:
        return None
    if not after.is_enabled:
        using.bus.put([_notice(after)])
    with suppress(NotFound):
        using.endpoints.change(endpoint.project_id, endpoint.id, change)
    return after.disabled_reason


def _notice(endpoint: Endpoint) -> BusEvent:
    told = {
        "project_id": endpoint.project_id,
        "endpoint_id": endpoint.id,
        "reason": endpoint.disabled_reason,
        "failing_since": endpoint.failing_since,
    }
    at = endpoint.disabled_at
    if at is None:
        raise AssertionError("only of a disabled endpoint")
    return BusEvent(ENDPOINT_DISABLED, at, json.dumps(to_plain(told)))
