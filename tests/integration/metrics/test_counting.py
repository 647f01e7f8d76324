"""The function that counts: once, whatever the stream brings."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from billing import composition
from billing.domain.account import AccountKey
from billing.domain.contribution import contribution
from billing.domain.subscription import InvoicePayment, Moment
from billing.domain.tally import MOST_PLACES, total
from billing.stores import account_store, figures_store
from functions.metrics.count import lambda_handler
from functions.metrics.handler import lambda_handler as metrics
from tests.support.builders import DAY, START, a_purchase, a_subscription, an_item
from tests.support.clock import Clock
from tests.support.counting import Counting
from tests.support.facts import keep
from tests.support.interruptions import Killed, When, interruptions
from tests.support.requests import LambdaContext, call, request
from tests.support.world import World, a_world

USERS = [f"u{number}" for number in range(5)]


@pytest.fixture
def world(clock: Clock) -> World:
    return a_world()


def grow(user: str, number: int) -> None:
    """Let a user have one payment and one price more."""
    at = START + number * DAY
    known = account_store().load(AccountKey("demo", user)).subscriptions.values()
    timeline = tuple(m for fact in known for m in fact.timeline)
    fact = a_subscription(items=(an_item(unit_amount=1000 + number),), as_of=at)
    paid = tuple(
        InvoicePayment(f"in_{n}", 100 * (n + 1), "usd", START + n * DAY) for n in range(number)
    )
    keep(user, replace(fact, timeline=(*timeline, fact.moment()), payments=paid))


def expected() -> dict[str, Any]:
    accounts = (account_store().load(AccountKey("demo", user)) for user in USERS)
    return total(contribution(account, composition.now()) for account in accounts)


@pytest.mark.parametrize("seed", range(6))
def test_records_that_come_twice_late_or_not_at_all_count_once(world: World, seed: int) -> None:
    dice, counting, known = random.Random(seed), Counting(), []
    for number in range(12):
        grow(dice.choice(USERS), number)
        known += counting.changes()
        counting.count(dice.choices(known, k=3))
    newest = {record["dynamodb"]["Keys"]["pk"]["S"]: record for record in known}
    counting.count(list(newest.values()))
    assert figures_store().places("demo") == expected()
    version = figures_store().head("demo").version
    counting.count(dice.sample(known, len(known)))
    assert figures_store().head("demo").version == version


def test_an_account_that_cannot_be_counted_comes_again_and_holds_up_no_other(
    world: World,
) -> None:
    grow("u1", 1)
    grow("u2", 2)
    records = Counting().changes()
    broken = {"dynamodb": {"Keys": {"pk": {"S": "no account"}}, "SequenceNumber": "7"}}
    answer = lambda_handler({"Records": [broken, *records]}, LambdaContext())  # type: ignore[arg-type]  # stands in
    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}
    assert figures_store().head("demo").figures["accounts"] == 2


@pytest.mark.parametrize("when", get_args(When))
def test_counting_that_is_killed_at_any_call_is_done_again_whole(world: World, when: When) -> None:
    counting = Counting()
    grow("u0", 1)
    with interruptions.counted() as calls:
        counting.count()
    for fatal in range(1, len(calls) + 1):
        grow(USERS[fatal % len(USERS)], fatal + 1)
        changes = counting.changes()
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            counting.count(changes)
        counting.count(changes)
        assert figures_store().places("demo") == expected()
    assert len(calls) >= 3


def test_a_history_of_many_years_is_counted_in_several_transactions(world: World) -> None:
    months = 2 * MOST_PLACES + 5
    paid = [InvoicePayment(f"in_{n}", n + 1, "usd", START - 31 * n * DAY) for n in range(months)]
    began = START - timedelta(days=31 * months)
    keep("u1", a_subscription(started_at=began, payments=tuple(paid)))
    with interruptions.counted() as calls:
        Counting().count()
    assert sum("TransactWrite" in call for call in calls) == 3
    assert figures_store().places("demo") == expected()


def test_a_read_is_one_request_however_many_accounts_there_are(world: World) -> None:
    asked = request("GET", "/api/v1/metrics/project/demo", key=world.key)
    requests = []
    for users in (1, 5):
        for user in USERS[:users]:
            grow(user, users)
        Counting().count()
        assert call(metrics, asked).status == 200
        with interruptions.counted() as calls:
            assert call(metrics, asked).body["accounts"] == users
        requests.append([each for each in calls if "Update" not in each])
    assert requests[0] == requests[1]
    assert [each for each in requests[1] if "TransactGet" in each] == requests[1]


def test_a_cancellation_for_want_of_payment_is_told_apart(world: World, clock: Clock) -> None:
    began = START - 40 * DAY
    for user, reason in (("u1", "payment_failed"), ("u2", "cancellation_requested")):
        fact = a_subscription(started_at=began, as_of=began)
        ended = a_subscription(
            status="canceled", started_at=began, as_of=START, cancel_reason=reason
        )
        timeline: tuple[Moment, ...] = (fact.moment(), ended.moment())
        keep(user, replace(ended, timeline=timeline), a_purchase(paid_at=START))
    Counting().count()
    asked = request("GET", "/api/v1/metrics/project/demo", key=world.key)
    body = call(metrics, asked).body
    (usd,) = body["currencies"]
    told = {month["month"]: month for month in usd["trend"]}
    assert (told["2026-01"]["new"], told["2026-01"]["mrr"]) == (2400, 2400)
    march = told["2026-03"]
    assert (march["churned"], march["churned_voluntary"]) == (2400, 1200)
    assert (march["churned_involuntary"], march["mrr"], march["paid"]) == (1200, 0, 19800)
    customers = body["customers"][-1]
    assert customers["churn"] == {"part": 2, "whole": 2, "rate": 1.0}
    assert customers["involuntary_churn"] == {"part": 1, "whole": 2, "rate": 0.5}
    (day,) = [day for day in usd["days"] if day["date"] == "2026-03-01"]
    assert day["net_revenue"] == 19800
