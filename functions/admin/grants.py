"""Manual grants: POST /api/v1/admin/grant and /api/v1/admin/revoke."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.composition import now
from billing.http import answer, idempotency_key, read_body
from billing.services.grant_access import grant_access, revoke_access
from billing.stores import account_store, catalog_store
from functions.admin.admission import operator_of, operators_router
from functions.admin.schemas import GrantRequest, RevokeRequest

router = operators_router()


@router.post("/api/v1/admin/grant")
def grant() -> Response[str]:
    """Give a user a feature by hand."""
    body = read_body(router.current_event.raw_event, GrantRequest)
    made = grant_access(
        body.to_order(),
        accounts=account_store(),
        catalogs=catalog_store(),
        operator=operator_of(router),
        now=now(),
        idempotency_key=idempotency_key(router.current_event.raw_event),
    )
    return answer(
        {
            "grant_id": made.id,
            "user_id": body.user_id,
            "project_id": body.project_id,
            "feature_code": made.feature_code,
            "value": made.value,
            "reason": made.reason,
            "valid_from": made.valid_from,
            "valid_to": made.valid_to,
            "granted_at": made.granted_at,
            "granted_by": made.granted_by,
        }
    )


@router.post("/api/v1/admin/revoke")
def revoke() -> Response[str]:
    """Take a grant back."""
    body = read_body(router.current_event.raw_event, RevokeRequest)
    revoked = revoke_access(
        body.grant_id,
        body.revoke_reason,
        accounts=account_store(),
        operator=operator_of(router),
        now=now(),
        idempotency_key=idempotency_key(router.current_event.raw_event),
    )
    return answer(
        {
            "grant_id": revoked.id,
            "revoked_at": revoked.revoked_at,
            "revoked_by": revoked.revoked_by,
            "revoke_reason": revoked.revoke_reason,
        }
    )
