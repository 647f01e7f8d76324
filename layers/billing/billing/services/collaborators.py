"""What a reconciliation run works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.events_queue import Message
from billing.services.pace import Pause

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.figures import FiguresStore
    from billing.adapters.dynamo.lookup import Lookup
    from billing.adapters.dynamo.runs import RunStore
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway

Send = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Collaborators:
    """What a run needs.

    Attributes:
        gateway: how to reach Stripe; it may find that no key is set.
        clock: the instant.
        send: puts a message on the queue of events.
        pause: how to wait for some seconds: where Stripe asks for it, and for what was sent.
        livemode: which of Stripe's modes this stage serves.
        has_time: whether there is time for another page, or another repair.
    """

    runs: RunStore
    accounts: AccountStore
    lookup: Lookup
    figures: FiguresStore
    catalogs: CatalogStore
    gateway: Callable[[], StripeGateway]
    clock: Callable[[], datetime]
    send: Send
    pause: Pause
    livemode: bool = False
    has_time: Callable[[], bool] = lambda: True
