"""Look at deliveries, have one or all that failed, or got lost, tried anew, and send a ping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.adapters.plain import to_plain
from billing.domain.delivery import Delivery, DeliveryState
from billing.domain.endpoint import Endpoint
from billing.domain.errors import Conflict, InvalidInput, NotFound
from billing.domain.notification import PING
from billing.services.announce import MESSAGE, body_of
from billing.services.mint_id import first_id, is_id, mint_id

if TYPE_CHECKING:
    from billing.adapters.dynamo.deliveries import DeliveryStore
    from billing.adapters.notification_queues import DeliveriesQueue


class EndpointIsDisabled(Conflict):
    """Nothing is sent to the endpoint."""

    code = "endpoint_disabled"
    title = "The endpoint is disabled"
    remedy = 'Enable it first: PATCH it with {"enabled": true}.'


class NotFailed(Conflict):
    """The delivery is on its way, or has arrived."""

    code = "delivery_not_failed"
    title = "The delivery has not failed"
    remedy = (
        "Only a failed one is retried by hand, or a pending one that is an hour overdue; "
        "`next_attempt_at` tells when a pending one is tried."
    )


def known_delivery(deliveries: DeliveryStore, endpoint: Endpoint, delivery_id: str) -> Delivery:
    """Return a delivery to an endpoint.

    Raises:
        NotFound: there is none of that id, or it is older than 30 days.
    """
    delivery = deliveries.get(endpoint.id, delivery_id) if is_id(delivery_id) else None
    if delivery is None:
        raise NotFound(f"The endpoint '{endpoint.id}' has no delivery '{delivery_id}'.")
    return delivery


def known_cursor(cursor: str | None) -> str | None:
    """Return a cursor of a list of deliveries: the id of one.

    Raises:
        InvalidInput: no answer gave that cursor.
    """
    if cursor is not None and not is_id(cursor):
        raise InvalidInput.field("cursor", "must be the next_cursor of an answer")
    return cursor


def retry_delivery(
    deliveries: DeliveryStore,
    queue: DeliveriesQueue,
    endpoint: Endpoint,
    delivery_id: str,
    *,
    now: datetime,
) -> Delivery:
    """Have a delivery that failed, or that is overdue, tried anew, as often as a new one.

    What is overdue, though it waits behind another, is sent once all the same: whoever comes to its
    turn second finds it delivered.

    Raises:
        NotFound: there is no such delivery.
        EndpointIsDisabled: nothing is sent to the endpoint.
        NotFailed: it is on its way, or has arrived.
    """
    delivery = known_delivery(deliveries, endpoint, delivery_id)
    _insist_on_enabled(endpoint)
    if not delivery.may_be_retried(now):
        raise NotFailed(f"It is {delivery.state}.")
    return _put_back(deliveries, queue, delivery, now)


def _put_back(
    deliveries: DeliveryStore, queue: DeliveriesQueue, delivery: Delivery, now: datetime
) -> Delivery:
    anew = replace(delivery, state=DeliveryState.PENDING, next_attempt_at=now)
    queue.send(anew, repetition=to_plain(now))
    deliveries.put_if_unchanged(anew, delivery)
    return anew


@dataclass(frozen=True, slots=True)
class Span:
    """When the notifications were made: `[since, until)`; `None` has no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, at: datetime) -> bool:
        """Whether an instant lies in it."""
        return (not self.since or self.since <= at) and (not self.until or at < self.until)

    def ids(self) -> dict[str, str]:
        """Bound the ids, to the millisecond."""
        tick = timedelta(milliseconds=1)
        first = {"first": first_id(MESSAGE, self.since)} if self.since else {}
        return {**first, **({"before": first_id(MESSAGE, self.until + tick)} if self.until else {})}


def retry_failed(
    deliveries: DeliveryStore,
    queue: DeliveriesQueue,
    endpoint: Endpoint,
    *,
    span: Span,
    limit: int,
    cursor: str | None,
    now: datetime,
    has_time: Callable[[], bool],
) -> tuple[int, str | None]:
    """Have the oldest `limit` of what failed, or is overdue, at an endpoint tried anew, in order.

    Fewer where time is short. To ask again is harmless: one that is on its way is neither.

    Returns:
        How many; and a cursor that goes on with those after them, `None` when all were.

    Raises:
        EndpointIsDisabled: nothing is sent to the endpoint.
        InvalidInput: no answer gave that cursor, or the span ends before it begins.
    """
    if span.since and span.until and span.until <= span.since:
        raise InvalidInput.field("until", "must be after since")
    cursor = known_cursor(cursor)
    _insist_on_enabled(endpoint)
    page = deliveries.retriable(endpoint.id, limit, now, after=cursor or "", **span.ids())
    done = 0
    for delivery in page.items:
        if done and not has_time():
            return done, cursor
        cursor = delivery.id
        if span.has(delivery.created_at):
            _put_back(deliveries, queue, delivery, now)
            done += 1
    return done, page.next_cursor


def ping(
    deliveries: DeliveryStore, queue: DeliveriesQueue, endpoint: Endpoint, *, now: datetime
) -> Delivery:
    """Send a ping, whatever the endpoint asked to be told of.

    Raises:
        EndpointIsDisabled: nothing is sent to the endpoint.
    """
    _insist_on_enabled(endpoint)
    data = {"project_id": endpoint.project_id, "endpoint_id": endpoint.id}
    delivery = Delivery(
        id=mint_id(MESSAGE, now),
        endpoint_id=endpoint.id,
        project_id=endpoint.project_id,
        event_type=PING,
        order=PING,
        body=body_of(PING, now, data),
        created_at=now,
    )
    deliveries.begin(delivery)
    queue.send(delivery)
    return delivery


def _insist_on_enabled(endpoint: Endpoint) -> None:
    if not endpoint.is_enabled:
        raise EndpointIsDisabled
