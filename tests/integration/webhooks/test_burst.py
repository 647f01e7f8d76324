"""A burst, shuffled and with duplicates, drains; that of `make soak` is twenty times larger."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.support.burst import Fifo, assert_as_at_stripe, busy_shop, disturbed
from tests.support.shop import Shop

CUSTOMERS, EVENTS = 12, 240


def test_a_burst_drains_and_ends_as_stripe_has_it(
    shop: Shop, record_property: Callable[[str, object], None]
) -> None:
    dice, queue = random.Random(3), Fifo()
    events = [shop.payload(event) for event in busy_shop(shop, CUSTOMERS, EVENTS)]
    for number, payload in enumerate(disturbed(events, 0.3, dice)):
        queue.send(payload, number, late=True)
    queue.drain(dice)
    assert queue.dead == []
    assert assert_as_at_stripe(shop, CUSTOMERS) >= CUSTOMERS // 2
    record_property("events of a burst", len(events))
