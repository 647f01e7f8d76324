"""A transaction that replication tore: of its items, all came to the other region but one.

Items replicate one by one. What was on its way when a region was lost never comes, so the region
that takes over can hold a transaction without any one of its items, or with an older one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from billing.domain.account import AccountKey
from billing.domain.holdings import holdings_of
from billing.settings import Settings
from billing.stores import account_store
from functions.admin.handler import lambda_handler as admin
from tests.integration.reconciliation.conftest import Operator
from tests.support.requests import Answer, call, request
from tests.support.shop import Json, Shop
from tests.support.snapshot import Item, Snapshots

USER = "user-1"
LONG_AGO = "2026-01-01T00:00:00Z"

Do = Callable[[], object]
State = dict[str, list[Item]]


def command(shop: Shop, verb: str, body: Json) -> Answer:
    """What an operator does, under a key by which it is known when it is repeated."""
    headers = {"Idempotency-Key": verb}
    path = f"/api/v1/admin/{verb}"
    event = request("POST", path, json_body=body, key=shop.admin_key, headers=headers)
    return call(admin, event)


def grant(shop: Shop) -> Answer:
    body = {"user_id": USER, "project_id": shop.project_id, "reason": "goodwill"}
    return command(shop, "grant", {**body, "feature_code": "theme", "value": "dark"})


def the_first_event(shop: Shop) -> Do:
    shop.buy(USER)
    (event,) = shop.events("customer.subscription.created")
    return lambda: shop.deliver([event])


def a_renewal(shop: Shop) -> Do:
    shop.buy(USER)
    shop.deliver_all()
    known = {event["id"] for event in shop.events()}
    shop.stripe.advance(days=32)
    updated = shop.events("customer.subscription.updated")
    (event,) = [each for each in updated if each["id"] not in known]
    return lambda: shop.deliver([event])


def a_grant(shop: Shop) -> Do:
    shop.buy(USER)
    shop.deliver_all()
    return lambda: grant(shop)


def a_revocation(shop: Shop) -> Do:
    body = {"grant_id": grant(shop).body["grant_id"], "revoke_reason": "over"}
    return lambda: command(shop, "revoke", body)


def torn(before: State, after: State, without: str) -> Iterator[tuple[str, Item, State]]:
    """Leave out each item that a transaction wrote, or let it be the older one that it replaced."""
    for table, items in after.items():
        if table == without:
            continue
        for item in items:
            if item in before[table]:
                continue
            older = [each for each in before[table] if _key(each) == _key(item)]
            yield table, item, {**after, table: [i for i in items if i is not item] + older}


def _key(item: Item) -> tuple[Any, Any]:
    return item["pk"], item.get("sk")


def what_is_so(shop: Shop) -> Json:
    """What checks answer, and what the tables know besides."""
    account = shop.account(USER)
    return {
        "features": shop.features(USER),
        "holdings": holdings_of(account),
        "grants": account.grants,
        "pointers": {id_: account_store().find([id_]) for id_ in sorted(account.stripe_ids())},
    }


@pytest.mark.parametrize("begin", [the_first_event, a_renewal, a_grant, a_revocation])
def test_whichever_item_is_lost_a_repetition_and_a_reconciliation_bring_back_all_but_history(
    shop: Shop, operator: Operator, deployment: Settings, begin: Callable[[Shop], Do]
) -> None:
    do, snapshots = begin(shop), Snapshots(deployment)
    before = snapshots.take()
    do()
    after = snapshots.take()
    do()
    operator.run(since=LONG_AGO)
    undisturbed, ledger = what_is_so(shop), deployment.ledger_table
    known = {item["pk"]["S"] for item in after[ledger]}
    lost = list(torn(before, after, deployment.metrics_table))
    tables = {table for table, _, _ in lost}
    assert {deployment.accounts_table, deployment.history_table, ledger} <= tables
    for table, item, left in lost:
        snapshots.restore(left)
        do()
        operator.run(since=LONG_AGO)
        where = f"without {_key(item)} of {table}"
        assert what_is_so(shop) == undisturbed, where
        assert known <= {each["pk"]["S"] for each in snapshots.take()[ledger]}, where
        versions = [e.version for e in account_store().entries(AccountKey("demo", USER))]
        gap = {int(item["sk"]["S"])} if table == deployment.history_table else set[int]()
        assert set(range(1, shop.account(USER).version + 1)) - set(versions) == gap, where


def test_a_grant_that_only_history_has_is_not_answered_as_if_it_were_there(
    shop: Shop, operator: Operator, deployment: Settings
) -> None:
    granted, snapshots = grant(shop), Snapshots(deployment)
    left = snapshots.take()
    accounts = deployment.accounts_table
    left[accounts] = [i for i in left[accounts] if not i["sk"]["S"].startswith("grant#")]
    snapshots.restore(left)
    again = grant(shop)
    assert (again.status, again.body["code"]) == (503, "try_again")
    operator.run(since=LONG_AGO)
    assert grant(shop).body["grant_id"] == granted.body["grant_id"]
    assert shop.features(USER) == {"theme": "dark"}
