"""Histories of a project's accounts that chance makes up, as the words in which they are told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from billing.domain.account import Account, AccountKey
from billing.domain.dispute import ChargeDispute, merge_disputes
from billing.domain.moment import Moment, merge_timeline
from billing.domain.payment import InvoicePayment, merge_payments
from billing.domain.purchase import Purchase, PurchaseLine, merge_purchase
from billing.domain.refund import ChargeRefund, SingleRefund, merge_refunds
from billing.domain.status import PaymentState, SubscriptionStatus
from billing.domain.subscription import Subscription, merge_subscription
from billing.domain.worth import Discount, SubscriptionItem, TransformQuantity

DAY = timedelta(days=1)
FIRST = datetime(2026, 1, 3, 5, tzinfo=UTC)
SPAN = 330
"""Days that a history lasts."""

ENDS = FIRST + (SPAN + 41) * DAY
"""When figures are looked at: everything has been heard, and every discount has ended that does."""

LATEST = 30
"""Days after which everything has been delivered; Stripe lists events for so long."""

CURRENCIES = ("usd", "eur", "jpy", "kwd", "gbp", "sek", "pln")

_ENDS = datetime(2027, 6, 1, tzinfo=UTC)
_NEXT = {
    "incomplete": ("active", "incomplete_expired"),
    "trialing": ("active", "active", "paused", "canceled", "past_due"),
    "active": ("active", "active", "past_due", "canceled", "active", "paused"),
    "past_due": ("active", "unpaid", "canceled", "paid", "paused"),
    "unpaid": ("active", "canceled", "paid"),
    "paused": ("active", "canceled"),
}
_REASONS = (None, "cancellation_requested", "payment_failed", "payment_disputed")
_PAUSES = (None, "pause_requested", "final_payment_failure", "first_payment_failure", "system")

Word = Subscription | Moment | InvoicePayment | ChargeRefund | ChargeDispute | Purchase


@dataclass(frozen=True)
class Told:
    """One word about a user: when it came about, of which subscription or purchase, and what."""

    at: datetime
    user: str
    of: str
    word: Word


@dataclass
class History:
    """What came about, oldest first."""

    told: list[Told] = field(default_factory=list)

    def deliveries(self, dice: random.Random) -> Iterator[Told]:
        """Tell it late, out of order and in part twice; a subscription's state before its rest."""
        late = {
            id(t): t.at + dice.choice((0, 0, 1, LATEST)) * dice.random() * DAY for t in self.told
        }
        again = [t for t in self.told if dice.random() < 0.3]
        order = sorted(self.told, key=lambda t: late[id(t)])
        for told in order:
            yield told
            if dice.random() < 0.2 and again:
                yield again.pop() if again[-1].at <= told.at else told
        yield from again


class Accounts:
    """The accounts as the words that have been heard make them, merged as the service does."""

    def __init__(self) -> None:
        self.known: dict[str, Account] = {}
        self._early: list[Told] = []

    def hear(self, told: Told) -> str:
        """Merge a word; one of a subscription that is not known yet waits for it."""
        account = self.known.get(told.user, Account(AccountKey("demo", told.user)))
        account = replace(account, version=account.version + 1)
        if isinstance(told.word, Purchase):
            known = account.purchases.get(told.of)
            account = account.with_purchase(merge_purchase(known, told.word))
        elif isinstance(told.word, Subscription):
            fact = merge_subscription(account.subscriptions.get(told.of), told.word)
            waiting = [t for t in self._early if t.of == told.of]
            self._early = [t for t in self._early if t.of != told.of]
            for each in waiting:
                fact = _with(fact, each.word)
            account = account.with_subscription(fact)
        elif told.of in account.subscriptions:
            account = account.with_subscription(_with(account.subscriptions[told.of], told.word))
        else:
            self._early.append(told)
            return told.user
        self.known[told.user] = account
        return told.user


def _with(fact: Subscription, word: Word) -> Subscription:
    match word:
        case Moment():
            return replace(fact, timeline=merge_timeline(fact.timeline, (word,)))
        case InvoicePayment():
            return replace(fact, payments=merge_payments(fact.payments, (word,)))
        case ChargeRefund():
            return replace(fact, refunds=merge_refunds(fact.refunds, (word,)))
        case ChargeDispute():
            return replace(fact, disputes=merge_disputes(fact.disputes, (word,)))
    raise AssertionError(word)


