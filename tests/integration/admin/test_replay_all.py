"""All parked events of a reason replayed, some at a time; and a replay killed anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from billing.domain.changes import ParkReason
from billing.settings import Settings
from tests.integration.admin.conftest import Operator
from tests.integration.admin.parking import (
    a_price,
    a_subscription_of,
    gone_at_stripe,
    in_a_hurry,
    let_come,
    listed,
    parked,
)
from tests.support.interruptions import Killed, When, interruptions
from tests.support.shop import Shop
from tests.support.snapshot import Snapshots

BOTH: tuple[When, When] = ("before", "after")


def some_of_a_price(shop: Shop, number: int) -> list[str]:
    """Events of one price that the catalog lacks, by different users."""
    price_id = a_price(shop)
    found = []
    for user in range(number):
        name = {"project_id": "demo", "user_id": f"user-{user}"}
        found.append(let_come(shop, a_subscription_of(shop, price_id, **name), "unknown_price"))
        shop.stripe.advance(seconds=1)
    shop.add_product("extra", {"export": True}, price_id)
    return found


def test_all_of_a_reason_are_replayed_some_at_a_time(shop: Shop, operator: Operator) -> None:
    other = parked(shop)
    waiting = some_of_a_price(shop, 5)
    asked: dict[str, Any] = {"reason": "unknown_price", "limit": 2}
    seen: list[tuple[str, str]] = []
    remaining = []
    while True:
        answer = operator.post("events/replay", asked)
        assert answer.status == 200, answer.body
        seen += [(event["event_id"], event["outcome"]) for event in answer.body["events"]]
        remaining.append(answer.body["remaining"])
        if answer.body["next_cursor"] is None:
            break
        asked["cursor"] = answer.body["next_cursor"]
    assert seen == [(event_id, "applied") for event_id in waiting]
    assert remaining[0] == 3
    assert remaining[-1] == 0
    assert shop.features("user-4") == {"export": True}
    assert listed(operator) == [other]
    again = operator.post("events/replay", {"reason": "unknown_price"})
    assert again.body == {"events": [], "next_cursor": None, "remaining": 0}


def test_replaying_all_touches_the_project_that_is_named_and_no_other(
    shop: Shop, operator: Operator
) -> None:
    price_id = a_price(shop)
    mine = let_come(
        shop, a_subscription_of(shop, price_id, project_id="demo", user_id="u"), "unknown_price"
    )
    shop.another_project("other")
    shop.stripe.advance(seconds=1)
    others = let_come(
        shop, a_subscription_of(shop, price_id, project_id="other", user_id="u"), "unknown_price"
    )
    shop.add_product("extra", {"export": True}, price_id)
    asked = {"reason": "unknown_price", "project_id": "other"}
    answer = operator.post("events/replay", asked).body
    assert [(e["event_id"], e["outcome"]) for e in answer["events"]] == [(others, "parked")]
    assert answer["remaining"] == 1
    assert listed(operator) == [mine, others]


def test_trouble_with_one_event_does_not_keep_the_others_waiting(
    shop: Shop, operator: Operator
) -> None:
    asks_stripe = let_come(shop, {**gone_at_stripe(shop), "id": "evt_0"}, "gone_at_stripe")
    shop.stripe.advance(seconds=1)
    reads = parked(shop, ParkReason.GONE_AT_STRIPE)
    shop.stripe.add_fault(method="GET", path=f"/v1/events/{asks_stripe}", times=99, status=503)
    answer = operator.post("events/replay", {"reason": "gone_at_stripe"}).body
    outcomes = {event["event_id"]: event["outcome"] for event in answer["events"]}
    assert outcomes == {asks_stripe: "failed", reads: "parked"}
    assert answer["remaining"] == 2


def test_where_time_is_short_the_rest_is_left_to_the_next_request(
    shop: Shop, operator: Operator
) -> None:
    waiting = some_of_a_price(shop, 3)
    answer = in_a_hurry("events/replay", {"reason": "unknown_price"}, shop.admin_key).body
    assert [event["event_id"] for event in answer["events"]] == waiting[:1]
    assert answer["remaining"] == 2
    rest = operator.post(
        "events/replay", {"reason": "unknown_price", "cursor": answer["next_cursor"]}
    ).body
    assert [event["event_id"] for event in rest["events"]] == waiting[1:]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": "bored"}, "reason"),
        ({"reason": None}, "reason"),
        ({}, "reason"),
        ({"reason": "unmatched", "project_id": "NOT A PROJECT"}, "project_id"),
        ({"reason": "unmatched", "limit": 0}, "limit"),
        ({"reason": "unmatched", "limit": 26}, "limit"),
        ({"reason": "unmatched", "limit": "5"}, "limit"),
        ({"reason": "unmatched", "cursor": "!"}, "cursor"),
        ({"reason": "unmatched", "user_id": "user-1"}, "user_id"),
    ],
)
def test_a_replay_of_what_cannot_be_is_refused(
    ada: Operator, fields: dict[str, Any], field: str
) -> None:
    answer = ada.post("events/replay", fields)
    assert answer.status == 422
    assert answer.body["errors"][0]["field"].startswith(field)


# -- killed anywhere


@pytest.mark.parametrize("when", BOTH)
def test_a_replay_killed_anywhere_and_repeated_ends_as_if_undisturbed(
    shop: Shop, operator: Operator, deployment: Settings, when: When
) -> None:
    (event_id,) = some_of_a_price(shop, 1)
    snapshots = Snapshots(deployment)
    before = snapshots.take()
    path = f"events/{event_id}/replay"
    with interruptions.counted() as counted:
        assert operator.post(path).body["outcome"] == "applied"
    undisturbed, calls = snapshots.take(), list(counted)
    for fatal in range(1, len(calls) + 1):
        snapshots.restore(before)
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            operator.post(path)
        assert operator.post(path).body["outcome"] in {"applied", "duplicate"}
        assert snapshots.take() == undisturbed, f"killed {when} call {fatal} of {calls}"
