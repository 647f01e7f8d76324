"""Tell the apps: what a change of an account says, and what an instant that passed says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.adapters.dynamo.account_items import fact_of
from billing.adapters.event_bus import BusEvent
from billing.adapters.notification_queues import WakeUp
from billing.adapters.plain import to_plain
from billing.domain.access import access
from billing.domain.account import AccountKey
from billing.domain.boundary import changes_access, next_instant, trials_told_at, trials_told_late
from billing.domain.delivery import Delivery
from billing.domain.holdings import holdings_of
from billing.domain.notification import Notice, Notification, NotificationType, notices
from billing.services.mint_id import repeatable_timed_id

if TYPE_CHECKING:
    from billing.adapters.dynamo.deliveries import DeliveryStore
    from billing.adapters.dynamo.endpoints import EndpointStore
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.dynamo.stream import AccountChange
    from billing.adapters.event_bus import EventBus
    from billing.adapters.notification_queues import DeliveriesQueue, WakeUps
    from billing.domain.catalog import Catalog
    from billing.domain.policy import Holding

MESSAGE = "msg"

LATEST_WRITTEN = timedelta(hours=1)
"""A change is written within seconds of its instant; the rest is for clocks that differ."""


@dataclass(frozen=True)
class Collaborators:
    """What announcing needs.

    Attributes:
        catalog: of a project; one of some seconds ago will do.
    """

    accounts: AccountStore
    catalog: Callable[[str], Catalog]
    endpoints: EndpointStore
    deliveries: DeliveryStore
    queue: DeliveriesQueue
    bus: EventBus
    wake_ups: WakeUps


def announce(change: AccountChange, using: Collaborators, now: datetime) -> list[Notification]:
    """Tell what a change says, and wake up when the next thing happens by itself.

    Doing it again tells nothing new: the ids are made of the account, its version and what is told.
    What was written long after it happened was told then, and has been put back from a backup or
    from history: it only sets the wake-up, which no backup has.

    Raises:
        BillingError, BotoCoreError, ClientError: not all was told; doing it again is safe.
    """
    catalog = using.catalog(change.key.project_id)
    is_put_back = change.written_at - change.at > LATEST_WRITTEN
    told = [
        _notification(change.key, change.revision, change.at, str(change.version), notice)
        for notice in (() if is_put_back else _noticed(change, catalog, using))
    ]
    _publish(told, using)
    at = now if is_put_back else change.at
    coming = next_instant(change.after, catalog, at)
    if coming == next_instant(change.before, catalog, at):
        return told
    if coming:
        using.wake_ups.set(WakeUp(change.key, coming), now)
    else:
        using.wake_ups.clear(change.key)
    return told


def _noticed(change: AccountChange, catalog: Catalog, using: Collaborators) -> Iterator[Notice]:
    """Put together what a change says: the history has the facts, before and after."""
    for entry in using.accounts.history(change.key, limit=1, before=change.version + 1):
        before, after = (
            {sk: fact_of(sk, plain) for sk, plain in facts.items() if "#" in sk}
            for facts in (entry.before, entry.after)
        )
        yield from notices(before, after)
    yield from trials_told_late(change.before, change.after, change.at)
    if change.before != change.after:
        yield _entitlements_changed(change.after, catalog, change.at)


def wake(wake_up: WakeUp, using: Collaborators, now: datetime) -> list[Notification]:
    """Tell what an instant brought, if it did, and wake up at the next.

    An instant that moved meanwhile brings nothing: whatever moved it was told, and set its own.

    Raises:
        BillingError, BotoCoreError, ClientError: not all was told; doing it again is safe.
    """
    key, at = wake_up.key, wake_up.at
    if now < at:
        using.wake_ups.set(wake_up, now)
        return []
    account, catalog = using.accounts.load(key), using.catalog(key.project_id)
    holdings = holdings_of(account)
    brought = list(trials_told_at(holdings, at))
    if changes_access(holdings, catalog, at):
        brought.append(_entitlements_changed(holdings, catalog, at))
    told = [_notification(key, account.revision, at, to_plain(at), notice) for notice in brought]
    _publish(told, using)
    if coming := next_instant(holdings, catalog, at):
        using.wake_ups.set(WakeUp(key, coming), now)
    return told


def _entitlements_changed(holdings: Iterable[Holding], catalog: Catalog, at: datetime) -> Notice:
    codes = [each.feature_code for each in access(holdings, catalog, at)]
    return Notice(NotificationType.ENTITLEMENTS_CHANGED, data={"feature_codes": codes})


def _notification(
    key: AccountKey, revision: int, at: datetime, moment: str, notice: Notice
) -> Notification:
    account = {"project_id": key.project_id, "user_id": key.user_id, "revision": revision}
    return Notification(
        id=repeatable_timed_id(MESSAGE, at, str(key), moment, notice.type, notice.about),
        type=notice.type,
        at=at,
        account=key,
        data={**account, **notice.data},
    )


def _publish(told: Sequence[Notification], using: Collaborators) -> None:
    """Send notifications to the endpoints that want them, in order, and to the bus."""
    if not told:
        return
    project_id = told[0].account.project_id
    endpoints = using.endpoints.of_project(project_id)
    for notification in told:
        for endpoint in endpoints:
            if endpoint.wants(notification.type, notification.at):
                delivery = _delivery(notification, endpoint.id)
                using.deliveries.begin(delivery)
                using.queue.send(delivery)
    using.bus.put([BusEvent(each.type, each.at, _detail(each)) for each in told])


def _delivery(notification: Notification, endpoint_id: str) -> Delivery:
    return Delivery(
        id=notification.id,
        endpoint_id=endpoint_id,
        project_id=notification.account.project_id,
        event_type=notification.type,
        order=str(notification.account),
        body=body_of(notification.type, notification.at, notification.data),
        created_at=notification.at,
    )


def body_of(type_: str, at: datetime, data: object) -> str:
    """Write the body of a notification, as every endpoint gets it."""
    body = {"type": type_, "timestamp": to_plain(at), "data": to_plain(data)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _detail(notification: Notification) -> str:
    """Write what the bus carries: the endpoints' body, and its id, by which a repeat is known."""
    body = json.loads(body_of(notification.type, notification.at, notification.data))
    return json.dumps({"id": notification.id, **body}, ensure_ascii=False)