def made_by(seed: int) -> History:
    """Make a history: up to four users, each with up to three subscriptions and two purchases."""
    dice = random.Random(seed)
    history = History()
    for number in range(dice.randint(1, 4)):
        user = f"u{number}" + dice.choice(("", "=="))
        for which in range(dice.randint(0, 3)):
            history.told += _subscription(dice, user, f"sub_{user}_{which}")
        for which in range(dice.randint(0, 2)):
            history.told += _purchase(dice, user, f"pi_{user}_{which}")
    history.told.sort(key=lambda told: told.at)
    return history


histories: st.SearchStrategy[int] = st.integers(0, 2**32)
"""Seeds of `made_by`."""


_TRANSFORMS = (None, None, None, TransformQuantity(3, "up"), TransformQuantity(2, "down"))
_LIMITS = ((), (), ("prod_0",), ("prod_0", "prod_1"), ("prod_9",))


def _instant(dice: random.Random, most: int = SPAN) -> datetime:
    return FIRST + timedelta(seconds=dice.randrange(most * 86_400))


def _items(dice: random.Random, currency: str) -> tuple[SubscriptionItem, ...]:
    interval = dice.choice(("day", "week", "month", "month", "year"))
    count = dice.choice((1, 1, 2, 3, 7))
    return tuple(
        SubscriptionItem(
            id=f"si_{number}",
            price_id=f"price_{number}",
            quantity=dice.choice((0, 1, 1, 2, 5)),
            period_start=None,
            period_end=_ENDS,
            stripe_product_id=f"prod_{dice.randint(0, 2)}",
            unit_amount=unit,
            currency=currency,
            interval=interval,
            interval_count=count,
            is_metered=dice.random() < 0.1,
            unit_amount_decimal=dice.choice((None, "0.5", "33.333")) if unit is None else None,
            transform_quantity=dice.choice(_TRANSFORMS),
        )
        for number in range(dice.randint(1, 3))
        for unit in (dice.choice((0, 1, 333, 999, 1200, 12050, None)),)
    )


def _discounts(dice: random.Random, currency: str, at: datetime) -> tuple[Discount, ...]:
    given = []
    for number in range(dice.choice((0, 0, 1, 2, 3))):
        percent = dice.choice(("12.5", "33.33", "50", "100")) if dice.random() < 0.5 else None
        amount = None if percent else dice.choice((1, 250, 5000, None))
        given.append(
            Discount(
                id=f"di_{number}",
                percent_off=percent,
                amount_off=amount,
                currency=dice.choice((currency, currency, "chf")),
                duration=dice.choice(("forever", "repeating", "once")),
                ends_at=at + dice.choice((-1, 3, 40)) * DAY if dice.random() < 0.5 else None,
                item_id=dice.choice((None, None, "si_0")),
                products=dice.choice(_LIMITS),
            )
        )
    return tuple(given)


def _subscription(dice: random.Random, user: str, id_: str) -> Iterator[Told]:
    currency = dice.choice(("usd", *CURRENCIES))
    began = _instant(dice)
    at = began + dice.choice((0, 0, 2 * 86_400)) * timedelta(seconds=1)
    status = dice.choice(("incomplete", "trialing", "active", "active"))
    items, discounts = _items(dice, currency), _discounts(dice, currency, at)
    number = 0
    while True:
        if status == "paid":
            yield Told(at, user, id_, Moment(at, SubscriptionStatus.ACTIVE, _ENDS, paid=True))
            status = "active"
        else:
            reason = dice.choice(_REASONS) if status == "canceled" else None
            fact = Subscription(
                id=id_,
                customer_id=f"cus_{user}",
                status=SubscriptionStatus(status),
                items=items,
                started_at=began,
                as_of=at,
                event_id=f"evt_{id_}_{number}",
                first_seen=at,
                discounts=discounts,
                cancel_reason=reason,
                pause_reason=dice.choice(_PAUSES) if status == "paused" else None,
            )
            yield Told(at, user, id_, fact)
        yield from _charges(dice, user, id_, currency=currency, at=at, number=number)
        number += 1
        at += timedelta(seconds=dice.choice((1, 3600, 86_400, 20 * 86_400, 45 * 86_400)))
        if status not in _NEXT or number > 8 or at >= FIRST + SPAN * DAY:
            return
        status = dice.choice(_NEXT[status])
        if dice.random() < 0.4 and status == "active":
            items = _items(dice, currency)
        if dice.random() < 0.4 and status == "active":
            discounts = _discounts(dice, currency, at)


