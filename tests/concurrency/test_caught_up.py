"""Many writers on one account that was lost, while its history was not."""

from __future__ import annotations

from collections import Counter
from functools import partial

from billing.adapters.dynamo.models import AccountItem
from billing.adapters.dynamo.store import AccountStore
from billing.domain.account import AccountKey
from billing.domain.changes import OutcomeKind
from billing.services.replay_account import replay_account
from tests.concurrency.writers import CROWD, Writers, assert_whole, purchase, told
from tests.support.racing import all_at_once


def test_an_account_that_was_lost_is_caught_up_by_many_at_once(
    store: AccountStore, user: str
) -> None:
    writers, key = Writers(store), AccountKey("demo", user)
    writers.hear(told("customer.subscription.updated", 1, user))
    before = CROWD // 2
    for number in range(before - 1):
        writers.grant(user, number, f"{user}-before-{number}")
    known = store.load(key)
    for item in AccountItem.query(str(key), consistent_read=True):
        item.delete()
    events = [purchase(number, user) for number in range(CROWD)]
    outcomes = Counter(all_at_once([partial(writers.hear, e, alone=True) for e in events]))
    assert outcomes == {OutcomeKind.APPLIED: CROWD}
    account = store.load(key)
    assert account.grants == known.grants
    assert account.subscriptions == known.subscriptions
    assert len(account.purchases) == CROWD
    assert_whole(store, key, before + CROWD)
    assert account == replay_account(key, accounts=store).account
