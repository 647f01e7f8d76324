"""How many subscriptions there are, and what they bring in a month."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.account import Account, AccountKey
from billing.domain.contribution import contribution
from billing.domain.figures import SubscriptionMetrics
from billing.domain.metrics import standing_of
from billing.domain.money import major_units
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription, SubscriptionItem
from billing.domain.tally import NOW, total
from billing.domain.worth import monthly_amount
from tests.support.builders import START, a_subscription, an_item


def measure(facts: list[Subscription]) -> SubscriptionMetrics:
    """What a project comes to in which each of these subscriptions is another user's."""
    accounts = [
        Account(AccountKey("demo", f"u{number}"), version=1, subscriptions={fact.id: fact})
        for number, fact in enumerate(facts)
    ]
    return standing_of(total(contribution(account, START) for account in accounts).get(NOW, {}))


@pytest.mark.parametrize(
    ("interval", "interval_count", "quantity", "amount", "monthly"),
    [
        ("month", 1, 1, 1200, Fraction(1200)),
        ("month", 3, 1, 1000, Fraction(1000, 3)),
        ("month", 1, 7, 500, Fraction(3500)),
        ("year", 1, 1, 12000, Fraction(1000)),
        ("year", 2, 1, 12000, Fraction(500)),
        ("week", 1, 1, 1200, Fraction(5200)),
        ("week", 2, 1, 1200, Fraction(2600)),
        ("day", 1, 1, 12, Fraction(365)),
        ("day", 30, 2, 12, Fraction(365, 15)),
        ("month", 1, 0, 1200, Fraction(0)),
        ("month", 1, 1, 0, Fraction(0)),
    ],
)
def test_an_item_is_normalised_to_a_month(
    interval: str, interval_count: int, quantity: int, amount: int, monthly: Fraction
) -> None:
    item = an_item(
        interval=interval, interval_count=interval_count, quantity=quantity, unit_amount=amount
    )
    assert monthly_amount(item) == monthly


@pytest.mark.parametrize(
    "fields",
    [
        {"unit_amount": None},
        {"interval": None},
        {"interval": "fortnight"},
        {"currency": ""},
        {"is_metered": True},
    ],
)
def test_an_item_without_a_fixed_price_is_counted_and_not_guessed(fields: dict[str, None]) -> None:
    figures = measure([a_subscription(items=(an_item(**fields), an_item()))])
    assert figures.mrr == {"usd": 1200}
    assert figures.unpriced_items == 1


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_only_active_and_past_due_subscriptions_earn(status: SubscriptionStatus) -> None:
    figures = measure([a_subscription(status=status)])
    assert figures.by_status == {status: 1}
    assert figures.total == 1
    earns = status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
    assert figures.mrr == ({"usd": 1200} if earns else {})


def test_a_status_is_read_off_the_timeline() -> None:
    late = a_subscription(status="past_due")
    paid = replace(late.moment(), at=START + timedelta(days=1), paid=True)
    recovered = replace(
        late, timeline=(late.moment(), replace(paid, status=SubscriptionStatus.ACTIVE))
    )
    assert measure([recovered]).by_status == {SubscriptionStatus.ACTIVE: 1}


def test_currencies_are_never_added() -> None:
    figures = measure(
        [
            a_subscription(items=(an_item(), an_item(currency="eur", unit_amount=900))),
            a_subscription(items=(an_item(currency="eur", unit_amount=900),)),
        ]
    )
    assert figures.mrr == {"eur": 1800, "usd": 1200}
    assert figures.main_currency == "usd"


@pytest.mark.parametrize(
    ("mrr", "main"),
    [
        ({}, None),
        ({"jpy": 5000, "usd": 4000}, "usd"),
        ({"jpy": 500_000, "usd": 1}, "usd"),
        ({"eur": 1, "usd": 0}, "eur"),
        ({"eur": 4000, "jpy": 5000}, "jpy"),
        ({"eur": 4000, "jpy": 39}, "eur"),
        ({"kwd": 4000, "eur": 399}, "kwd"),
        ({"eur": 500, "chf": 500}, "chf"),
        ({"jpy": 5, "chf": 500}, "chf"),
    ],
)
def test_the_main_currency_is_the_dollar_or_the_one_that_brings_most(
    mrr: dict[str, int], main: str | None
) -> None:
    assert SubscriptionMetrics(mrr=mrr).main_currency == main


def test_thirds_are_rounded_once_for_all() -> None:
    third = an_item(interval_count=3, unit_amount=100)
    assert measure([a_subscription(items=(third,))]).mrr == {"usd": 33}
    assert measure([a_subscription(items=(third,))] * 3).mrr == {"usd": 100}


@pytest.mark.parametrize(("amount", "rounded"), [(1, 1), (3, 2), (5, 3), (7, 4)])
def test_a_half_is_rounded_up(amount: int, rounded: int) -> None:
    half = an_item(interval_count=2, unit_amount=amount)
    assert measure([a_subscription(items=(half,))]).mrr == {"usd": rounded}


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1250, "usd", "12.50"),
        (1, "eur", "0.01"),
        (0, None, "0.00"),
        (1250, "jpy", "1250"),
        (1250, "kwd", "1.250"),
        (10**18 + 1, "usd", "10000000000000000.01"),
    ],
)
def test_minor_units_become_major_ones_exactly(
    amount: int, currency: str | None, text: str
) -> None:
    assert str(major_units(amount, currency)) == text


items = st.builds(
    an_item,
    unit_amount=st.integers(0, 10**9),
    quantity=st.integers(0, 1000),
    currency=st.sampled_from(["usd", "eur"]),
    interval=st.sampled_from(["day", "week", "month", "year"]),
    interval_count=st.integers(1, 52),
)
subscriptions = st.lists(
    st.builds(
        a_subscription,
        status=st.sampled_from(list(SubscriptionStatus)),
        items=st.lists(items, max_size=3).map(tuple),
    ),
    max_size=8,
)


@given(subscriptions)
def test_the_sum_agrees_with_one_in_decimals(facts: list[Subscription]) -> None:
    figures = measure(facts)
    for currency in ("usd", "eur"):
        naive = sum(
            (
                _naively(item)
                for fact in facts
                if fact.status in ("active", "past_due")
                for item in fact.items
                if item.currency == currency
            ),
            Decimal(0),
        )
        assert abs(figures.mrr.get(currency, 0) - naive) <= Decimal("0.5000001")
    assert figures.total == len(facts)
    assert figures.unpriced_items == 0


def _naively(item: SubscriptionItem) -> Decimal:
    a_year = {"day": 365, "week": 52, "month": 12, "year": 1}[str(item.interval)]
    return Decimal(item.unit_amount or 0) * item.quantity * a_year / 12 / item.interval_count


@given(subscriptions, st.randoms())
def test_the_order_of_subscriptions_does_not_matter(
    facts: list[Subscription], chance: random.Random
) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)
    assert measure(shuffled) == measure(facts)
