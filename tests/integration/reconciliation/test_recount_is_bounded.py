"""A recount of a project with many currencies, and of one with long histories, fits its tables."""

from __future__ import annotations

import json
from datetime import timedelta
from fractions import Fraction

import boto3
import pytest

from billing import composition
from billing.domain.account import AccountKey
from billing.domain.contribution import contribution
from billing.domain.recount import Recount
from billing.domain.subscription import InvoicePayment
from billing.domain.tally import MOST_PLACES, Tally, total
from billing.services.count_account import count_account
from billing.services.recount_project import Recounting
from billing.settings import Settings
from billing.stores import account_store, figures_store
from tests.integration.conftest import REGION
from tests.support.builders import DAY, START, a_subscription
from tests.support.facts import keep
from tests.support.interruptions import Killed, interruptions

from .spoiling import DEMO, spoil

CURRENCIES = [f"{first}{second}x" for first in "abcd" for second in "klmnopqrst"]
LARGEST = 350_000
"""Bytes; DynamoDB takes 400 KB."""


def earn(user: str, currency: str, days: list[int]) -> None:
    """Let a user have paid something in a currency so many days ago."""
    paid = tuple(
        InvoicePayment(f"in_{user}_{ago}", 123_456_789, currency, START - ago * DAY) for ago in days
    )
    keep(user, a_subscription(started_at=START - timedelta(days=max(days)), payments=paid))
    count(user)


def count(user: str) -> None:
    now = composition.now()
    key = AccountKey(DEMO, user)
    count_account(key, accounts=account_store(), figures=figures_store(), now=now)


def largest(deployment: Settings) -> int:
    """The size of the largest item of the metrics table."""
    pages = boto3.client("dynamodb", region_name=REGION).get_paginator("scan")
    found = pages.paginate(TableName=deployment.metrics_table)
    return max(len(json.dumps(item)) for page in found for item in page["Items"])


def recounted() -> Recounting:
    recount = Recounting(figures_store(), DEMO, "run_1", composition.now)
    recount.begin()
    return recount


def expected(users: list[str]) -> Tally:
    accounts = (account_store().load(AccountKey(DEMO, user)) for user in users)
    return total(contribution(account, composition.now()) for account in accounts)


def test_no_item_grows_with_the_number_of_currencies(deployment: Settings) -> None:
    users = [f"user {currency}" for currency in CURRENCIES]
    for user, currency in zip(users, CURRENCIES, strict=True):
        earn(user, currency, list(range(365)))
    recount = recounted()
    recount.add(None)
    assert recount.difference() == {}
    keep(users[0], a_subscription(started_at=START - 500 * DAY))
    count(users[0])
    assert recount.difference() == {}
    assert figures_store().places(DEMO) == expected(users)
    assert largest(deployment) < LARGEST


def test_a_page_of_long_histories_is_added_up_in_several_transactions(deployment: Settings) -> None:
    months = 2 * MOST_PLACES + 5
    users = ["u1", "u2", "u3"]
    for user in users[:2]:
        earn(user, "usd", [31 * month for month in range(months)])
    recount, store = recounted(), figures_store()
    with interruptions.counted() as calls:
        recount.add("u2")
    assert sum("TransactWrite" in call for call in calls) == 3
    recount.add(None)
    spoil({"2020-03": {"paid:usd:01": Fraction(-7)}})
    assert recount.difference() == {"2020-03": {"paid:usd:01": 7}}
    recount.repair()
    assert store.places(DEMO) == expected(users[:2])


def test_what_is_counted_while_a_page_is_half_added_up_is_in_both(deployment: Settings) -> None:
    users, months = ["u1", "u2", "u3"], range(MOST_PLACES + 5)
    for user in users:
        earn(user, "usd", [31 * month for month in months])
    recount, store = recounted(), figures_store()
    with interruptions.counted(fatal=5), pytest.raises(Killed):
        recount.add("u2")
    begun = store.head(DEMO).recount
    assert begun is not None
    assert (begun.passed, begun.until) == ("", "u2")
    assert "" < begun.added_to < "now"
    for user in users:
        earn(user, "eur", [31 * month + 7 for month in months])
    earn("u15", "usd", [31 * month for month in months])
    recount.add("u3")
    assert store.head(DEMO).recount == Recount("run_1", begun.begun_at, passed="u3")
    recount.add(None)
    assert recount.difference() == {}
    assert store.places(DEMO) == expected([*users, "u15"])
