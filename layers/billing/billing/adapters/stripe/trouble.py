"""From the SDK's errors to ours: the one place where they are mapped.

Stripe's messages can quote what was sent, e-mail addresses and parts of keys among it, so only its
code and the name of the parameter are passed on.
"""

from __future__ import annotations

import re

import stripe

from billing.adapters.stripe.tolerated import MISSING, Operation
from billing.domain.errors import (
    BillingError,
    IdempotencyKeyReused,
    InvalidInput,
    NotConfigured,
    StripeRejected,
    StripeUnavailable,
)


class CustomerGone(StripeRejected):
    """The Stripe customer that is known for the account does not exist any more."""

    code = "stripe_customer_gone"
    title = "The Stripe customer does not exist any more"


class StripeOutage(StripeUnavailable):
    """Stripe does not answer, or answers that it fails: what the circuit breaker counts."""


FROM_THE_CALLER: dict[tuple[Operation, str], str] = {
    (Operation.UPDATE_CUSTOMER, "email"): "customer_email",
    (Operation.CREATE_CHECKOUT_SESSION, "success_url"): "success_url",
    (Operation.CREATE_CHECKOUT_SESSION, "cancel_url"): "cancel_url",
    (Operation.CREATE_CHECKOUT_SESSION, "line_items[0][quantity]"): "quantity",
    (Operation.CREATE_CHECKOUT_SESSION, "subscription_data[trial_period_days]"): "trial_days",
    (Operation.CREATE_CHECKOUT_SESSION, "metadata"): "metadata",
    (Operation.CREATE_PORTAL_SESSION, "return_url"): "return_url",
}
"""(operation, Stripe's parameter) -> the caller's field that it came from, unchanged."""

_SAFE = re.compile(r"[A-Za-z0-9_.\[\]-]{1,100}")


def map_error(error: stripe.StripeError, operation: Operation) -> BillingError:
    """Say in our words what Stripe's error means for the operation."""
    code, param = _words(error)
    match error:
        case stripe.APIConnectionError():
            return StripeOutage("Stripe did not answer in time.")
        case stripe.RateLimitError():
            return _later(StripeUnavailable("Stripe is limiting our rate."), error)
        case stripe.IdempotencyError():
            return IdempotencyKeyReused()
        case stripe.AuthenticationError() | stripe.PermissionError():
            return NotConfigured("Stripe does not accept the API key for this.")
        case stripe.InvalidRequestError():
            return _rejected(operation, code, param)
    if error.http_status == 409:
        # The same idempotency key, or the same object, is in use by a call that is under way.
        return _later(StripeUnavailable("The same request is under way at Stripe."), error)
    if isinstance(error, stripe.APIError) and _is_outage(error.http_status):
        return _later(StripeOutage("Stripe is failing."), error)
    return StripeRejected(_said(code, param))


def _rejected(operation: Operation, code: str | None, param: str | None) -> BillingError:
    if code == MISSING and param == "customer":
        return CustomerGone(_said(code, param))
    # Stripe names a part of a nested parameter as well: `metadata[key]`.
    for name in (param, (param or "").partition("[")[0]):
        field = FROM_THE_CALLER.get((operation, name or ""))
        if field:
            return InvalidInput.field(field, f"was refused by Stripe ({code or 'invalid'})")
    return StripeRejected(_said(code, param))


def _said(code: str | None, param: str | None) -> str:
    about = f" about '{param}'" if param else ""
    return f"Stripe said '{code or 'invalid_request'}'{about}."


def _words(error: stripe.StripeError) -> tuple[str | None, str | None]:
    """Return Stripe's code and parameter, if they look like names and not like data."""
    words = (error.code, getattr(error, "param", None))
    code, param = (w if isinstance(w, str) and _SAFE.fullmatch(w) else None for w in words)
    return code, param


def _is_outage(status: int | None) -> bool:
    # An answer that is not Stripe's JSON comes from something in between.
    return status is None or status >= 500 or 200 <= status < 300


def _later(error: BillingError, cause: stripe.StripeError) -> BillingError:
    headers = {name.lower(): value for name, value in (cause.headers or {}).items()}
    asked = headers.get("retry-after", "")
    if asked.isascii() and asked.isdigit() and len(asked) <= 4:
        error.retry_after = max(1, int(asked))
    return error
