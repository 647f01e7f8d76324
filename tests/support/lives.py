"""Whole lives of accounts at the fake Stripe: what a customer, a bank, an operator and time do.

A life is a list of `Step`s. Each names an act by its word, and what it acts on by two numbers, so
that any numbers make a life: an act that Stripe refuses (cancel what has ended) is passed over.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from billing.adapters.stripe.gateway import StripeGateway
from billing.adapters.stripe.orders import SessionOrder
from billing.domain.account import AccountKey
from billing.domain.catalog import Catalog
from billing.domain.errors import BillingError
from local.stripe import billing, changes, checkout, refunds, standing, tables
from local.stripe.call import Call
from local.stripe.delivery import payload
from local.stripe.errors import ApiError
from local.stripe.resources.customers import delete_customer
from local.stripe.server import FakeStripeServer
from local.stripe.state import World

Json = dict[str, Any]

KEY = AccountKey("demo", "user-1")
DAY = 86_400
LONGEST_STRIDE = 10 * DAY
"""The clock stops at least so often, so that whatever is late can be delivered within 30 days."""

GAPS = (0, 0, 1, 40, 3600, DAY, 3 * DAY, 8 * DAY, 32 * DAY, 370 * DAY)
"""Seconds that may pass before an act. Stripe stamps whole seconds: 0 makes a tie."""


class Step(NamedTuple):
    """One act of a life: after how long, what, and on which."""

    gap: int
    act: str
    which: int = 0
    how: int = 0


@dataclass
class Life:
    """One account's life at one fake Stripe, which it has for itself.

    Attributes:
        linked: called with the customer when a checkout made one, as `start_checkout` does.
        operate: called with what an operator does: `grant` or `revoke`, and a number.
    """

    stripe: FakeStripeServer
    gateway: StripeGateway
    catalog: Catalog
    linked: Callable[[str, str | None], None]
    operate: Callable[[str, int], None]
    customer: str | None = None
    acts: list[Step] = field(default_factory=list)
    _asked_in: int = 0
    _asked: int = 0

    @property
    def world(self) -> World:
        """What this Stripe knows."""
        return self.stripe.state

    def now(self) -> datetime:
        """Its instant, a little later each time: our clock has parts of a second, Stripe's none."""
        if self._asked_in != self.stripe.now:
            self._asked_in, self._asked = self.stripe.now, 0
        self._asked += 1
        return datetime.fromtimestamp(self.stripe.now, UTC) + timedelta(
            microseconds=200 * self._asked
        )

    def strides(self, seconds: int) -> Iterator[None]:
        """Let time pass, and stop on the way for what is to be delivered."""
        while seconds > 0:
            stride = min(seconds, LONGEST_STRIDE)
            self.stripe.advance(seconds=stride)
            seconds -= stride
            yield

    def act(self, step: Step) -> None:
        """Do it, unless Stripe refuses."""
        self.acts.append(step)
        try:
            ACTS[step.act](self, step.which, step.how)
        except (ApiError, BillingError):
            return

    # -- whom it is done to

    def _subscription(self, which: int) -> Json | None:
        live = [s for s in self.world.subscriptions.rows.values() if s["status"] in standing.LIVE]
        return live[which % len(live)] if live else None

    def _charge(self, which: int) -> Json | None:
        paid = [c for c in self.world.charges.rows.values() if c["status"] == "succeeded"]
        return paid[-1 - which % len(paid)] if paid else None

    def update(self, which: int, **given: Any) -> None:
        """Change a subscription as its API call does."""
        with self.stripe.acting() as world:
            subscription = self._subscription(which)
            if subscription is not None:
                changes.update(world, subscription, given)

    # -- what a customer does

    def buy(
        self, price_id: str, *, quantity: int = 1, trial: int | None = None, delayed: bool = False
    ) -> None:
        """Check out, as `start_checkout` does, and pay."""
        found = self.catalog.find_price(price_id)
        assert found is not None
        price = found[1]
        order = SessionOrder(
            key=KEY,
            customer_id=self._customer(),
            stripe_price_id=str(price.stripe_price_id),
            mode="payment" if price.interval is None else "subscription",
            success_url="https://app.example.com/done",
            cancel_url="https://app.example.com/back",
            quantity=quantity,
            trial_days=trial,
        )
        session = self.gateway.create_checkout_session(order)
        self.stripe.pay(session.id, delayed=delayed)

    def _customer(self) -> str:
        known = self.world.customers.get(self.customer or "")
        if known is None or known.get("deleted"):
            gone = self.customer
            self.customer = self.gateway.create_customer(KEY, instead_of=gone)
            self.linked(self.customer, gone)
        return str(self.customer)

    def stripe_price(self, price_id: str) -> str:
        """Stripe's id of a price of ours."""
        found = self.catalog.find_price(price_id)
        assert found is not None
        return str(found[1].stripe_price_id)

    def events(self, first: int = 0) -> list[Json]:
        """The stored events from a position on, oldest first."""
        with self.world.lock:
            return list(self.world.events.rows.values())[first:]

    def payload(self, event: Json, version: str) -> bytes:
        """The event as an endpoint of that API version gets it."""
        with self.world.lock:
            return payload(self.world, event, version)


