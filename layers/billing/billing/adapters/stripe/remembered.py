"""Stripe's coupons and prices with all their terms, remembered for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from billing.adapters.stripe.calls import Calls, Json
from billing.adapters.stripe.tolerated import Operation

KEPT = 300
"""Seconds for which terms are remembered.

What a coupon takes off, and of which products, never changes at Stripe; neither does a price's
amount. Currencies can be added to both.
"""

COUPON_TERMS = ["applies_to", "currency_options"]
PRICE_TERMS = ["currency_options"]
"""What has to be asked for to be shown it."""

Fetch = Callable[[str], Json | None]


class Remembered:
    """What was fetched by id, for `KEPT` seconds."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing.

        Args:
            fetch: asks Stripe.
            clock: seconds that never go back.
        """
        self._fetch, self._clock = fetch, clock
        self._known: dict[str, tuple[float, Json | None]] = {}

    def __call__(self, object_id: str) -> Json | None:
        """Return an object as it was fetched within that time."""
        now = self._clock()
        until, found = self._known.get(object_id, (now, None))
        if now >= until:
            found = self._fetch(object_id)
            self._known = {id_: each for id_, each in self._known.items() if now < each[0]}
            self._known[object_id] = now + KEPT, found
        return found


class StripeTerms:
    """Terms as Stripe has them; an object that is gone is `None`."""

    def __init__(self, calls: Calls) -> None:
        """Ask by these calls, each thing once in a while."""
        self._calls = calls
        self._coupons, self._prices = Remembered(self._coupon), Remembered(self._price)

    def coupon(self, coupon_id: str) -> Json | None:
        """Return a coupon with the products that it is for, and in all its currencies."""
        return self._coupons(coupon_id)

    def price(self, price_id: str) -> Json | None:
        """Return a price in all its currencies."""
        return self._prices(price_id)

    def _coupon(self, coupon_id: str) -> Json | None:
        retrieve = self._calls.v1.coupons.retrieve
        asked = partial(retrieve, coupon_id, {"expand": COUPON_TERMS})
        return self._calls.read(Operation.READ_COUPON, asked)

    def _price(self, price_id: str) -> Json | None:
        asked = partial(self._calls.v1.prices.retrieve, price_id, {"expand": PRICE_TERMS})
        return self._calls.read(Operation.READ_PRICE, asked)
