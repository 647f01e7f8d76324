"""Links that are refused: of another account's customer, or of what lacks something else."""

from __future__ import annotations

from typing import Any

import pytest

from billing import composition
from billing.domain.account import AccountKey
from billing.domain.changes import Cause, CauseType, Decision, ParkReason
from billing.domain.link import StripeLink
from billing.services.commit import commit
from billing.services.link_event import LINKABLE
from billing.stores import account_store
from functions.admin.handler import lambda_handler
from tests.integration.admin.conftest import Operator
from tests.integration.admin.parking import (
    PARKED,
    a_subscription_for,
    let_come,
    parked,
)
from tests.integration.admin.test_linking import BODY, a_price_nobody_sells, customer_of, link
from tests.support.requests import call, request
from tests.support.shop import Shop


@pytest.mark.parametrize("project_id", ["demo", "other"])
def test_a_customer_of_another_account_is_never_taken(
    shop: Shop, operator: Operator, project_id: str
) -> None:
    other = shop.another_project("other")
    event_id = parked(shop)
    assert link(operator, event_id).status == 200
    before = shop.account("user-1")
    later = a_subscription_for(shop, customer_of(shop, event_id), a_price_nobody_sells(shop))
    parked_later = let_come(shop, later, "unknown_price")
    for id_ in (event_id, parked_later):
        answer = link(operator, id_, project_id=project_id, user_id="user-2")
        assert (answer.status, answer.body["code"]) == (409, "belongs_to_other_account")
    assert shop.account("user-1") == before
    assert other.account("user-2").version == shop.account("user-2").version == 0


def test_a_customer_that_another_takes_meanwhile_is_not_taken_back(shop: Shop) -> None:
    key, now = AccountKey("demo", "user-2"), composition.now()
    for number, holder in enumerate([AccountKey("demo", "user-1"), key]):
        linked = StripeLink("cus_1", ("cus_1",), "cus_1", "evt_1", "", now, "Ada")
        cause = Cause(f"op_{number}", CauseType.OPERATOR, "link", now, "Ada")

        def give(linked: StripeLink = linked, holder: Any = holder, cause: Any = cause) -> Any:
            def decide(account: Any) -> Decision:
                return Decision(account.with_link(linked))

            return commit(account_store(), holder, cause, decide, now=now)

        if number == 0:
            give()
            continue
        with pytest.raises(Exception, match="belongs to another account"):
            give()
    assert account_store().ledger_entry("op_1") is None
    assert account_store().load(key).version == 0


@pytest.mark.parametrize("reason", sorted(set(PARKED) - set(LINKABLE)))
def test_an_event_that_lacks_something_else_is_not_linked(
    shop: Shop, operator: Operator, reason: ParkReason
) -> None:
    event_id = parked(shop, reason)
    answer = link(operator, event_id, user_id="user-9")
    assert answer.status == 409
    assert shop.account("user-9").version == 0
    assert shop.outcome({"id": event_id}) == reason


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"project_id": "nowhere"}, 404, "not_found"),
        ({"project_id": "NOT A PROJECT"}, 422, "invalid_input"),
        ({"user_id": ""}, 422, "invalid_input"),
        ({"user_id": "x" * 257}, 422, "invalid_input"),
        ({"user_id": "a\u0000"}, 422, "invalid_input"),
        ({"user_id": 7}, 422, "invalid_input"),
        ({"reason": ""}, 422, "invalid_input"),
        ({"reason": "x" * 501}, 422, "invalid_input"),
        ({"reason": None}, 422, "invalid_input"),
        ({"customer_id": "cus_1"}, 422, "invalid_input"),
    ],
)
def test_a_link_that_cannot_be_is_refused(
    shop: Shop, operator: Operator, fields: dict[str, Any], status: int, code: str
) -> None:
    event_id = parked(shop)
    answer = link(operator, event_id, **fields)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert shop.outcome({"id": event_id}) == "unmatched"


def test_no_key_of_a_project_opens_any_of_it(shop: Shop) -> None:
    event_id = parked(shop)
    for method, path in [
        ("GET", "events"),
        ("GET", f"events/{event_id}"),
        ("POST", f"events/{event_id}/link"),
        ("POST", f"events/{event_id}/replay"),
        ("POST", f"events/{event_id}/dismiss"),
        ("POST", "events/replay"),
    ]:
        event = request(method, f"/api/v1/admin/{path}", json_body=BODY, key=shop.key)
        answer = call(lambda_handler, event)
        assert (answer.status, answer.body["code"]) == (403, "forbidden")
    assert shop.outcome({"id": event_id}) == "unmatched"
