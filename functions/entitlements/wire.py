"""How answers about access look on the wire (the HTTP contract of the API reference)."""

from __future__ import annotations

from typing import Any

from billing.domain.access import Access, Entitlement
from billing.domain.errors import FieldError, InvalidInput
from billing.services.read_access import AccessAnswer, Verdict

MOST_USERS = 100
"""Users that one batch may ask for."""


def entitlements(answer: AccessAnswer) -> dict[str, Any]:
    """Write an answer of `GET /api/v1/entitlements`."""
    return {
        "user_id": answer.user_id,
        "project_id": answer.catalog.project_id,
        "entitlements": [_access(a) for a in answer.accesses],
        "checked_at": answer.checked_at,
        "revision": answer.revision,
    }


def _access(access: Access) -> dict[str, Any]:
    return {
        "feature_code": access.feature_code,
        "is_active": access.is_active,
        "valid_from": access.valid_from,
        "valid_to": access.valid_to,
        "source": access.source,
        "source_id": access.source_id,
        "value": access.value,
        "sources": [_source(s) for s in access.sources],
    }


def _source(source: Entitlement) -> dict[str, Any]:
    return {
        "source": source.source,
        "source_id": source.source_id,
        "product_id": source.product_id,
        "state": source.state,
        "value": source.value,
        "period_end": source.period_end,
        "valid_from": source.valid_from,
        "valid_to": source.cover.valid_to if source.cover else source.period_end,
    }


def check(answer: AccessAnswer, feature_code: str, verdict: Verdict) -> dict[str, Any]:
    """Write an answer of `GET /api/v1/entitlements/check`."""
    access = verdict.access
    return {
        "user_id": answer.user_id,
        "project_id": answer.catalog.project_id,
        "feature_code": feature_code,
        "allowed": verdict.allowed,
        "value": access.value if access and verdict.allowed else None,
        "reason": verdict.reason,
        "source": access.source if access else None,
        "source_id": access.source_id if access else None,
        "valid_to": access.valid_to if access else None,
        "checked_at": answer.checked_at,
        "revision": answer.revision,
    }


def batch_of(body: dict[str, Any]) -> tuple[list[str], str | None]:
    """Read the user ids and the project of a batch request.

    Raises:
        InvalidInput: a field is missing, unknown, or not of its type.
    """
    errors = [
        FieldError(name, "is not a field of this route; it takes user_ids, project_id")
        for name in body
        if name not in ("user_ids", "project_id")
    ]
    users, project_id = body.get("user_ids"), body.get("project_id")
    if not isinstance(users, list) or not all(isinstance(user, str) for user in users):
        errors.append(FieldError("user_ids", "must be a list of texts"))
    elif not 1 <= len(users) <= MOST_USERS:
        errors.append(FieldError("user_ids", f"must name 1 to {MOST_USERS} users"))
    if project_id is not None and not isinstance(project_id, str):
        errors.append(FieldError("project_id", "must be a text"))
    if errors:
        raise InvalidInput("The body does not fit this route.", errors=tuple(errors))
    return list(users or ()), project_id
