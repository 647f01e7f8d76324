"""The only caller of Stripe. What is asked for in our words is said here in Stripe's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from billing.adapters.stripe.calls import Calls, Json
from billing.adapters.stripe.discounts import has_discounts
from billing.adapters.stripe.listed import (
    Listed,
    ListPage,
    Window,
    read_page,
    read_page_above,
    walk,
)
from billing.adapters.stripe.orders import (
    CheckoutSession,
    PortalSession,
    SessionOrder,
    account_metadata,
    lookup_key,
    price_params,
    product_params,
    session_params,
)
from billing.adapters.stripe.remembered import StripeTerms
from billing.adapters.stripe.shapes import Shape
from billing.adapters.stripe.terms import with_terms
from billing.adapters.stripe.tolerated import Operation
from billing.adapters.stripe.transport import SHORT, Timeouts
from billing.composition import once
from billing.domain.account import AccountKey
from billing.domain.catalog import Price, Product
from billing.domain.errors import NotConfigured
from billing.settings import secret, settings

ALL = Window()


COUPONS = ["discounts.source.coupon"]
ITEMS_COUPONS = ["data.discounts.source.coupon"]
"""What has to be asked for to be told of discounts rather than their ids.

Stripe expands four levels at most, and `data` is one, so those of items come with a list of items.
"""


class StripeGateway:
    """Stripe, as far as this service needs it. Objects are plain JSON; one that is gone is `None`.

    Every method raises what `map_error` makes of Stripe's errors.
    """

    def __init__(self, api_key: str, api_base: str, timeouts: Timeouts = SHORT) -> None:
        """Connect to Stripe, or to what speaks like it, at `api_base`."""
        self._calls = Calls(api_key, api_base, timeouts)
        self._v1 = self._calls.v1
        self._terms = StripeTerms(self._calls)

    # -- what customers do -------------------------------------------------------------------------

    def create_customer(self, key: AccountKey, *, instead_of: str | None = None) -> str:
        """Create the account's Stripe customer, once however often and concurrently it is asked.

        All it is made from is the account's key, so that Stripe's idempotency holds whoever asks;
        e-mail addresses are set afterwards.

        `instead_of` is the customer that is known for the account, but gone.
        """
        idempotency_key = _digest("customer", key.project_id, key.user_id, instead_of)
        return self._calls.send(
            Operation.CREATE_CUSTOMER,
            lambda: self._v1.customers.create(
                {"metadata": account_metadata(key)}, {"idempotency_key": idempotency_key}
            ),
        ).id

    def set_customer_email(self, customer_id: str, email: str) -> None:
        """Let Stripe know where receipts go, and what to fill in on the checkout page."""
        self._calls.send(
            Operation.UPDATE_CUSTOMER,
            lambda: self._v1.customers.update(customer_id, {"email": email}),
        )

    def create_checkout_session(
        self, order: SessionOrder, idempotency_key: str | None = None
    ) -> CheckoutSession:
        """Create a checkout page.

        Raises:
            CustomerGone: the order's customer does not exist any more.
            IdempotencyKeyReused: the key was used with other parameters.
        """
        session = self._calls.send(
            Operation.CREATE_CHECKOUT_SESSION,
            lambda: self._v1.checkout.sessions.create(
                session_params(order),
                {"idempotency_key": idempotency_key} if idempotency_key else None,
            ),
        )
        return CheckoutSession(session.id, str(session.url), _instant(session.expires_at))

    def create_portal_session(self, customer_id: str, return_url: str) -> PortalSession:
        """Create a portal page, or raise `CustomerGone` for a customer that is no more."""
        session = self._calls.send(
            Operation.CREATE_PORTAL_SESSION,
            lambda: self._v1.billing_portal.sessions.create(
                {"customer": customer_id, "return_url": return_url}
            ),
        )
        return PortalSession(session.url, _instant(session.created))

    # -- what is there -----------------------------------------------------------------------------

    def subscription(self, subscription_id: str) -> Json | None:
        """Fetch a subscription with all its items, and what is taken off them."""
        found = self._calls.read(
            Operation.READ_SUBSCRIPTION,
            lambda: self._v1.subscriptions.retrieve(subscription_id, {"expand": COUPONS}),
        )
        if found and any(map(has_discounts, found["items"]["data"])):
            found = self._with_all_items(found)
        return self.with_terms(self._with_items(found)) if found else None

    def with_terms(self, subscription: Shape) -> Json:
        """Put in what a subscription's coupons, and prices in other currencies, come to."""
        return dict(with_terms(subscription, self._terms))

    def page(self, kind: Listed, window: Window = ALL, after: str | None = None) -> ListPage:
        """Fetch one page of a list, newest first; a subscription comes with all its items."""
        found = read_page(self._calls, kind, window, after)
        if kind is not Listed.SUBSCRIPTIONS:
            return found
        return ListPage([self._with_items(each) for each in found.objects], found.cursor)

    def page_above(self, kind: Listed, window: Window, above: str) -> ListPage:
        """Fetch the page of a list that is just newer than an object, newest first."""
        return read_page_above(self._calls, kind, window, above)

    def every(self, kind: Listed, after: str | None = None, **of: str) -> Iterator[Json]:
        """Go through what a list has of a customer, or of a charge: `customer="cus_…"`."""
        found = walk(self._calls, kind, dict(of), after)
        return map(self._with_items, found) if kind is Listed.SUBSCRIPTIONS else found

    def subscription_items(self, subscription_id: str) -> list[Json]:
        """Fetch all items of a subscription, and what is taken off them."""
        of_it = {"subscription": subscription_id, "expand": ITEMS_COUPONS}
        return self._calls.all_of(Operation.LIST_LINES, self._v1.subscription_items.list, of_it)

    def session(self, session_id: str) -> Json | None:
        """Fetch a checkout session with all its line items, and the charge that paid it."""
        found = self._calls.read(
            Operation.READ_SESSION,
            lambda: self._v1.checkout.sessions.retrieve(
                session_id, {"expand": ["line_items", "payment_intent.latest_charge"]}
            ),
        )
        if found and found.get("line_items", {}).get("has_more"):
            found["line_items"] = {"data": self.session_lines(session_id), "has_more": False}
        return found

    def session_lines(self, session_id: str) -> list[Json]:
        """Fetch all line items of a checkout session."""
        list_page = partial(self._v1.checkout.sessions.line_items.list, session_id)
        return self._calls.all_of(Operation.LIST_LINES, list_page)

    def invoice(self, invoice_id: str) -> Json | None:
        """Fetch an invoice with all its lines, and the payments that were made for it."""
        found = self._calls.read(
            Operation.READ_INVOICE,
            lambda: self._v1.invoices.retrieve(invoice_id, {"expand": ["payments"]}),
        )
        if found and found["lines"].get("has_more"):
            found["lines"] = {"data": self.invoice_lines(invoice_id), "has_more": False}
        return found

    def invoice_lines(self, invoice_id: str) -> list[Json]:
        """Fetch all lines of an invoice."""
        list_page = partial(self._v1.invoices.line_items.list, invoice_id)
        return self._calls.all_of(Operation.LIST_LINES, list_page)

    def invoice_of_payment(self, payment_intent_id: str) -> str | None:
        """Find the invoice that a payment intent paid; since 2025-03-31 neither names the other."""
        listed = self._calls.read(
            Operation.LIST_INVOICE_PAYMENTS,
            lambda: self._v1.invoice_payments.list(
                {"payment": {"type": "payment_intent", "payment_intent": payment_intent_id}}
            ),
        )
        return listed["data"][0]["invoice"] if listed and listed["data"] else None

    def charge(self, charge_id: str) -> Json | None:
        """Fetch a charge."""
        return self._calls.read(Operation.READ_CHARGE, lambda: self._v1.charges.retrieve(charge_id))

    def dispute(self, dispute_id: str) -> Json | None:
        """Fetch a dispute."""
        return self._calls.read(
            Operation.READ_DISPUTE, lambda: self._v1.disputes.retrieve(dispute_id)
        )

    def customer(self, customer_id: str) -> Json | None:
        """Fetch a customer; one that Stripe keeps only as deleted is gone."""
        found = self._calls.read(
            Operation.READ_CUSTOMER, lambda: self._v1.customers.retrieve(customer_id)
        )
        return None if found and found.get("deleted") else found

    def active_features(self, customer_id: str) -> list[str]:
        """Fetch the lookup keys of all features that Stripe says a customer has."""
        listed = self._calls.all_of(
            Operation.LIST_FEATURES,
            self._v1.entitlements.active_entitlements.list,
            {"customer": customer_id},
        )
        return [str(entitlement["lookup_key"]) for entitlement in listed]

    def event(self, event_id: str) -> Json | None:
        """Fetch an event, in the shape in which it was sent."""
        return self._calls.read(Operation.READ_EVENT, lambda: self._v1.events.retrieve(event_id))

    def _with_items(self, subscription: Json) -> Json:
        has_more = subscription["items"].get("has_more")
        return self._with_all_items(subscription) if has_more else subscription

    def _with_all_items(self, subscription: Json) -> Json:
        items = self.subscription_items(subscription["id"])
        return {**subscription, "items": {"data": items, "has_more": False}}

    # -- what is sold ------------------------------------------------------------------------------

    def create_product(self, project_id: str, product: Product) -> str:
        """Create a product and return its id; asked again within a day, it is the same one."""
        params = product_params(project_id, product)
        key = _digest("product", project_id, product.id, json.dumps(params, sort_keys=True))
        return self._calls.send(
            Operation.CREATE_PRODUCT,
            lambda: self._v1.products.create(params, {"idempotency_key": key}),
        ).id

    def create_price(self, project_id: str, stripe_product_id: str, price: Price) -> str:
        """Create a price and return its id; it takes the lookup key over from an older one."""
        params = price_params(project_id, stripe_product_id, price)
        key = _digest("price", project_id, price.id, json.dumps(params, sort_keys=True))
        return self._calls.send(
            Operation.CREATE_PRICE,
            lambda: self._v1.prices.create(params, {"idempotency_key": key}),
        ).id

    def find_price(self, project_id: str, price_id: str) -> Json | None:
        """Find the price that has our lookup key."""
        keys = {"lookup_keys": [lookup_key(project_id, price_id)]}
        return next(self._calls.each(Operation.LIST_PRICES, self._v1.prices.list, keys), None)

    def product(self, stripe_product_id: str) -> Json | None:
        """Fetch a product; one that was deleted is gone."""
        return self._calls.read(
            Operation.READ_PRODUCT, lambda: self._v1.products.retrieve(stripe_product_id)
        )

    def price(self, stripe_price_id: str) -> Json | None:
        """Fetch a price."""
        return self._calls.read(
            Operation.READ_PRICE, lambda: self._v1.prices.retrieve(stripe_price_id)
        )


def gateway(timeouts: Timeouts = SHORT) -> StripeGateway:
    """Return this process's gateway, with the API key as it is now.

    `timeouts` may be `PATIENT` where nobody waits.

    Raises:
        NotConfigured: no API key is set.
    """
    api_key = secret(settings().stripe_api_key_secret).get("api_key")
    if not api_key:
        raise NotConfigured("No Stripe API key is set.")
    known, where = _connected(), (api_key, settings().stripe_api_base, timeouts)
    if where not in known:
        known.clear()  # a key that was rotated away needs no connection
        known[where] = StripeGateway(*where)
    return known[where]


@once
def _connected() -> dict[tuple[str, str, Timeouts], StripeGateway]:
    """Keep this process's gateway, and with it the connection to Stripe."""
    return {}


def _digest(*parts: str | None) -> str:
    """Make an idempotency key: of fixed length, and without the user id in it."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
