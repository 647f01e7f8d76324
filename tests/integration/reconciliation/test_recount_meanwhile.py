"""A project's figures are recounted while accounts are being counted."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import composition
from billing.domain.account import AccountKey
from billing.domain.contribution import contribution
from billing.domain.subscription import InvoicePayment
from billing.domain.tally import difference, total
from billing.services.count_account import count_account
from billing.services.recount_project import Recounting
from billing.settings import Settings
from billing.stores import account_store, figures_store
from tests.support.builders import START, a_purchase, a_refund, a_subscription, an_item
from tests.support.facts import keep

from .spoiling import DEMO, spoil

Record = Callable[[str, object], None]

RECOUNTS = 25


def test_a_recount_is_exact_whatever_arrives_meanwhile(
    deployment: Settings, record_property: Record
) -> None:
    """Counting and recounting take turns as chance has it; what was planted is found, no more."""
    done = {"recounts": 0, "countings meanwhile": 0}

    @settings(
        max_examples=RECOUNTS,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(seed=st.integers(0, 2**32), amount=st.sampled_from([0, 0, 1, -5]))
    def of_any(seed: int, amount: int) -> None:
        dice = random.Random(seed)
        users = [f"u{number}" for number in range(6)]
        for user in users[:4]:
            _change(user, dice)
        recount = Recounting(figures_store(), DEMO, f"run_{seed}", composition.now)
        recount.begin()
        planted = {"2026-03": {"new:usd": Fraction(amount)}} if amount else {}
        spoil(planted)
        for until in [*sorted(dice.sample(users, 3)), None]:
            for user in dice.choices(users, k=dice.randint(0, 3)):
                _change(user, dice)
                done["countings meanwhile"] += 1
            recount.add(until)
            recount.add(until)
        _change(dice.choice(users), dice)
        assert recount.difference() == difference({}, planted)
        recount.repair()
        recount.end()
        accounts = (account_store().load(AccountKey(DEMO, user)) for user in users)
        assert figures_store().places(DEMO) == total(
            contribution(each, composition.now()) for each in accounts
        )
        done["recounts"] += 1

    of_any()
    for name, number in done.items():
        record_property(name, number)


def _change(user: str, dice: random.Random) -> None:
    """Let a user have other facts, and count that; every third time twice."""
    at = START + timedelta(days=dice.randrange(300), seconds=dice.randrange(86_400))
    item = an_item(unit_amount=dice.randrange(5000), interval=dice.choice(["month", "year"]))
    paid = InvoicePayment(f"in_{uuid4().hex}", dice.randrange(1, 9000), "usd", at)
    fact = a_subscription(
        items=(item,),
        status=dice.choice(["active", "trialing", "canceled"]),
        started_at=at,
        as_of=at,
        payments=(paid,),
    )
    refund = a_refund(dice.randrange(9900), charge_id=f"ch_{user}", as_of=at)
    keep(user, fact, a_purchase(paid_at=at, refunds=(refund,)))
    for _ in range(1 + (dice.random() < 0.3)):
        count_account(
            AccountKey(DEMO, user),
            accounts=account_store(),
            figures=figures_store(),
            now=composition.now(),
        )
