"""The routes of apps, of Stripe, and of those who watch the service."""

from __future__ import annotations

from billing.adapters.stripe.signature import InvalidSignature, UnreadableSignature
from billing.adapters.stripe.trouble import CustomerGone
from billing.domain.errors import (
    AlreadySubscribed,
    ContentionTooHigh,
    IdempotencyKeyReused,
    NotConfigured,
    NotFound,
    Standby,
    StripeRejected,
    StripeUnavailable,
)
from billing.services.check_readiness import NotReady
from billing.services.open_portal import UnknownCustomer
from functions.checkout.schemas import CheckoutRequest, CheckoutResponse
from functions.portal.schemas import PortalRequest, PortalResponse
from local.openapi import answers_apps as answers
from local.openapi import vocabulary as words
from local.openapi.answers_metrics import ProjectMetrics
from local.openapi.operation import ADMIN, Operation
from local.openapi.requests import EntitlementsBatchRequest, StripeEvent

STRIPE = (NotConfigured, StripeRejected, StripeUnavailable)
"""What a route that calls Stripe can answer."""

ROUTES = (
    Operation(
        "POST /api/v1/checkout/create",
        "create_checkout",
        "checkout",
        (CheckoutResponse,),
        body=CheckoutRequest,
        parameters=(words.IDEMPOTENCY_KEY,),
        errors=(
            *STRIPE,
            CustomerGone,
            NotFound,
            AlreadySubscribed,
            IdempotencyKeyReused,
            ContentionTooHigh,
        ),
    ),
    Operation(
        "POST /api/v1/portal/create-session",
        "create_portal_session",
        "portal",
        (PortalResponse,),
        body=PortalRequest,
        errors=(*STRIPE, NotFound, UnknownCustomer),
    ),
    Operation(
        "GET /api/v1/entitlements",
        "list_entitlements",
        "entitlements",
        (answers.Entitlements,),
        parameters=(
            words.USER_ID.needed,
            words.KEYS_PROJECT,
            words.INCLUDE,
            words.TOKEN,
            words.IF_NONE_MATCH,
        ),
        texts=("application/jwt",),
        errors=(NotConfigured, NotFound),
        is_cacheable=True,
    ),
    Operation(
        "GET /.well-known/jwks.json",
        "list_token_keys",
        None,
        (answers.TokenKeys,),
        errors=(NotConfigured,),
        reads_state=False,
    ),
    Operation(
        "GET /api/v1/entitlements/check",
        "check_entitlement",
        "entitlements",
        (answers.Verdict,),
        parameters=(
            words.USER_ID.needed,
            words.FEATURE_CODE.needed,
            words.KEYS_PROJECT,
            words.IF_NONE_MATCH,
        ),
        errors=(NotFound,),
        is_cacheable=True,
    ),
    Operation(
        "POST /api/v1/entitlements/batch",
        "list_entitlements_of_many",
        "entitlements",
        (answers.EntitlementsBatch,),
        body=EntitlementsBatchRequest,
        errors=(NotFound,),
    ),
    Operation(
        "POST /api/v1/webhooks/stripe",
        "receive_stripe_event",
        None,
        (answers.EventReceived,),
        body=StripeEvent,
        parameters=(words.STRIPE_SIGNATURE,),
        errors=(UnreadableSignature, InvalidSignature, NotConfigured, Standby),
    ),
    Operation(
        "GET /api/v1/metrics/project/{project_id}",
        "get_project_metrics",
        "metrics",
        (ProjectMetrics,),
        errors=(NotFound,),
    ),
    Operation("GET /metrics", "get_metrics", ADMIN, (), texts=("text/plain",)),
    Operation("GET /healthz", "get_health", None, (answers.Alive,), reads_state=False),
    Operation("GET /live", "get_liveness", None, (answers.Alive,), reads_state=False),
    Operation(
        "GET /ready",
        "get_readiness",
        None,
        (answers.Ready,),
        errors=(NotReady,),
        reads_state=False,
    ),
    Operation(
        "GET /openapi.json",
        "get_description",
        None,
        (answers.Description,),
        parameters=(words.IF_NONE_MATCH,),
        is_cacheable=True,
        reads_state=False,
    ),
)