def _subscribe(life: Life, which: int, how: int) -> None:
    price_id = ("pro_monthly", "pro_yearly", "seat")[which % 3]
    quantity = 1 + how % 3 if price_id == "seat" else 1
    life.buy(price_id, quantity=quantity, trial=7 if how % 4 == 3 else None, delayed=how % 5 == 4)


def _buy_once(life: Life, which: int, how: int) -> None:
    life.buy(("once", "pass_30")[which % 2], delayed=how % 3 == 2)


def _settle(life: Life, which: int, how: int) -> None:
    with life.stripe.acting() as world:
        pending = [s for s in world.sessions.rows.values() if s["payment_status"] == "unpaid"]
        if pending:
            checkout.settle(world, pending[which % len(pending)], succeeded=how % 2 == 0)


def _fail(life: Life, which: int, how: int) -> None:
    with life.stripe.acting() as world:
        subscription = life._subscription(which)
        if subscription is not None:
            world.declines[subscription["id"]] = 1 + how % 5


def _recover(life: Life, which: int, how: int) -> None:
    with life.stripe.acting() as world:
        subscription = life._subscription(which)
        if subscription is not None:
            world.declines.pop(subscription["id"], None)
            for invoice in billing.open_invoices(world, subscription):
                billing.collect(world, invoice, willing=True)


def _switch(life: Life, which: int, how: int) -> None:
    subscription = life._subscription(which)
    if subscription is not None:
        price = life.stripe_price(("pro_monthly", "pro_yearly", "seat")[how % 3])
        item = {"id": subscription["items"]["data"][0]["id"], "price": price}
        life.update(which, items=[item], proration_behavior=_PRORATION[how % 2])


def _resize(life: Life, which: int, how: int) -> None:
    subscription = life._subscription(which)
    if subscription is not None:
        item = {"id": subscription["items"]["data"][0]["id"], "quantity": 1 + how % 5}
        life.update(which, items=[item], proration_behavior=_PRORATION[how % 2])


_PRORATION = ("create_prorations", "always_invoice")


def _add_seats(life: Life, which: int, how: int) -> None:
    life.update(which, items=[{"price": life.stripe_price("seat"), "quantity": 1 + how % 3}])


def _cancel_at_period_end(life: Life, which: int, how: int) -> None:
    life.update(which, cancel_at_period_end=how % 3 != 2)


def _cancel_at(life: Life, which: int, how: int) -> None:
    at = None if how % 4 == 3 else life.stripe.now + (1, 5 * DAY, 40 * DAY)[how % 3]
    life.update(which, cancel_at=at)


def _cancel_now(life: Life, which: int, how: int) -> None:
    with life.stripe.acting() as world:
        subscription = life._subscription(which)
        if subscription is not None:
            changes.cancel(world, subscription, {})


def _pause(life: Life, which: int, how: int) -> None:
    behavior = ("void", "keep_as_draft", "mark_uncollectible")[how % 3]
    resumes = life.stripe.now + 5 * DAY if how % 2 else None
    life.update(which, pause_collection={"behavior": behavior, "resumes_at": resumes})


def _unpause(life: Life, which: int, how: int) -> None:
    life.update(which, pause_collection="")


def _end_trial(life: Life, which: int, how: int) -> None:
    life.update(which, trial_end="now" if how % 2 else life.stripe.now + 9 * DAY)


