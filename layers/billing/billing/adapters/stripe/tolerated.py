"""The closed table of Stripe errors that are not failures.

Each is told by the operation and Stripe's code, never by words of its message. What is not listed
here is a failure (`trouble`).
"""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """What the gateway can ask of Stripe."""

    CREATE_CUSTOMER = "create_customer"
    UPDATE_CUSTOMER = "update_customer"
    CREATE_CHECKOUT_SESSION = "create_checkout_session"
    CREATE_PORTAL_SESSION = "create_portal_session"
    CREATE_PRODUCT = "create_product"
    CREATE_PRICE = "create_price"
    READ_SUBSCRIPTION = "read_subscription"
    READ_SESSION = "read_session"
    READ_INVOICE = "read_invoice"
    READ_CHARGE = "read_charge"
    READ_DISPUTE = "read_dispute"
    READ_CUSTOMER = "read_customer"
    READ_EVENT = "read_event"
    READ_COUPON = "read_coupon"
    READ_PRICE = "read_price"
    READ_PRODUCT = "read_product"
    LIST_FEATURES = "list_active_entitlements"
    LIST_INVOICE_PAYMENTS = "list_invoice_payments"
    LIST_LINES = "list_lines"
    LIST_PRICES = "list_prices"
    LIST_SUBSCRIPTIONS = "list_subscriptions"
    LIST_EVENTS = "list_events"
    LIST_SESSIONS = "list_sessions"
    LIST_CHARGES = "list_charges"
    LIST_DISPUTES = "list_disputes"
    LIST_REFUNDS = "list_refunds"
    LIST_INVOICES = "list_invoices"


MISSING = "resource_missing"

TOLERATED: dict[tuple[Operation, str], str] = {
    (Operation.READ_SUBSCRIPTION, MISSING): "test data was deleted, or it is of another account",
    (Operation.READ_SESSION, MISSING): "test data was deleted, or it is of another account",
    (Operation.READ_INVOICE, MISSING): "a draft was deleted",
    (Operation.READ_CHARGE, MISSING): "test data was deleted, or it is of another account",
    (Operation.READ_DISPUTE, MISSING): "test data was deleted, or it is of another account",
    (Operation.READ_CUSTOMER, MISSING): "test data was deleted; live ones stay, marked deleted",
    (Operation.READ_EVENT, MISSING): "Stripe keeps events for 30 days",
    (Operation.READ_COUPON, MISSING): "a coupon was deleted; its discounts stay",
    (Operation.READ_PRICE, MISSING): "the catalog names a price of another account or mode",
    (Operation.READ_PRODUCT, MISSING): "a product can be deleted while it has no price",
    (Operation.LIST_INVOICE_PAYMENTS, MISSING): "the payment intent was deleted with test data",
}
"""(operation, Stripe's code) -> why it is no failure: what was asked for is not there."""


def is_tolerated(operation: Operation, code: str | None) -> bool:
    """Whether the error only says that the thing is gone."""
    return code is not None and (operation, code) in TOLERATED
