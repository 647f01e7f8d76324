"""Very many events of very many customers: what happens at Stripe, and how it is compared."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from billing.adapters.stripe.translate import read_subscription
from billing.domain.subscription import standing
from billing.services.apply_stripe_event import EVENT_HANDLERS
from tests.support.shop import CATALOG_EVENTS, Json, Shop


def busy_shop(shop: Shop, customers: int, events: int) -> list[Json]:
    """Let customers buy, change, fall behind, recover and leave until there are enough events."""
    for number in range(customers):
        price = ("pro_monthly", "seat", "pro_yearly", "once")[number % 4]
        shop.buy(f"user-{number}", price)
    dice = random.Random(customers)
    while _handled(shop) < events:
        _happen(shop, dice)
        if dice.random() < 0.3:  # so that there is always somebody who is billed
            shop.buy(f"user-{dice.randrange(customers)}", dice.choice(["pro_monthly", "once"]))
        shop.stripe.advance(days=3)
    return shop.events()


def _handled(shop: Shop) -> int:
    rows = shop.stripe.state.events.rows.values()
    return sum(row["type"] in EVENT_HANDLERS and row["type"] not in CATALOG_EVENTS for row in rows)


def _happen(shop: Shop, dice: random.Random) -> None:
    rows = shop.stripe.state.subscriptions.rows
    live = [id_ for id_, row in rows.items() if row["status"] != "canceled"]
    acts: tuple[Callable[[str], object], ...] = (
        lambda id_: shop.control(f"subscriptions/{id_}/fail_next_payment", times=1),
        lambda id_: shop.client.v1.subscriptions.update(id_, {"cancel_at_period_end": True}),
        lambda id_: shop.client.v1.subscriptions.update(id_, {"cancel_at_period_end": False}),
    )
    for subscription in dice.sample(live, (len(live) + 11) // 12):
        dice.choice(acts)(subscription)


def disturbed(events: Sequence[Json], share: float, dice: random.Random) -> list[Json]:
    """Shuffle them, that share of them twice."""
    twice = dice.sample(list(events), int(len(events) * share))
    return dice.sample([*events, *twice], len(events) + len(twice))


def assert_as_at_stripe(shop: Shop, customers: int) -> int:
    """Every subscription stands as Stripe has it; returns how many there are."""
    known = {}
    for number in range(customers):
        account = shop.account(f"user-{number}")
        assert account.subscriptions or account.purchases
        known.update(account.subscriptions)
    at_stripe = shop.stripe.state.subscriptions.rows
    assert set(known) == set(at_stripe)
    for id_, fact in known.items():
        is_ = read_subscription(
            at_stripe[id_], as_of=fact.as_of, event_id="", first_seen=fact.first_seen
        )
        assert fact.same_state(is_), id_
        assert standing(fact).status == is_.status, id_
    return len(known)
