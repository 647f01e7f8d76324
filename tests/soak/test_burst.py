"""Five thousand events of two hundred customers, shuffled, three in ten of them twice.

BURST_CUSTOMERS makes it smaller or larger; each customer brings 25 events.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

from tests.soak.conftest import Soak
from tests.support.burst import Fifo, assert_as_at_stripe, busy_shop, disturbed
from tests.support.shop import Shop

CUSTOMERS = int(os.environ.get("BURST_CUSTOMERS", "200"))
EVENTS = 25 * CUSTOMERS


def test_a_burst_drains_and_ends_as_stripe_has_it(
    shop: Shop, soak: Soak, record_property: Callable[[str, object], None]
) -> None:
    dice, queue = random.Random(soak.seed), Fifo()
    events = [shop.payload(event) for event in busy_shop(shop, CUSTOMERS, EVENTS)]
    for number, payload in enumerate(disturbed(events, 0.3, dice)):
        queue.send(payload, number, late=True)
    started = time.monotonic()
    queue.drain(dice)
    seconds = time.monotonic() - started
    assert queue.dead == []
    subscriptions = assert_as_at_stripe(shop, CUSTOMERS)
    delivered = len(events) + int(len(events) * 0.3)
    record_property("events of a burst", len(events))
    record_property("deliveries of a burst", delivered)
    record_property("subscriptions compared with Stripe", subscriptions)
    record_property("deliveries a second", round(delivered / seconds))
