"""Explain an answer: for any instant, why a user may or may not use a feature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from billing.domain.access import access, next_change
from billing.domain.account import AccountKey
from billing.domain.explain import Explanation, explain
from billing.services.manage_projects import known_project
from billing.services.read_access import AccessAnswer
from billing.services.replay_account import replay_account

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.store import AccountStore


@dataclass(frozen=True, slots=True)
class ExplainedAnswer:
    """An explanation, and the whole answer of the read path to which it belongs.

    Attributes:
        answer: as `GET /api/v1/entitlements?include=inactive` gave it at that instant.
        is_forecast: whether the instant is still to come: then by what is known now.
    """

    explanation: Explanation
    answer: AccessAnswer
    is_forecast: bool


def explain_access(
    key: AccountKey,
    feature_code: str,
    *,
    accounts: AccountStore,
    catalogs: CatalogStore,
    now: datetime,
    at: datetime | None = None,
) -> ExplainedAnswer:
    """Explain one feature of one user at an instant, from history and catalogs alone.

    A past instant is explained by what was recorded by then, so it is what the read path answered
    then; where a catalog was put less than 30 s before, a warm process may still have answered by
    the one before it.

    Raises:
        NotFound: there is no such project.
    """
    known_project(catalogs, key.project_id)
    instant = at or now
    until = instant if instant < now else None
    replayed = replay_account(key, accounts=accounts, until=until)
    versions = catalogs.versions(key.project_id, until=until)
    explanation = explain(replayed, versions, feature_code, instant)
    catalog, holdings = explanation.catalog.catalog, replayed.holdings
    answer = AccessAnswer(
        user_id=key.user_id,
        revision=replayed.account.revision,
        catalog=catalog,
        checked_at=instant,
        accesses=access(holdings, catalog, instant, include_inactive=True),
        next_change=next_change(holdings, catalog, instant),
    )
    return ExplainedAnswer(explanation, answer, is_forecast=instant > now)
