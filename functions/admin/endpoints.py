"""Endpoints: /api/v1/admin/projects/{project_id}/endpoints."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from billing.composition import now
from billing.domain.endpoint import Endpoint
from billing.http import answer, idempotency_key, read_body
from billing.notifications import deliveries_queue, delivery_store, endpoint_store, outbound
from billing.presentation import shown
from billing.services.manage_deliveries import ping
from billing.services.manage_endpoints import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    known_endpoint,
    rotate_secret,
)
from billing.services.manage_projects import known_project
from billing.stores import catalog_store
from functions.admin.admission import operator_of, operators_router
from functions.admin.schemas import EndpointUpdate, NewEndpoint

router = operators_router()

ALL = "/api/v1/admin/projects/<project_id>/endpoints"
ONE = f"{ALL}/<endpoint_id>"


@router.post(ALL)
def create(project_id: str) -> Response[str]:
    """Register an endpoint, and show its secret this once."""
    event = router.current_event.raw_event
    endpoint = create_endpoint(
        catalog_store(),
        endpoint_store(),
        outbound(),
        project_id,
        read_body(event, NewEndpoint).to_order(),
        by=operator_of(router).name,
        now=now(),
        repetition=idempotency_key(event),
    )
    return answer(_with_secret(endpoint))


@router.get(ALL)
def list_all(project_id: str) -> Response[str]:
    """List a project's endpoints, the oldest first."""
    known_project(catalog_store(), project_id)
    found = sorted(endpoint_store().of_project(project_id), key=lambda e: (e.created_at, e.id))
    return answer({"endpoints": [_shown(endpoint) for endpoint in found]})


@router.get(ONE)
def get(project_id: str, endpoint_id: str) -> Response[str]:
    """Show an endpoint and how it fares."""
    return answer(_shown(known_endpoint(endpoint_store(), project_id, endpoint_id)))


@router.patch(ONE)
def patch(project_id: str, endpoint_id: str) -> Response[str]:
    """Change what the body names."""
    order = read_body(router.current_event.raw_event, EndpointUpdate).to_order()
    return answer(
        _shown(
            change_endpoint(endpoint_store(), outbound(), project_id, endpoint_id, order, now=now())
        )
    )


@router.delete(ONE)
def delete(project_id: str, endpoint_id: str) -> Response[str]:
    """Forget an endpoint."""
    return answer(_shown(delete_endpoint(endpoint_store(), project_id, endpoint_id)))


@router.post(f"{ONE}/rotate-secret")
def rotate(project_id: str, endpoint_id: str) -> Response[str]:
    """Give a new secret, shown this once; the old one signs beside it for a day."""
    return answer(_with_secret(rotate_secret(endpoint_store(), project_id, endpoint_id, now=now())))


@router.post(f"{ONE}/test")
def test(project_id: str, endpoint_id: str) -> Response[str]:
    """Send a ping."""
    endpoint = known_endpoint(endpoint_store(), project_id, endpoint_id)
    sent = ping(delivery_store(), deliveries_queue(), endpoint, now=now())
    return answer({"delivery_id": sent.id, "state": sent.state}, 202)


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    ends = [secret.ends_at for secret in endpoint.secrets if secret.ends_at]
    return {
        "endpoint_id": endpoint.id,
        "project_id": endpoint.project_id,
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": shown(endpoint.event_types),
        "enabled": endpoint.is_enabled,
        "disabled_at": endpoint.disabled_at,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": endpoint.failing_since,
        "slow_until": endpoint.slow_until,
        "old_secret_ends_at": max(ends, default=None),
        "created_at": endpoint.created_at,
        "created_by": endpoint.created_by,
    }


def _with_secret(endpoint: Endpoint) -> dict[str, Any]:
    return {**_shown(endpoint), "secret": endpoint.secrets[0].value}
