"""A burst, shuffled and with duplicates, drains; that of `make soak` is twenty times larger."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.support.burst import assert_as_at_stripe, busy_shop, disturbed
from tests.support.line import Named, burst
from tests.support.shop import Shop

CUSTOMERS, EVENTS = 12, 240


def test_a_burst_drains_and_ends_as_stripe_has_it(
    shop: Shop, named: Named, record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(3)
    events = busy_shop(shop, CUSTOMERS, EVENTS)
    figures = burst(shop, disturbed(events, 0.3, dice), dice, 0.3, named)
    assert figures["messages sent back"] > 0, "some met trouble"
    assert assert_as_at_stripe(shop, CUSTOMERS) >= CUSTOMERS // 2
    record_property("events of a burst", len(events))
    for name, figure in figures.items():
        record_property(f"burst: {name}", figure)
