"""Deliveries: /api/v1/admin/projects/{project_id}/endpoints/{endpoint_id}/deliveries."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.event_handler import Response

from billing.composition import now
from billing.domain.delivery import Delivery, DeliveryState
from billing.domain.endpoint import Endpoint
from billing.domain.errors import InvalidInput
from billing.http import answer, query, read_body
from billing.notifications import deliveries_queue, delivery_store, endpoint_store
from billing.observability import logger
from billing.presentation import shown
from billing.services.manage_deliveries import (
    Span,
    known_cursor,
    known_delivery,
    retry_delivery,
    retry_failed,
)
from billing.services.manage_endpoints import known_endpoint
from functions.admin.admission import operator_of, operators_router
from functions.admin.endpoints import ONE as ENDPOINT
from functions.admin.paging import cursor_of, decoded_cursor, limit_of, next_cursor
from functions.admin.schemas import RetryRequest

router = operators_router()

ALL = f"{ENDPOINT}/deliveries"
ONE = f"{ALL}/<delivery_id>"

ENOUGH_TIME = 5_000
"""Milliseconds that one more delivery may take to be put back, where AWS is slow to answer."""


@router.get(ALL)
def list_all(project_id: str, endpoint_id: str) -> Response[str]:
    """List an endpoint's deliveries, the newest first."""
    asked = query(router.current_event.raw_event, "state", "limit", "cursor")
    endpoint = _endpoint(project_id, endpoint_id)
    cursor = known_cursor(cursor_of(asked))
    page = delivery_store().page(endpoint.id, limit_of(asked), cursor, _state(asked))
    return answer(
        {
            "deliveries": [_shown(delivery) for delivery in page.items],
            "next_cursor": next_cursor(page.next_cursor),
        }
    )


@router.get(ONE)
def get(project_id: str, endpoint_id: str, delivery_id: str) -> Response[str]:
    """Show a delivery with what was sent."""
    endpoint = _endpoint(project_id, endpoint_id)
    return answer(_whole(known_delivery(delivery_store(), endpoint, delivery_id)))


@router.post(f"{ONE}/retry")
def retry(project_id: str, endpoint_id: str, delivery_id: str) -> Response[str]:
    """Have a delivery that failed, or is overdue, tried anew."""
    endpoint = _endpoint(project_id, endpoint_id)
    anew = retry_delivery(delivery_store(), deliveries_queue(), endpoint, delivery_id, now=now())
    return answer(_shown(anew), 202)


@router.post(f"{ENDPOINT}/retry")
def retry_all(project_id: str, endpoint_id: str) -> Response[str]:
    """Have the deliveries of a span that failed, or are overdue, tried anew, some at a time."""
    body, context = read_body(router.current_event.raw_event, RetryRequest), router.lambda_context
    endpoint = _endpoint(project_id, endpoint_id)
    retried, cursor = retry_failed(
        delivery_store(),
        deliveries_queue(),
        endpoint,
        span=Span(body.since, body.until),
        limit=body.limit,
        cursor=None if body.cursor is None else decoded_cursor(body.cursor),
        now=now(),
        has_time=lambda: context.get_remaining_time_in_millis() > ENOUGH_TIME,
    )
    operator = operator_of(router).name
    logger.info("deliveries retried", endpoint_id=endpoint.id, retried=retried, operator=operator)
    return answer({"retried": retried, "next_cursor": next_cursor(cursor)}, 202)


def _endpoint(project_id: str, endpoint_id: str) -> Endpoint:
    return known_endpoint(endpoint_store(), project_id, endpoint_id)


def _state(asked: dict[str, str]) -> DeliveryState | None:
    if "state" not in asked:
        return None
    try:
        return DeliveryState(asked["state"])
    except ValueError as error:
        problem = f"must be one of {', '.join(DeliveryState)}"
        raise InvalidInput.field("state", problem) from error


def _shown(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.id,
        "endpoint_id": delivery.endpoint_id,
        "type": delivery.event_type,
        "state": delivery.state,
        "created_at": delivery.created_at,
        "next_attempt_at": delivery.next_attempt_at,
        "attempts": shown(delivery.attempts),
    }


def _whole(delivery: Delivery) -> dict[str, Any]:
    return {**_shown(delivery), "event": json.loads(delivery.body)}
