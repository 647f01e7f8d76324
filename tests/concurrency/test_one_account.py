"""Many writers on one account, through the one door, on an engine with real transactions."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from billing.adapters.dynamo.store import AccountStore
from billing.domain.account import AccountKey
from billing.domain.changes import Outcome, OutcomeKind, ParkReason
from billing.domain.errors import AlreadyGranted
from billing.services.apply_stripe_event import Collaborators, apply_stripe_event
from tests.concurrency.conftest import NOW
from tests.concurrency.writers import APART, CROWD, Writers, assert_whole, no_stripe, purchase, told
from tests.support.racing import all_at_once

THREADS = 8
EACH = {"emulator": 30, "dynamodb-local": 12}
"""Commits of each thread; the second engine takes three times as long for one."""


def test_no_writer_overwrites_another(
    store: AccountStore,
    user: str,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    writers, key = Writers(store), AccountKey("demo", user)
    commits = THREADS * EACH[request.node.callspec.params["tables"]]
    numbers = random.Random(7).sample(range(commits), commits)

    def commit_some(mine: list[int]) -> Counter[OutcomeKind]:
        outcomes: Counter[OutcomeKind] = Counter()
        for number in mine:
            match number % 4:
                case 0:
                    subscription = told("customer.subscription.updated", number, user)
                    outcomes[writers.hear(subscription)] += 1
                case 1:
                    writers.grant(user, number, f"{user}-{number}", alone=True)
                    outcomes[OutcomeKind.APPLIED] += 1
                case 2:
                    outcomes[writers.hear(purchase(number, user), alone=True)] += 1
                case _:
                    again = told("customer.subscription.updated", number - 3, user)
                    outcomes[writers.hear(again)] += 1  # another thread has it, too
        return outcomes

    works = [partial(commit_some, numbers[first::THREADS]) for first in range(THREADS)]
    outcomes = sum(all_at_once(works), Counter[OutcomeKind]())
    account = store.load(key)
    assert outcomes[OutcomeKind.DUPLICATE] == len(numbers) // 4
    assert set(outcomes) <= {OutcomeKind.APPLIED, OutcomeKind.DUPLICATE, OutcomeKind.STALE}
    assert len(account.grants) == len(account.purchases) == len(numbers) // 4
    (subscription,) = account.subscriptions.values()
    assert len(subscription.timeline) == len(numbers) // 4, "not one word of it is lost"
    assert subscription.as_of == NOW + APART * max(n for n in numbers if n % 4 == 0)
    assert_whole(store, key, outcomes[OutcomeKind.APPLIED])
    record_property("commits by threads", commits)
    record_property("times sent back by contention", writers.overtaken.total())


def test_an_event_delivered_by_many_at_once_has_one_effect(store: AccountStore, user: str) -> None:
    writers, key = Writers(store), AccountKey("demo", user)
    for event in (purchase(1, user), told("customer.subscription.updated", 2, user)):
        outcomes = Counter(all_at_once([partial(writers.hear, event)] * CROWD))
        assert outcomes == {OutcomeKind.APPLIED: 1, OutcomeKind.DUPLICATE: CROWD - 1}
    assert_whole(store, key, 2)


def test_a_command_given_many_times_at_once_is_one_grant(store: AccountStore, user: str) -> None:
    writers, key = Writers(store), AccountKey("demo", user)
    granted = all_at_once([lambda: writers.grant(user, 0, f"once-{user}")] * CROWD)
    assert len(set(granted)) == 1
    assert set(store.load(key).grants) == set(granted)
    assert_whole(store, key, 1)


def test_of_many_operators_at_once_one_grants(store: AccountStore, user: str) -> None:
    writers, key = Writers(store), AccountKey("demo", user)

    def refused() -> bool:
        try:
            writers.grant(user, 0, None)
        except AlreadyGranted:
            return True
        return False

    assert sorted(all_at_once([refused] * CROWD)) == [False] + [True] * (CROWD - 1)
    assert len(store.load(key).grants) == 1
    assert_whole(store, key, 1)


def test_an_id_of_stripes_comes_to_one_account_only(store: AccountStore, user: str) -> None:
    """Ten accounts hear at once that the customer and its purchase are theirs."""
    writers = Writers(store)
    users = [f"{user}-{number}" for number in range(CROWD // 2)]

    def hear(name: str) -> Outcome:
        event = json.loads(json.dumps(purchase(1, user)).replace(f'"{user}"', f'"{name}"'))
        event = {**event, "id": f"evt_{name}"}
        using = Collaborators(store, writers.catalogs, no_stripe)
        return apply_stripe_event(event, using=using, now=NOW)

    outcomes = all_at_once([partial(hear, name) for name in users])
    reasons = Counter(outcome.reason for outcome in outcomes)
    assert reasons == {None: 1, ParkReason.OTHER_ACCOUNT: len(users) - 1}
    (owner,) = [o.account for o in outcomes if o.account is not None]
    held = {name: store.load(AccountKey("demo", name)) for name in users}
    assert [name for name, account in held.items() if account.purchases] == [owner.key.user_id]
    assert_whole(store, owner.key, 1)