def _charges(
    dice: random.Random, user: str, id_: str, *, currency: str, at: datetime, number: int
) -> Iterator[Told]:
    if dice.random() < 0.5:
        return
    amount = dice.randint(1, 20_000)
    invoice = InvoicePayment(f"in_{id_}_{number}", amount, currency, at)
    yield Told(at, user, id_, invoice)
    for refund in _refunds(dice, f"ch_{id_}_{number}", currency, amount, at):
        yield Told(refund.as_of, user, id_, refund)
    if dice.random() < 0.2:
        yield from _dispute(dice, invoice, user, id_, number)


def _refunds(
    dice: random.Random, charge_id: str, currency: str, amount: int, at: datetime
) -> Iterator[ChargeRefund]:
    """Refund a charge step by step; some of it may fail again."""
    back, is_told = 0, dice.random() < 0.7
    for number in range(dice.choice((0, 0, 1, 2))):
        at += timedelta(seconds=dice.choice((1, 86_400, 9 * 86_400)))
        part = dice.randint(0, amount - back)
        if not part:
            return
        back += part
        single = SingleRefund(f"re_{charge_id}_{number}", part, "succeeded", at, at)
        parts = (single,) if is_told else ()
        yield ChargeRefund(charge_id, amount, back, currency, at, parts=parts)
        if dice.random() < 0.3:
            failed_at, back = at + timedelta(seconds=3), back - part
            failed = replace(single, status="failed", as_of=failed_at)
            parts = (failed,) if is_told else ()
            yield ChargeRefund(charge_id, amount, back, currency, failed_at, parts=parts)
            at = failed_at


def _dispute(
    dice: random.Random,
    invoice: InvoicePayment,
    user: str,
    id_: str,
    number: int,
) -> Iterator[Told]:
    at, amount, currency = invoice.at, invoice.amount, invoice.currency
    appeal = ("lost", "appeal_needs_response", "appeal_under_review")
    course = dice.choice((("won",), ("lost",), appeal, (*appeal, "won"), (*appeal, "lost")))
    opened_at = at + timedelta(seconds=60)
    for status in ("needs_response", *course):
        at += timedelta(seconds=dice.choice((60, 5 * 86_400)))
        dispute = ChargeDispute(
            *(f"dp_{id_}_{number}", f"ch_{id_}_{number}", status, amount, currency, at),
            opened_at=opened_at,
            lost_at=at if status in appeal else None,
        )
        yield Told(at, user, id_, dispute)


def _purchase(dice: random.Random, user: str, id_: str) -> Iterator[Told]:
    at, currency, amount = _instant(dice), dice.choice(CURRENCIES), dice.choice((0, 900, 9900))
    state = dice.choice((PaymentState.PAID, PaymentState.UNPAID, PaymentState.PAID))
    bought = Purchase(
        id=id_,
        as_of=at,
        event_id=f"evt_{id_}",
        first_seen=at,
        state=state,
        paid_at=at if state.is_settled else None,
        payment_intent_id=id_,
        lines=(PurchaseLine("price_once", 1, "lifetime"),),
        amount=amount,
        currency=currency,
    )
    if dice.random() < 0.1:
        state = PaymentState.PAID  # what was sold is not known: it waits for an operator
    else:
        yield Told(at, user, id_, bought)
    if state is PaymentState.UNPAID and dice.random() < 0.6:
        at += timedelta(seconds=dice.choice((5, 3 * 86_400)))
        paid = replace(
            bought, as_of=at, event_id=f"evt_{id_}_2", state=PaymentState.PAID, paid_at=at
        )
        yield Told(at, user, id_, paid)
        state = PaymentState.PAID
    if state is PaymentState.PAID and amount:
        for refund in _refunds(dice, f"ch_{id_}", currency, amount, at):
            seen = Purchase(
                id=id_,
                as_of=refund.as_of,
                event_id=f"evt_{id_}_{refund.as_of.timestamp()}",
                first_seen=refund.as_of,
                payment_intent_id=id_,
                refunds=(refund,),
            )
            yield Told(refund.as_of, user, id_, seen)
