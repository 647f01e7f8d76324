"""What the tests of grants do and ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from billing.composition import now
from billing.domain.access import access
from billing.domain.account import AccountKey
from billing.domain.holdings import holdings_of
from billing.stores import account_store, catalog_store
from tests.integration.admin.conftest import Operator
from tests.support.requests import Answer

USER = "user-1"


BODY = {
    "user_id": USER,
    "project_id": "acme",
    "feature_code": "export",
    "reason": "goodwill after the outage",
}


HOUR = timedelta(hours=1)


def grant(operator: Operator, once: str | None = None, **fields: Any) -> Answer:
    return operator.post("grant", {**BODY, **fields}, once=once)


def revoke(operator: Operator, grant_id: str, reason: str = "over", **kw: Any) -> Answer:
    return operator.post("revoke", {"grant_id": grant_id, "revoke_reason": reason}, **kw)


def held(user_id: str = USER) -> dict[str, Any]:
    """What the user may use now."""
    key = AccountKey("acme", user_id)
    holdings = holdings_of(account_store().load(key))
    found = access(holdings, catalog_store().catalog("acme"), now())
    return {each.feature_code: each.value for each in found}


def revision(user_id: str = USER) -> int:
    return account_store().load(AccountKey("acme", user_id)).revision
