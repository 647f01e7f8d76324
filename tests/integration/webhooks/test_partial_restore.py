"""Tables that were not restored to one instant: the one door goes on; history is what counts."""

from __future__ import annotations

from typing import get_args

import pytest

from billing.adapters.dynamo.models import PointerItem
from billing.domain.account import AccountKey
from billing.domain.changes import HistoryEntry
from billing.services.replay_account import replay_account
from billing.settings import Settings
from billing.stores import account_store
from functions.admin.handler import lambda_handler as admin
from tests.support.interruptions import Killed, When, interruptions
from tests.support.requests import Answer, call, request
from tests.support.shop import Json, Shop
from tests.support.snapshot import Snapshots

USER = "user-1"


@pytest.fixture
def snapshots(deployment: Settings) -> Snapshots:
    """The four tables that one transaction writes."""
    return Snapshots(deployment)


def grant(shop: Shop, feature: str = "theme", value: object = "dark") -> Answer:
    """A fact that Stripe does not have."""
    body = {"user_id": USER, "project_id": "demo", "feature_code": feature, "reason": "goodwill"}
    event = request(
        "POST", "/api/v1/admin/grant", json_body={**body, "value": value}, key=shop.admin_key
    )
    return call(admin, event)


def history(shop: Shop) -> list[HistoryEntry]:
    return account_store().history(AccountKey(shop.project_id, USER), limit=100)[::-1]


def is_renewed(shop: Shop) -> list[Json]:
    """A month goes by; returns the events of it."""
    known = {event["id"] for event in shop.events()}
    shop.stripe.advance(days=32)
    return [event for event in shop.events() if event["id"] not in known]


def assert_whole(shop: Shop, revision: int) -> None:
    """The account is what its history says, whose revisions never went back."""
    account, entries = shop.account(USER), history(shop)
    assert account.revision == revision
    assert [entry.version for entry in entries] == list(range(1, account.version + 1))
    assert account == replay_account(account.key, accounts=account_store()).account
    assert {account_store().find([id_]) for id_ in account.stripe_ids()} == {account.key}


@pytest.mark.parametrize("is_lost_whole", [True, False])
def test_an_account_older_than_its_history_is_caught_up_by_the_next_change(
    shop: Shop, deployment: Settings, snapshots: Snapshots, *, is_lost_whole: bool
) -> None:
    shop.buy(USER)
    shop.deliver_all()
    backup = snapshots.take()[deployment.accounts_table]
    assert grant(shop).status == 200
    shop.deliver(is_renewed(shop))
    features, now = shop.features(USER), snapshots.take()
    revision, length = shop.account(USER).revision, len(history(shop))
    old: list[Json] = [] if is_lost_whole else backup
    snapshots.restore({**now, deployment.accounts_table: old})
    assert shop.features(USER) != features
    assert grant(shop, "export", value=True).status == 200
    assert shop.features(USER) == {**features, "export": True}
    assert_whole(shop, revision + 1)
    assert len(history(shop)) == length + 1
    assert shop.deliver(is_renewed(shop)) == []


def test_pointers_that_were_lost_with_the_account_come_back(
    shop: Shop, deployment: Settings, snapshots: Snapshots
) -> None:
    shop.buy(USER)
    shop.deliver_all()
    now = snapshots.take()
    lost: dict[str, list[Json]] = {deployment.accounts_table: [], deployment.pointers_table: []}
    snapshots.restore({**now, **lost})
    assert grant(shop).status == 200
    after = snapshots.take()[deployment.pointers_table]
    assert [item for item in now[deployment.pointers_table] if item not in after] == []


def test_an_id_that_came_to_another_account_meanwhile_stays_there(
    shop: Shop, deployment: Settings, snapshots: Snapshots
) -> None:
    session = shop.buy(USER)
    shop.deliver_all()
    snapshots.restore({**snapshots.take(), deployment.accounts_table: []})
    PointerItem(session["subscription"], account="demo#user-2").save()
    assert grant(shop).status == 200
    assert account_store().find([session["subscription"]]) == AccountKey("demo", "user-2")
    assert shop.account(USER).revision == len(history(shop))


def test_history_that_is_older_than_the_account_goes_on_after_a_gap(
    shop: Shop, deployment: Settings, snapshots: Snapshots
) -> None:
    shop.buy(USER)
    shop.deliver_all()
    assert grant(shop).status == 200
    before = shop.account(USER)
    snapshots.restore({**snapshots.take(), deployment.history_table: []})
    assert grant(shop, "export", value=True).status == 200
    after = shop.account(USER)
    assert (after.revision, after.version) == (before.revision + 1, before.version + 1)
    assert [entry.version for entry in history(shop)] == [after.version]
    assert shop.features(USER).keys() == {"theme", "quota", "export"}


@pytest.mark.parametrize("when", get_args(When))
def test_catching_up_killed_anywhere_goes_on_where_it_broke_off(
    shop: Shop, deployment: Settings, snapshots: Snapshots, when: When
) -> None:
    shop.buy(USER)
    shop.deliver_all()
    snapshots.restore({**snapshots.take(), deployment.accounts_table: []})
    lost = snapshots.take()
    (event, *_) = [e for e in is_renewed(shop) if e["type"].endswith("subscription.updated")]
    with interruptions.counted() as counted:
        assert shop.deliver([event]) == []
    undisturbed, calls = snapshots.take(), list(counted)
    for fatal in range(1, len(calls) + 1):
        snapshots.restore(lost)
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            shop.deliver([event])
        assert shop.deliver([event]) == []
        assert snapshots.take() == undisturbed, f"killed {when} call {fatal} of {calls}"


def test_a_command_about_a_fact_that_was_lost_finds_it(
    shop: Shop, deployment: Settings, snapshots: Snapshots
) -> None:
    granted = grant(shop)
    snapshots.restore({**snapshots.take(), deployment.accounts_table: []})
    body = {"grant_id": granted.body["grant_id"], "revoke_reason": "over"}
    event = request("POST", "/api/v1/admin/revoke", json_body=body, key=shop.admin_key)
    assert call(admin, event).status == 200
    assert_whole(shop, 2)


def test_a_repetition_finds_what_it_did_though_that_was_lost(
    shop: Shop, deployment: Settings, snapshots: Snapshots
) -> None:
    shop.buy(USER)
    shop.deliver_all()
    features = shop.features(USER)
    snapshots.restore({**snapshots.take(), deployment.accounts_table: []})
    shop.deliver_all()
    assert shop.features(USER) == features
