"""What the notifications are made with, built once: for who announces, delivers and manages."""

from __future__ import annotations

import random
import ssl

from billing.adapters.dynamo.attempts import RunningAttempts
from billing.adapters.dynamo.connection import open_connection
from billing.adapters.dynamo.deliveries import DeliveryStore
from billing.adapters.dynamo.endpoints import EndpointStore
from billing.adapters.event_bus import EventBus
from billing.adapters.notification_queues import DeliveriesQueue, WakeUps
from billing.adapters.outbound import Outbound
from billing.composition import now, once
from billing.services import announce, deliver
from billing.settings import settings
from billing.stores import account_store, cached_catalog, open_stores


def open_announcing() -> None:
    """Compose what announcing needs in init, as `open_stores` does."""
    open_stores()
    if settings().deliveries_queue_url:
        announcing()


def open_delivering() -> None:
    """Compose what delivering needs in init, as `open_stores` does."""
    if settings().deliveries_queue_url:
        deliveries_queue()
        delivering()
        open_connection()


@once
def endpoint_store() -> EndpointStore:
    """Return the endpoints that projects registered."""
    return EndpointStore(settings())


@once
def delivery_store() -> DeliveryStore:
    """Return what was, is and failed to be delivered."""
    return DeliveryStore(settings())


@once
def running_attempts() -> RunningAttempts:
    """Return how many attempts go on at each endpoint."""
    return RunningAttempts(settings())


@once
def deliveries_queue() -> DeliveriesQueue:
    """Return the queue of what is to be sent."""
    return DeliveriesQueue(settings())


@once
def event_bus() -> EventBus:
    """Return the bus that carries the same."""
    return EventBus(settings())


@once
def outbound() -> Outbound:
    """Return what sends to endpoints; this machine is one in dev only."""
    context = ssl.create_default_context()
    return Outbound(local_is_allowed=settings().stage == "dev", context=context)


@once
def announcing() -> announce.Collaborators:
    """Return what announcing needs."""
    return announce.Collaborators(
        accounts=account_store(),
        catalog=cached_catalog().catalog,
        endpoints=endpoint_store(),
        deliveries=delivery_store(),
        queue=deliveries_queue(),
        bus=event_bus(),
        wake_ups=WakeUps(settings()),
    )


@once
def delivering() -> deliver.Collaborators:
    """Return what delivering needs."""
    return deliver.Collaborators(
        endpoints=endpoint_store(),
        deliveries=delivery_store(),
        running=running_attempts(),
        outbound=outbound(),
        bus=event_bus(),
        clock=now,
        jitter=random.random,
    )