def _refund(life: Life, which: int, how: int) -> None:
    with life.stripe.acting() as world:
        charge = life._charge(which)
        if charge is not None:
            amount = {"amount": 1 + charge["amount"] // 3} if how % 2 else {}
            refunds.refund(world, charge, amount)


def _fail_refund(life: Life, which: int, how: int) -> None:
    with life.stripe.acting() as world:
        made = list(world.refunds.rows.values())
        if made:
            refunds.fail_refund(world, made[which % len(made)])


def _dispute(life: Life, which: int, how: int) -> None:
    with life.stripe.acting() as world:
        charge = life._charge(which)
        if charge is not None:
            status = ("needs_response", "warning_needs_response")[how % 2]
            refunds.open_dispute(world, charge, {"status": status})


def _move_dispute(life: Life, which: int, how: int) -> None:
    with life.stripe.acting() as world:
        made = [d for d in world.disputes.rows.values() if d["status"] not in _CLOSED]
        if made:
            refunds.move_dispute(world, made[which % len(made)], "under_review")


_CLOSED = frozenset({"won", "lost", "warning_closed"})


def _close_dispute(life: Life, which: int, how: int) -> None:
    with life.stripe.acting() as world:
        made = [d for d in world.disputes.rows.values() if d["status"] not in _CLOSED]
        if made:
            dispute = made[which % len(made)]
            asked = dispute["status"].startswith("warning_")
            outcome = "warning_closed" if asked else ("won", "lost")[how % 2]
            refunds.close_dispute(world, dispute, outcome)


def _delete_customer(life: Life, which: int, how: int) -> None:
    if life.customer is not None:
        with life.stripe.acting() as world:
            delete_customer(Call(world, {}, ""), life.customer)


def _grant(life: Life, which: int, how: int) -> None:
    life.operate("grant", which)


def _revoke(life: Life, which: int, how: int) -> None:
    life.operate("revoke", which)


def _wait(life: Life, which: int, how: int) -> None:
    return


ACTS: dict[str, Callable[[Life, int, int], None]] = {
    "subscribe": _subscribe,
    "buy_once": _buy_once,
    "wait": _wait,
    "settle": _settle,
    "fail": _fail,
    "recover": _recover,
    "switch": _switch,
    "resize": _resize,
    "add_seats": _add_seats,
    "cancel_at_period_end": _cancel_at_period_end,
    "cancel_at": _cancel_at,
    "cancel_now": _cancel_now,
    "pause": _pause,
    "unpause": _unpause,
    "end_trial": _end_trial,
    "refund": _refund,
    "fail_refund": _fail_refund,
    "dispute": _dispute,
    "move_dispute": _move_dispute,
    "close_dispute": _close_dispute,
    "delete_customer": _delete_customer,
    "grant": _grant,
    "revoke": _revoke,
}
"""Everything that can happen in a life. `subscribe` comes first: what is simplest to tell of."""


class _Dice:
    """Stands in for `secrets` where the fake makes ids, so that a life can be repeated."""

    def __init__(self, seed: int) -> None:
        self.randbits = random.Random(seed).getrandbits


@contextmanager
def repeatable_ids(seed: int) -> Iterator[None]:
    """Let the fake's ids come from a seed."""
    names = vars(tables)
    real = names["secrets"]
    names["secrets"] = _Dice(seed)
    try:
        yield
    finally:
        names["secrets"] = real


@dataclass
class Stage:
    """A fake Stripe that sells a catalog, and is as new for each life."""

    stripe: FakeStripeServer
    catalog: Catalog
    gateway: StripeGateway
    outcomes: tuple[str, ...] = ("canceled", "unpaid", "past_due")
    _goods: dict[str, list[Json]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Remember what is on sale."""
        for name in ("products", "prices"):
            self._goods[name] = list(getattr(self.stripe.state, name).rows.values())

    def renew(self, dunning: int) -> None:
        """Forget every life, and choose what the last failed payment of a renewal does."""
        self.stripe.reset()
        self.stripe.state.settings = replace(
            self.stripe.state.settings, dunning_outcome=self.outcomes[dunning % 3]
        )
        for name, rows in self._goods.items():
            for row in rows:
                getattr(self.stripe.state, name).add(row)
