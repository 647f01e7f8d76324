"""How answers about access look on the wire (the HTTP contract of the API reference)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from billing.domain.account_key import user_id_problem
from billing.domain.errors import FieldError, InvalidInput
from billing.domain.verdict import Verdict
from billing.presentation import shown_access
from billing.reply import as_json
from billing.request import accepts
from billing.services.read_access import AccessAnswer

MOST_USERS = 100
"""Users that one batch may ask for."""

SIGNED = "application/jwt"


def entitlements(answer: AccessAnswer) -> dict[str, Any]:
    """Write an answer of `GET /api/v1/entitlements`."""
    return {
        "user_id": answer.user_id,
        "project_id": answer.catalog.project_id,
        "entitlements": [shown_access(a) for a in answer.accesses],
        "checked_at": answer.checked_at,
        "revision": answer.revision,
    }


def batched(answer: AccessAnswer) -> dict[str, Any]:
    """Write one result of a batch: the query's answer, and what its headers would say."""
    return {**entitlements(answer), "etag": answer.etag, "max_age": answer.max_age}


def plain_entitlements(answer: AccessAnswer) -> list[dict[str, Any]]:
    """Write the entitlements of an answer as JSON does, instants as texts."""
    found: list[dict[str, Any]] = json.loads(as_json(entitlements(answer)))["entitlements"]
    return found


def is_token_wanted(event: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    """Whether the answer is to be signed: `token=true`, or `Accept: application/jwt`.

    Raises:
        InvalidInput: `token` is neither true nor false, or what is inactive is wanted signed.
    """
    said = asked.get("token")
    if said not in (None, "true", "false"):
        raise InvalidInput.field("token", "can only be 'true' or 'false'")
    wanted = accepts(event, SIGNED) if said is None else said == "true"
    if wanted and "include" in asked:
        raise InvalidInput.field("include", "is not for tokens, which tell what may be used now")
    return wanted


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
    else:
        problems = ((index, user_id_problem(user)) for index, user in enumerate(users))
        errors += [FieldError(f"user_ids[{index}]", text) for index, text in problems if text]
    if project_id is not None and not isinstance(project_id, str):
        errors.append(FieldError("project_id", "must be a text"))
    if errors:
        raise InvalidInput("The body does not fit this route.", errors=tuple(errors))
    return list(users or ()), project_id
