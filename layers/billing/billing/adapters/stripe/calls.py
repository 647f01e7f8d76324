"""How a call to Stripe is made: guarded, mapped to our errors, and answered as plain JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import stripe

from billing.adapters.stripe.breaker import Breaker
from billing.adapters.stripe.tolerated import Operation, is_tolerated
from billing.adapters.stripe.transport import BoundedClient, Timeouts
from billing.adapters.stripe.trouble import map_error

API_VERSION = "2026-10-28.endive"
"""The version whose shapes are asked for. Webhooks come in the version of their endpoint."""

PAGE = 100
"""The most entries that Stripe lists at once."""

# The SDK tells Stripe about the host, and for that writes a file into the home directory.
stripe.enable_telemetry = False
# At INFO it logs Stripe's messages, which can quote personal data.
logging.getLogger("stripe").setLevel(logging.WARNING)

Json = dict[str, Any]
_T = TypeVar("_T")


class Calls:
    """The SDK's client, and the ways in which the gateway uses it."""

    def __init__(self, api_key: str, api_base: str, timeouts: Timeouts) -> None:
        """Connect to Stripe, or to what speaks like it, at `api_base`."""
        self._breaker = Breaker()
        self._client = stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base},
            max_network_retries=timeouts.retries,
            http_client=BoundedClient(timeouts),
        )
        self.v1 = self._client.v1

    def send(self, operation: Operation, call: Callable[[], _T]) -> _T:
        """Make a call whose every error is a failure.

        Raises:
            BillingError: what `map_error` makes of Stripe's error.
        """

        def mapped() -> _T:
            try:
                return call()
            except stripe.StripeError as error:
                raise map_error(error, operation) from error

        return self._breaker.call(mapped)

    def read(self, operation: Operation, call: Callable[[], stripe.StripeObject]) -> Json | None:
        """Fetch something that may be gone: then `None`."""

        def tolerant() -> Json | None:
            try:
                return plain(call())
            except stripe.InvalidRequestError as error:
                if is_tolerated(operation, error.code):
                    return None
                raise

        return self.send(operation, tolerant)

    def each(
        self,
        operation: Operation,
        list_page: Callable[[Any], stripe.StripeObject],
        params: Mapping[str, object],
    ) -> Iterator[Json]:
        """Go through a list, page by page."""
        page = dict(params)
        while True:
            listed = self.page(operation, list_page, page)
            yield from listed["data"]
            if not listed["has_more"] or not listed["data"]:
                return
            page["starting_after"] = listed["data"][-1]["id"]

    def page(
        self,
        operation: Operation,
        list_page: Callable[[Any], stripe.StripeObject],
        params: Mapping[str, object],
    ) -> Json:
        """Fetch one page of a list, as Stripe answers it."""
        return self.send(operation, _call(list_page, {"limit": PAGE, **params}))

    def raw_page(self, operation: Operation, path: str, params: Mapping[str, object]) -> Json:
        """Fetch one page of a long list as the JSON that it is.

        Making the SDK's objects of a hundred subscriptions takes it four times as long as reading
        their JSON, and they would be made plain again (stripe 16.1).
        """
        asked: Any = {"limit": PAGE, **params}
        return self.send(operation, lambda: self._client.raw_request("get", path, **asked).data)

    def all_of(
        self,
        operation: Operation,
        list_page: Callable[[Any], stripe.StripeObject],
        params: Mapping[str, object] | None = None,
    ) -> list[Json]:
        """Fetch a list whole."""
        return list(self.each(operation, list_page, params or {}))


def plain(obj: stripe.StripeObject) -> Json:
    """Return an object as JSON has it: decimals as text, no SDK types."""
    return obj.to_dict(for_json=True)


def _call(
    list_page: Callable[[Any], stripe.StripeObject], page: Mapping[str, object]
) -> Callable[[], Json]:
    return lambda: plain(list_page(page))
