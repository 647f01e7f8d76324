"""Why a user may or may not use a feature, at any instant: .../explain."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from billing.composition import now
from billing.domain.account import AccountKey
from billing.domain.explain import ExplainedSource
from billing.domain.remedies import Offer
from billing.domain.sentence import sentence
from billing.http import answer, query
from billing.presentation import shown, shown_source
from billing.services.explain import ExplainedAnswer, explain_access
from billing.stores import account_store, catalog_store
from functions.admin.admission import operators_router
from functions.admin.asking import instant_asked, needed

router = operators_router()


@router.get("/api/v1/admin/accounts/<project_id>/<user_id>/explain")
def explain(project_id: str, user_id: str) -> Response[str]:
    """Explain a feature of an account, now or `at` another instant."""
    asked = query(router.current_event.raw_event, "feature_code", "at")
    return _explain(AccountKey(project_id, user_id), asked)


@router.get("/api/v1/admin/explain")
def explain_of() -> Response[str]:
    """Explain a feature of the account of any user id."""
    asked = query(router.current_event.raw_event, "project_id", "user_id", "feature_code", "at")
    return _explain(AccountKey(needed(asked, "project_id"), needed(asked, "user_id")), asked)


def _explain(key: AccountKey, asked: dict[str, str]) -> Response[str]:
    found = explain_access(
        key,
        needed(asked, "feature_code"),
        accounts=account_store(),
        catalogs=catalog_store(),
        now=now(),
        at=instant_asked(asked),
    )
    return answer(_explained(key, found))


def _explained(key: AccountKey, found: ExplainedAnswer) -> dict[str, Any]:
    why, verdict = found.explanation, found.explanation.verdict
    access, put = verdict.access, why.catalog
    return {
        "project_id": key.project_id,
        "user_id": key.user_id,
        "feature_code": why.feature_code,
        "at": why.at,
        "is_forecast": found.is_forecast,
        "sentence": sentence(why),
        "allowed": verdict.allowed,
        "value": access.value if access and verdict.allowed else None,
        "reason": verdict.reason,
        "source": access.source if access else None,
        "source_id": access.source_id if access else None,
        "valid_from": access.valid_from if access else None,
        "valid_to": access.valid_to if access else None,
        "made_by": shown(why.made_by),
        "sources": [_source(source) for source in why.sources],
        "remedies": shown(why.remedies),
        "offers": [_offer(offer) for offer in why.offers],
        "catalog": {"version": put.catalog.version, "put_at": put.put_at, "put_by": put.put_by},
        "revision": found.answer.revision,
        "etag": found.answer.etag,
    }


def _source(source: ExplainedSource) -> dict[str, Any]:
    return {
        **shown_source(source.entitlement),
        "is_active": source.is_active,
        "made_by": shown(source.made_by),
    }


def _offer(offer: Offer) -> dict[str, Any]:
    prices = [
        {name: value for name, value in shown(price).items() if name != "active"}
        for price in offer.prices
    ]
    return {**shown(offer), "prices": prices}
