"""What a micro-app needs of the billing service.

billing = Billing("https://billing.example.com", "bk_...")
if billing.can("user-1", "export"):
    ...
"""

from billing_client.aio import AsyncBilling
from billing_client.clock import Clock, SystemClock
from billing_client.errors import (
    AlreadySubscribed,
    BillingError,
    Conflict,
    FieldProblem,
    Forbidden,
    InvalidInput,
    InvalidPush,
    InvalidToken,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UnknownCustomer,
)
from billing_client.model import Checkout, Decision, Entitlement, Entitlements, Portal, Value
from billing_client.policy import Policy
from billing_client.receiver import Event, Receiver
from billing_client.sync import Billing
from billing_client.verifier import AsyncVerifier, Verifier

__all__ = [
    "AlreadySubscribed",
    "AsyncBilling",
    "AsyncVerifier",
    "Billing",
    "BillingError",
    "Checkout",
    "Clock",
    "Conflict",
    "Decision",
    "Entitlement",
    "Entitlements",
    "Event",
    "FieldProblem",
    "Forbidden",
    "InvalidInput",
    "InvalidPush",
    "InvalidToken",
    "NotFound",
    "Policy",
    "Portal",
    "RateLimited",
    "Receiver",
    "SystemClock",
    "Unauthenticated",
    "Unavailable",
    "UnknownCustomer",
    "Value",
    "Verifier",
]
