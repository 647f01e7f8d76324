"""Five thousand events of two hundred customers: shuffled, many twice, some met by trouble."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from tests.soak.conftest import Soak
from tests.support.burst import assert_as_at_stripe, busy_shop, disturbed
from tests.support.line import Named, burst
from tests.support.shop import Shop

CUSTOMERS = 200
EVENTS = 25 * CUSTOMERS
TROUBLE = 0.05


def test_a_burst_drains_and_ends_as_stripe_has_it(
    shop: Shop, soak: Soak, named: Named, record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(soak.seed)
    events = busy_shop(shop, CUSTOMERS, EVENTS)
    started = time.monotonic()
    figures = burst(shop, disturbed(events, 0.3, dice), dice, TROUBLE, named)
    seconds = time.monotonic() - started
    record_property("subscriptions compared with Stripe", assert_as_at_stripe(shop, CUSTOMERS))
    record_property("events of a burst", len(events))
    for name, figure in figures.items():
        record_property(f"burst: {name}", figure)
    record_property("burst: seconds", round(seconds))
    record_property("burst: deliveries a second", round(figures["deliveries"] / seconds))
