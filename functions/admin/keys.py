"""API keys: /api/v1/admin/projects/{project_id}/keys; operators' keys where it is `admin`."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from billing.composition import now
from billing.domain.api_key import KeyRecord
from billing.http import answer, raw_body, read_body
from billing.presentation import shown
from billing.services.manage_keys import IssuedKey, create_key, list_keys, revoke_key, rotate_key
from billing.stores import catalog_store
from functions.admin.admission import operator_of, operators_router
from functions.admin.schemas import NewKey, Rotation

router = operators_router()


@router.post("/api/v1/admin/projects/<project_id>/keys")
def create(project_id: str) -> Response[str]:
    """Create a key, and show it this once."""
    body = read_body(router.current_event.raw_event, NewKey)
    operator = operator_of(router).name
    return answer(
        _issued(create_key(catalog_store(), project_id, by=operator, now=now(), **dict(body)))
    )


@router.get("/api/v1/admin/projects/<project_id>/keys")
def list_all(project_id: str) -> Response[str]:
    """List keys, ended ones included; none of them can be seen."""
    return answer({"keys": [_record(key) for key in list_keys(catalog_store(), project_id)]})


@router.post("/api/v1/admin/projects/<project_id>/keys/<key_id>/rotate")
def rotate(project_id: str, key_id: str) -> Response[str]:
    """Issue a successor; the old key works until the overlap ends."""
    event = router.current_event.raw_event
    body = read_body(event, Rotation) if raw_body(event) else Rotation()
    operator = operator_of(router).name
    issued = rotate_key(
        catalog_store(), project_id, key_id, by=operator, now=now(), overlap=body.overlap
    )
    return answer(_issued(issued))


@router.post("/api/v1/admin/projects/<project_id>/keys/<key_id>/revoke")
def revoke(project_id: str, key_id: str) -> Response[str]:
    """Stop a key from working."""
    return answer(_record(revoke_key(catalog_store(), project_id, key_id, now=now())))


def _issued(issued: IssuedKey) -> dict[str, Any]:
    return {**_record(issued.record), "key": issued.key}


def _record(record: KeyRecord) -> dict[str, Any]:
    told = {name: value for name, value in shown(record).items() if name != "hash"}
    return {**told, "role": record.held_role}
