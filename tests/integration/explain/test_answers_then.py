"""An explanation of an instant says what the read path answered at that instant."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.services.replay_account import replay_account
from billing.stores import account_store
from tests.integration.explain.lives import ACTS, CODES, USER, Answers, Life
from tests.support.shop import Json, Shop

steps = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 999)), min_size=4, max_size=10
)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(steps=steps)
def test_any_life_is_explained_as_it_was_answered(
    new_shop: Callable[[], Shop], steps: list[tuple[str, int]]
) -> None:
    relive(Life(new_shop()), steps)


LIKELY = ["buy", "deliver", "wait", "deliver", "fail", "grant", "put_catalog", "wait", "deliver"]


@pytest.mark.parametrize("seed", range(3))
def test_a_long_life_is_explained_as_it_was_answered(
    new_shop: Callable[[], Shop], seed: int
) -> None:
    chance = random.Random(seed)
    names = [*LIKELY, *(chance.choice([*ACTS, *LIKELY]) for _ in range(20))]
    life = Life(new_shop())
    relive(life, [(name, chance.randrange(1000)) for name in names])
    reasons = {check["reason"] for answers in life.answered for check in answers.checks.values()}
    assert len(reasons) >= 4, "a life in which something happens"


def test_a_card_that_fails_is_told_from_the_first_day_to_the_payment(
    new_shop: Callable[[], Shop],
) -> None:
    life = Life(new_shop())
    for name, number in [
        ("buy", 0),
        ("deliver", 0),
        ("fail", 2),
        ("wait", 5),
        ("wait", 1),
        ("deliver", 0),
    ]:
        life.act(name, number)
        life.ask()
    in_grace = explained(life, "export", life.answered[-1].at)
    assert (in_grace["allowed"], in_grace["reason"]) == (True, "past_due")
    life.act("wait", 4)
    life.ask()
    over = life.answered[-1].at
    denied = explained(life, "export", over)
    assert (denied["allowed"], denied["reason"], denied["is_forecast"]) == (False, "ended", False)
    assert denied["remedies"][0] == {
        "action": "pay",
        "text": "the open invoice is paid",
        "at": None,
    }
    made_by = denied["made_by"]
    assert (made_by["type"], made_by["name"]) == ("stripe_event", "customer.subscription.updated")
    assert (made_by["actor"], made_by["reason"]) == ("stripe", "")
    assert made_by["caused_at"] <= made_by["recorded_at"] == in_grace["at"]
    event = next(e for e in life.shop.events() if e["id"] == made_by["id"])
    assert event["data"]["object"]["status"] == "past_due"
    life.act("pay", 0)
    life.act("deliver", 0)
    life.ask()
    paid = explained(life, "export", life.answered[-1].at)
    assert (paid["allowed"], paid["remedies"], paid["offers"]) == (True, [], [])
    assert explained(life, "export", over) == denied, "the past stays what it was"
    relive(life, [])


def relive(life: Life, steps: list[tuple[str, int]]) -> None:
    """Live, asking after every step; then explain every answer that was given."""
    life.ask()
    for name, number in steps:
        life.act(name, number)
        life.ask()
    for then in life.answered:
        is_as_it_was_answered(life, then)
    key = life.shop.account(USER).key
    replayed = replay_account(key, accounts=account_store())
    assert replayed.account == account_store().load(key)


def is_as_it_was_answered(life: Life, then: Answers) -> None:
    view = life.operate("GET", "accounts", project_id="demo", user_id=USER, at=then.at)
    assert view["entitlements"] == then.entitlements["entitlements"]
    assert view["account"]["revision"] == then.entitlements["revision"]
    listed = {entry["feature_code"]: entry for entry in then.inactive["entitlements"]}
    for code in CODES:
        why = explained(life, code, then.at)
        expected = {**then.checks[code]}
        assert why["at"] == expected.pop("checked_at")
        assert why["etag"] == then.etag
        assert {name: why[name] for name in expected} == expected
        told = [_bare(source) for source in why["sources"]]
        assert told == (listed[code]["sources"] if code in listed else [])
        is_whole(why)


def is_whole(why: Json) -> None:
    assert why["sentence"].startswith(f"At {why['at']} '{why['feature_code']}' is ")
    for source in why["sources"]:
        assert source["made_by"]["recorded_at"] <= why["at"]
    if why["sources"]:
        assert why["made_by"]["recorded_at"] <= why["at"]
    assert bool(why["remedies"]) != why["allowed"]


def explained(life: Life, code: str, at: str) -> Json:
    path = f"accounts/demo/{USER}/explain"
    return life.operate("GET", path, feature_code=code, at=at)


def _bare(source: Json) -> dict[str, Any]:
    return {k: v for k, v in source.items() if k not in ("is_active", "made_by")}
