"""The routes of operators about endpoints and deliveries."""

from __future__ import annotations

from billing.domain.errors import ContentionTooHigh, IdempotencyKeyReused, NotFound
from billing.services.manage_deliveries import EndpointIsDisabled, NotFailed
from billing.services.manage_endpoints import TooManyEndpoints
from functions.admin.schemas import EndpointUpdate, NewEndpoint, RetryRequest
from local.openapi import answers_endpoints as answers
from local.openapi import vocabulary as words
from local.openapi.operation import ADMIN, Link, Operation

_ALL = "/api/v1/admin/projects/{project_id}/endpoints"
_ONE = f"{_ALL}/{{endpoint_id}}"
_DELIVERIES = f"{_ONE}/deliveries"
_DELIVERY = f"{_DELIVERIES}/{{delivery_id}}"

_OF_IT = {
    "project_id": "$response.body#/project_id",
    "endpoint_id": "$response.body#/endpoint_id",
}

ROUTES = (
    Operation(
        f"POST {_ALL}",
        "create_endpoint",
        ADMIN,
        (answers.EndpointWithSecret,),
        body=NewEndpoint,
        parameters=(words.IDEMPOTENCY_KEY,),
        errors=(ContentionTooHigh, IdempotencyKeyReused, NotFound, TooManyEndpoints),
        links=tuple(
            Link(to, _OF_IT)
            for to in ("get_endpoint", "change_endpoint", "test_endpoint", "delete_endpoint")
        ),
    ),
    Operation(f"GET {_ALL}", "list_endpoints", ADMIN, (answers.Endpoints,), errors=(NotFound,)),
    Operation(f"GET {_ONE}", "get_endpoint", ADMIN, (answers.EndpointShown,), errors=(NotFound,)),
    Operation(
        f"PATCH {_ONE}",
        "change_endpoint",
        ADMIN,
        (answers.EndpointShown,),
        body=EndpointUpdate,
        errors=(ContentionTooHigh, NotFound),
    ),
    Operation(
        f"DELETE {_ONE}", "delete_endpoint", ADMIN, (answers.EndpointShown,), errors=(NotFound,)
    ),
    Operation(
        f"POST {_ONE}/rotate-secret",
        "rotate_endpoint_secret",
        ADMIN,
        (answers.EndpointWithSecret,),
        errors=(ContentionTooHigh, NotFound),
    ),
    Operation(
        f"POST {_ONE}/test",
        "test_endpoint",
        ADMIN,
        (answers.PingSent,),
        status=202,
        errors=(EndpointIsDisabled, NotFound),
    ),
    Operation(
        f"POST {_ONE}/retry",
        "retry_deliveries",
        ADMIN,
        (answers.Retried,),
        status=202,
        body=RetryRequest,
        errors=(EndpointIsDisabled, NotFound),
    ),
    Operation(
        f"GET {_DELIVERIES}",
        "list_deliveries",
        ADMIN,
        (answers.Deliveries,),
        parameters=(words.DELIVERY_STATE, words.LIMIT, words.CURSOR),
        errors=(NotFound,),
    ),
    Operation(
        f"GET {_DELIVERY}", "get_delivery", ADMIN, (answers.DeliveryShown,), errors=(NotFound,)
    ),
    Operation(
        f"POST {_DELIVERY}/retry",
        "retry_delivery",
        ADMIN,
        (answers.DeliverySummary,),
        status=202,
        errors=(EndpointIsDisabled, NotFailed, NotFound),
    ),
)
