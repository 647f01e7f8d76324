"""Deliveries in the notifications table: `endpoint#ID`, `delivery#ID`, whose ids sort by time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pynamodb.exceptions import DoesNotExist, PutError

from billing.adapters.dynamo.models import NotificationItem, bind
from billing.adapters.dynamo.page import Page
from billing.adapters.plain import from_plain, to_plain
from billing.domain.delivery import Delivery, DeliveryState
from billing.settings import Settings

KEPT_DAYS = 30
SECONDS_PER_DAY = 86_400

LOOKED_AT_MOST = 1000
"""Deliveries that one page looks through for those that are wanted."""

_END = "~"
"""Above every id."""


class DeliveryStore:
    """What was, is and failed to be delivered to each endpoint, for 30 days."""

    def __init__(self, settings: Settings) -> None:
        """Bind the models to this deployment's tables."""
        bind(settings)

    def get(self, endpoint_id: str, delivery_id: str) -> Delivery | None:
        """Find a delivery to an endpoint."""
        try:
            item = NotificationItem.get(*_key(endpoint_id, delivery_id), consistent_read=True)
        except DoesNotExist:
            return None
        return from_plain(Delivery, item.data)

    def begin(self, delivery: Delivery) -> None:
        """Record a delivery before it is sent; one that is recorded already stays as it is."""
        try:
            _item(delivery).save(condition=NotificationItem.pk.does_not_exist())
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise

    def put(self, delivery: Delivery) -> None:
        """Record what became of a delivery."""
        _item(delivery).save()

    def put_if_unchanged(self, delivery: Delivery, before: Delivery) -> None:
        """Record a delivery anew, unless an attempt was noted since it was read as `before`."""
        is_unchanged: Any = NotificationItem.data == to_plain(before)
        try:
            _item(delivery).save(condition=is_unchanged)
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise

    def page(
        self,
        endpoint_id: str,
        limit: int = 50,
        cursor: str | None = None,
        state: DeliveryState | None = None,
    ) -> Page[Delivery]:
        """List an endpoint's deliveries, the newest first; `cursor` is the last id looked at.

        A page may have fewer than there are, even none; only one without `next_cursor` is the
        last.
        """
        before = NotificationItem.sk < f"delivery#{cursor}" if cursor else None
        condition = NotificationItem.sk.startswith("delivery#") if before is None else before
        items = NotificationItem.query(
            f"endpoint#{endpoint_id}", condition, scan_index_forward=False, consistent_read=True
        )
        return _page(items, lambda each: state in (None, each.state), limit)

    def retriable(
        self,
        endpoint_id: str,
        limit: int,
        now: datetime,
        *,
        first: str = "",
        before: str = _END,
        after: str = "",
    ) -> Page[Delivery]:
        """List an endpoint's deliveries that may be retried by hand, the oldest first, as `page`.

        Args:
            endpoint_id: to which.
            limit: how many at most.
            now: the instant.
            first: ids from this one on.
            before: ids below this one.
            after: the cursor of the page before.
        """
        lower = f"delivery#{max(first, f'{after}0' if after else '')}"
        upper = f"delivery#{before}"
        if lower > upper:
            return Page([])
        condition = NotificationItem.sk.between(lower, upper)
        items = NotificationItem.query(f"endpoint#{endpoint_id}", condition, consistent_read=True)
        return _page(items, lambda each: each.may_be_retried(now), limit)


def _page(
    items: Iterable[NotificationItem], is_wanted: Callable[[Delivery], bool], limit: int
) -> Page[Delivery]:
    found: list[Delivery] = []
    for number, item in enumerate(items, 1):
        delivery = from_plain(Delivery, item.data)
        found += [delivery] if is_wanted(delivery) else []
        if len(found) > limit:
            return Page(found[:limit], found[limit - 1].id)
        if number == LOOKED_AT_MOST:
            return Page(found, item.sk.removeprefix("delivery#"))
    return Page(found)


def _item(delivery: Delivery) -> NotificationItem:
    return NotificationItem(
        *_key(delivery.endpoint_id, delivery.id),
        state=delivery.state.value,
        data=to_plain(delivery),
        expires_at=int(delivery.created_at.timestamp()) + KEPT_DAYS * SECONDS_PER_DAY,
    )


def _key(endpoint_id: str, delivery_id: str) -> tuple[str, str]:
    return f"endpoint#{endpoint_id}", f"delivery#{delivery_id}"
