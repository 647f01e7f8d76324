"""Many writers on one account, through the one door, on an engine with real transactions."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import pytest

from billing.adapters.dynamo.models import AccessItem
from billing.adapters.dynamo.store import AccountStore
from billing.adapters.plain import to_plain
from billing.auth import Caller
from billing.domain.account import AccountKey
from billing.domain.changes import Outcome, OutcomeKind, ParkReason
from billing.domain.errors import AlreadyGranted
from billing.domain.holdings import holdings_of
from billing.services.apply_stripe_event import Collaborators, apply_stripe_event
from billing.services.grant_access import GrantOrder, grant_access
from local.place import ROOT
from tests.concurrency.conftest import NOW
from tests.support.builders import a_catalog
from tests.support.memory import FixedCatalog
from tests.support.racing import all_at_once, until_settled

THREADS, CROWD = 8, 20
EACH = {"emulator": 30, "dynamodb-local": 12}
"""Commits of each thread; the second engine takes three times as long for one."""

ADA = Caller("key_ada", "Ada", None, frozenset({"admin"}))

Json = dict[str, Any]
_T = TypeVar("_T")


def sample(kind: str) -> Json:
    """Stripe's event of a kind, as in `events/`."""
    text = (ROOT / "events" / "stripe" / f"{kind}.json").read_text()
    found: Json = json.loads(text.replace("price_pro_monthly", "price_pro"))
    return found


def told(kind: str, number: int, user_id: str, **fields: Any) -> Json:
    """The event numbered so, of that user, a minute after the one before."""
    event = sample(kind)
    obj = event["data"]["object"]
    text = json.dumps({**event, "data": {"object": {**obj, **fields}}})
    mine: Json = json.loads(text.replace("user-1", user_id).replace("_demo1", f"_{user_id}"))
    created = int(NOW.timestamp()) + 60 * number
    return {**mine, "id": f"evt_{user_id}_{kind}_{number}", "created": created}


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """An account of the test's own."""
    return re.sub(r"\W", "-", request.node.name)


class Writers:
    """What the threads of a test share."""

    def __init__(self, store: AccountStore) -> None:
        self.store = store
        self.catalogs: Any = FixedCatalog(a_catalog())
        self.overtaken: Counter[str] = Counter()

    def hear(self, payload: Json) -> OutcomeKind:
        """Apply an event, as often as the queue would deliver it."""
        using = Collaborators(self.store, self.catalogs, _no_stripe)
        return self._settled(
            payload["id"], lambda: apply_stripe_event(payload, using=using, now=NOW)
        ).kind

    def grant(self, user_id: str, number: int, once: str | None) -> str:
        """Grant an hour of `export`, the number-th."""
        begins = NOW + timedelta(hours=number)
        order = GrantOrder(
            AccountKey("demo", user_id),
            "export",
            "goodwill",
            valid_from=begins,
            valid_to=begins + timedelta(hours=1),
        )
        return self._settled(
            "grant",
            lambda: grant_access(
                order,
                accounts=self.store,
                catalogs=self.catalogs,
                operator=ADA,
                now=NOW,
                idempotency_key=once,
            ),
        ).id

    def _settled(self, cause_id: str, work: Callable[[], _T]) -> _T:
        def overtaken() -> None:
            assert self.store.ledger_entry(cause_id) is None, "it raised, so it did nothing"
            self.overtaken[cause_id] += 1

        return until_settled(work, overtaken)


def _no_stripe() -> Any:
    raise AssertionError("these events say it all")


def assert_whole(store: AccountStore, key: AccountKey, applied: int) -> None:
    """Revision, history and holdings are those of exactly `applied` changes, one after another."""
    account = store.load(key)
    history = store.history(key, limit=1000)[::-1]
    assert account.revision == applied
    assert [entry.version for entry in history] == list(range(1, account.version + 1))
    assert len({entry.cause_id for entry in history}) == len(history)
    assert [entry.outcome for entry in history].count(OutcomeKind.APPLIED) == applied
    for before, after in itertools.pairwise(history):
        assert after.revision - before.revision == (after.outcome is OutcomeKind.APPLIED)
        _continues(before.after, after.before)
    hot = AccessItem.get(str(key), "access", consistent_read=True)
    assert hot.holdings == to_plain(holdings_of(account))
    assert (hot.revision, hot.version) == (account.revision, account.version)


def _continues(was: Json, taken_as: Json) -> None:
    for sk in was.keys() & taken_as.keys():
        assert was[sk] == taken_as[sk], "each writer saw what the one before it wrote"


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
                    writers.grant(user, number, f"once-{number}")
                    outcomes[OutcomeKind.APPLIED] += 1
                case 2:
                    outcomes[writers.hear(_purchase(number, user))] += 1
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
    assert subscription.as_of == NOW + timedelta(minutes=max(n for n in numbers if n % 4 == 0))
    assert_whole(store, key, outcomes[OutcomeKind.APPLIED])
    record_property("commits by threads", commits)
    record_property("times sent back by contention", writers.overtaken.total())


def _purchase(number: int, user_id: str) -> Json:
    about = {"project_id": "demo", "user_id": "user-1", "price_id": "price_once", "quantity": "1"}
    return told(
        "checkout.session.completed",
        number,
        user_id,
        id=f"cs_{user_id}_{number}",
        mode="payment",
        payment_intent=f"pi_{user_id}_{number}",
        subscription=None,
        invoice=None,
        metadata=about,
    )


def test_an_event_delivered_by_many_at_once_has_one_effect(store: AccountStore, user: str) -> None:
    writers, key = Writers(store), AccountKey("demo", user)
    for event in (_purchase(1, user), told("customer.subscription.updated", 2, user)):
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
        event = json.loads(json.dumps(_purchase(1, user)).replace(f'"{user}"', f'"{name}"'))
        event = {**event, "id": f"evt_{name}"}
        using = Collaborators(store, writers.catalogs, _no_stripe)
        return apply_stripe_event(event, using=using, now=NOW)

    outcomes = all_at_once([partial(hear, name) for name in users])
    reasons = Counter(outcome.reason for outcome in outcomes)
    assert reasons == {None: 1, ParkReason.OTHER_ACCOUNT: len(users) - 1}
    (owner,) = [o.account for o in outcomes if o.account is not None]
    held = {name: store.load(AccountKey("demo", name)) for name in users}
    assert [name for name, account in held.items() if account.purchases] == [owner.key.user_id]
    assert_whole(store, owner.key, 1)
