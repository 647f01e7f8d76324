"""When a user had, has and will have each feature: /api/v1/admin/timeline."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.composition import now
from billing.domain.account import AccountKey
from billing.http import answer, query
from billing.presentation import shown
from billing.services.trace_access import trace_access
from billing.stores import account_store, catalog_store
from functions.admin.admission import operators_router
from functions.admin.asking import needed

router = operators_router()


@router.get("/api/v1/admin/timeline")
def timeline() -> Response[str]:
    """Show a user's access over time, feature by feature."""
    asked = query(router.current_event.raw_event, "project_id", "user_id")
    key = AccountKey(needed(asked, "project_id"), needed(asked, "user_id"))
    spans = trace_access(key, accounts=account_store(), catalogs=catalog_store())
    return answer(
        {
            "project_id": key.project_id,
            "user_id": key.user_id,
            "at": now(),
            "features": [
                {"feature_code": code, "spans": shown(listed)} for code, listed in spans.items()
            ],
        }
    )
