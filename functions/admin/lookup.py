"""Who an operator is, and whose an id is: /api/v1/admin/me and /api/v1/admin/lookup."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.http import answer, query
from billing.services.find_account import find_account
from billing.settings import settings
from billing.stores import account_store
from functions.admin.admission import operator_of, operators_router
from functions.admin.asking import needed

router = operators_router()


@router.get("/api/v1/admin/me")
def me() -> Response[str]:
    """Tell an operator whose key it is, of which stage, and what it may do."""
    query(router.current_event.raw_event)
    operator = operator_of(router)
    stage = settings().stage
    return answer(
        {
            "name": operator.name,
            "key_id": operator.key_id,
            "stage": stage,
            "role": operator.role,
            "permissions": sorted(operator.role.permissions) if operator.role else [],
        }
    )


@router.get("/api/v1/admin/lookup")
def lookup() -> Response[str]:
    """Find the account that an id belongs to."""
    id_ = needed(query(router.current_event.raw_event, "id"), "id")
    key = find_account(id_, account_store())
    return answer({"id": id_, "project_id": key.project_id, "user_id": key.user_id})
