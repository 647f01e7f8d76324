"""A project's figures by brute force, day by day from what came about: to hold the real ones to.

It shares nothing with the service but the words of a history. It knows no merging, no sums that
are kept, no tallies: it asks for each day what each subscription was, and writes down the change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

from billing.domain.dispute import ChargeDispute
from billing.domain.moment import Moment
from billing.domain.payment import InvoicePayment
from billing.domain.purchase import Purchase
from billing.domain.refund import ChargeRefund
from billing.domain.subscription import Subscription
from billing.domain.worth import Discount, SubscriptionItem
from tests.support.histories import CURRENCIES, ENDS, FIRST, History, Told

A_YEAR = {"day": 365, "week": 52, "month": 12, "year": 1}
LAST_DAY = (ENDS - timedelta(days=1)).date()
FAILURES = (
    "payment_failed", "payment_disputed", "final_payment_failure", "first_payment_failure"
)  # fmt: skip

Figures = defaultdict[Any, Fraction]


def naive(history: History) -> Figures:
    """Return every figure: of now, by month, and of money by day."""
    figures: Figures = defaultdict(Fraction)
    for user in sorted({told.user for told in history.told}):
        words = [told for told in history.told if told.user == user]
        figures["now", "accounts"] += 1
        for id_ in sorted({told.of for told in words}):
            of_it = [told for told in words if told.of == id_]
            if id_.startswith("sub_"):
                _stands(of_it, figures)
                _trial(of_it, figures)
            else:
                _bought(of_it, figures)
        _money(words, figures)
        _moves(words, figures)
    return defaultdict(Fraction, {key: value for key, value in figures.items() if value})


def _price(fact: Subscription, at: datetime) -> Fraction:
    """What one state of a subscription brings in a month; its items share interval and currency."""
    first = fact.items[0]
    a_year = Fraction(A_YEAR[str(first.interval)], first.interval_count)
    invoice = {item.id: _charge(item) for item in fact.items if not _is_unknown(fact, item, at)}
    at_work = _at_work(fact, at)
    for discount in [d for d in at_work if d.item_id] + [d for d in at_work if not d.item_id]:
        meant = [item.id for item in fact.items if item.id in invoice and _is_for(discount, item)]
        total = sum((invoice[id_] for id_ in meant), Fraction(0))
        off = _off(total, discount, first.currency)
        for id_ in meant:
            invoice[id_] -= off * invoice[id_] / total if total else 0
    return sum(invoice.values(), Fraction(0)) * a_year / 12


def _at_work(fact: Subscription, at: datetime) -> list[Discount]:
    return [
        d for d in fact.discounts if d.duration != "once" and not (d.ends_at and d.ends_at <= at)
    ]


def _is_for(discount: Discount, item: SubscriptionItem) -> bool:
    if discount.item_id and discount.item_id != item.id:
        return False
    return len(discount.products) == 0 or str(item.stripe_product_id) in discount.products


def _is_unknown(fact: Subscription, item: SubscriptionItem, at: datetime) -> bool:
    unknown = [d for d in _at_work(fact, at) if not d.percent_off and not d.amount_off]
    has_price = item.unit_amount is not None or item.unit_amount_decimal is not None
    return item.is_metered or not has_price or any(_is_for(d, item) for d in unknown)


def _charge(item: SubscriptionItem) -> Fraction:
    """What an invoice asks for an item."""
    quantity = item.quantity
    if item.transform_quantity:
        exact = Fraction(quantity, item.transform_quantity.divide_by)
        quantity = ceil(exact) if item.transform_quantity.round == "up" else floor(exact)
    if item.unit_amount is None:
        return quantity * _number(str(item.unit_amount_decimal))
    return Fraction(quantity * item.unit_amount)


def _number(written: str) -> Fraction:
    whole, _, decimals = written.partition(".")
    return int(whole) + Fraction(int(decimals or 0), 10 ** len(decimals))


def _off(amount: Fraction, discount: Discount, currency: str) -> Fraction:
    if discount.percent_off is not None:
        return amount * _number(discount.percent_off) / 100
    if discount.amount_off is None or discount.currency != currency:
        return Fraction(0)
    return min(amount, Fraction(discount.amount_off))


def _states(of_it: list[Told]) -> Iterator[tuple[datetime, str, Subscription]]:
    """Each instant, the status from then on, and the terms."""
    fact: Subscription | None = None
    for told in of_it:
        if isinstance(told.word, Subscription):
            fact = told.word
            yield told.at, fact.status.value, fact
        elif isinstance(told.word, Moment) and fact is not None:
            yield told.at, "active", fact


def _stands(of_it: list[Told], figures: Figures) -> None:
    *_, (_, status, fact) = _states(of_it)
    figures["now", f"status:{status}"] += 1
    if status in ("active", "past_due"):
        unknown = [item for item in fact.items if _is_unknown(fact, item, ENDS)]
        figures["now", "unpriced_items"] += len(unknown)


def _on(of_it: list[Told], day: date) -> tuple[str, Fraction, bool]:
    """Currency, MRR and whether owing ended it, at the end of a day."""
    its_end = datetime.combine(day, time.max, tzinfo=UTC)
    currency, of_today, before, owed = "", None, "", False
    for number, (at, status, fact) in enumerate(_states(of_it)):
        earns = status in ("active", "past_due")
        since = fact.started_at if earns and not number else at
        if since.date() > day:
            break
        if status != before:
            owed, before = before in ("past_due", "unpaid"), status
        currency = fact.items[0].currency if earns else currency
        of_today = status, earns, fact
    if of_today is None:
        return currency, Fraction(0), False
    status, earns, fact = of_today
    worth = _price(fact, max(fact.as_of, its_end)) if earns else Fraction(0)
    return currency, worth, _is_owing(status, fact, owed=owed)


def _is_owing(status: str, fact: Subscription, *, owed: bool) -> bool:
    if status == "canceled":
        return owed if fact.cancel_reason is None else fact.cancel_reason in FAILURES
    if status == "paused":
        return owed if fact.pause_reason is None else fact.pause_reason in FAILURES
    return status in ("unpaid", "incomplete_expired")


def _moves(words: list[Told], figures: Figures) -> None:
    ids = sorted({told.of for told in words if told.of.startswith("sub_")})
    subscriptions = [[told for told in words if told.of == id_] for id_ in ids]
    ever: set[str] = set()
    day = FIRST.date() - timedelta(days=1)
    before = [_on(each, day) for each in subscriptions]
    while day < LAST_DAY:
        day += timedelta(days=1)
        after = [_on(each, day) for each in subscriptions]
        if after != before:
            _move(f"{day:%Y-%m}", before, after, ever, figures)
        ever |= {currency for currency, worth, _ in after if worth}
        before = after
    for currency in {currency for currency, worth, _ in before if worth}:
        figures["now", f"mrr:{currency}"] += _all(before, currency)
    figures["now", "paying"] += any(worth for _, worth, _ in before)


def _all(states: list[tuple[str, Fraction, bool]], currency: str) -> Fraction:
    return sum((worth for code, worth, _ in states if code == currency), Fraction(0))


def _move(month: str, before: Any, after: Any, ever: set[str], figures: Figures) -> None:
    for currency in CURRENCIES:
        was, now_is = _all(before, currency), _all(after, currency)
        if was == now_is:
            continue
        if not was:
            kind = "reactivated" if currency in ever else "new"
        elif not now_is:
            kind = _why(before, after, {currency})
        else:
            kind = "expansion" if now_is > was else "contraction"
        figures[month, f"{kind}:{currency}"] += abs(now_is - was)
    paid, pays = any(w for _, w, _ in before), any(w for _, w, _ in after)
    if pays and not paid:
        figures[month, f"customers:{'reactivated' if ever else 'new'}"] += 1
    if paid and not pays:
        figures[month, f"customers:{_why(before, after, set(CURRENCIES))}"] += 1


def _why(before: Any, after: Any, currencies: set[str]) -> str:
    for (code, was, _), (_, now_is, owing) in zip(before, after, strict=True):
        if code in currencies and was and not now_is and owing:
            return "involuntary"
    return "voluntary"


def _trial(of_it: list[Told], figures: Figures) -> None:
    states = list(_states(of_it))
    trial = [at for at, status, _ in states if status == "trialing"]
    if not trial:
        return
    began = states[0][2].started_at if states[0][1] == "trialing" else trial[0]
    figures[f"{began:%Y-%m}", "trials:started"] += 1
    ended = [at for at, status, _ in states if status != "trialing" and at > trial[0]]
    if ended:
        figures[f"{ended[0]:%Y-%m}", "trials:ended"] += 1
        paid = [told.word.at for told in of_it if isinstance(told.word, InvoicePayment)]
        since = ended[0] - timedelta(seconds=60)
        figures[f"{ended[0]:%Y-%m}", "trials:converted"] += any(at >= since for at in paid)


def _bought(of_it: list[Told], figures: Figures) -> None:
    paid = [t.word for t in of_it if isinstance(t.word, Purchase) and t.word.state == "paid"]
    if not paid:
        return
    first = paid[0]
    figures[f"{first.paid_at:%Y-%m}", f"paid:{first.currency}:{first.paid_at:%d}"] += first.amount
    refunds = [r for t in of_it if isinstance(t.word, Purchase) for r in t.word.refunds]
    left = first.amount - (refunds[-1].amount_refunded if refunds else 0)
    figures["now", "purchases"] += bool(left or not first.amount)


def _money(words: list[Told], figures: Figures) -> None:
    sold = {t.of for t in words if isinstance(t.word, Purchase) and t.word.state == "paid"}
    disputes: dict[str, list[ChargeDispute]] = {}
    for told in words:
        word = told.word
        if isinstance(word, InvoicePayment):
            figures[f"{word.at:%Y-%m}", f"paid:{word.currency}:{word.at:%d}"] += word.amount
        if isinstance(word, ChargeDispute):
            disputes.setdefault(word.dispute_id, []).append(word)
    for of_one in disputes.values():
        lost = [word for word in of_one if word.status == "lost"]
        if lost and of_one[-1].status != "won":
            at, currency = lost[0].as_of, lost[0].currency
            figures[f"{at:%Y-%m}", f"disputed:{currency}:{at:%d}"] += lost[0].amount
    refunds = [
        each
        for told in words
        if told.of in sold or _is_of_subscription(told)
        for each in _refunds_in(told.word)
    ]
    _given_back(refunds, figures)


def _is_of_subscription(told: Told) -> bool:
    return told.of.startswith("sub_")


def _refunds_in(word: Any) -> tuple[ChargeRefund, ...]:
    if isinstance(word, Purchase):
        return word.refunds
    return (word,) if isinstance(word, ChargeRefund) else ()


def _given_back(refunds: list[ChargeRefund], figures: Figures) -> None:
    """A refund that was told by itself is of its day; of the others the sum is of the last."""
    parts = {part.id: (part, refund) for refund in refunds for part in refund.parts}
    for part, refund in parts.values():
        if part.status == "succeeded":
            at = part.created
            figures[f"{at:%Y-%m}", f"refunded:{refund.currency}:{at:%d}"] += part.amount
    sums = {refund.charge_id: refund for refund in refunds if not refund.parts}
    for refund in sums.values():
        at, amount = refund.as_of, refund.amount_refunded
        figures[f"{at:%Y-%m}", f"refunded:{refund.currency}:{at:%d}"] += amount
