"""How what we hold differs from what Stripe has. Pure: it only compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from billing.domain.account import AccountKey
from billing.domain.purchase import Purchase
from billing.domain.status import PaymentState
from billing.domain.subscription import Subscription, standing


class Drift(StrEnum):
    """The closed list of ways to differ."""

    MISSING_HERE = "missing_here"
    MISSING_AT_STRIPE = "missing_at_stripe"
    STATUS = "status"
    PERIOD = "period"
    CANCELLATION = "cancellation"
    PRICE = "price"
    QUANTITY = "quantity"
    REFUND = "refund"
    DISPUTE = "dispute"
    HOLDINGS = "holdings"
    POINTER = "pointer"
    FIGURES = "figures"
    MODE = "mode"
    OTHER_ACCOUNT = "other_account"
    ORPHANED = "orphaned"
    UNREADABLE = "unreadable"


FOR_PEOPLE = frozenset({Drift.MODE, Drift.OTHER_ACCOUNT, Drift.ORPHANED, Drift.UNREADABLE})
"""What a run reports and leaves: nothing at Stripe says what would be right (decision 0011)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which one thing differs.

    Attributes:
        object_id: the subscription, purchase, charge or dispute; of `holdings`, the account; of
            `figures`, the account or the project.
        account: whose it is, where that is known.
        ours, stripes: what either side has, in words; `None` where it has nothing.
        since: the newest instant that Stripe's object mentions: it is no older than that.
        outcome: what became of the repair, where one was tried.
        reported_at: when an earlier run reported the same, of what only a person can settle.
    """

    drift: Drift
    object_id: str
    account: AccountKey | None = None
    ours: str | None = None
    stripes: str | None = None
    since: datetime | None = None
    outcome: str = ""
    reported_at: datetime | None = None


def compare(
    ours: Subscription | None, stripes: Subscription | None, account: AccountKey
) -> tuple[Difference, ...]:
    """Say how the two differ in what access or revenue depends on.

    What has ended on both sides is alike: nothing follows from its period or price any more. One
    that ended here and is gone at Stripe is alike too, for test data is deleted there.

    Args:
        ours: the fact as stored.
        stripes: Stripe's object, read as a fact.
        account: whose it is.
    """
    if ours is None or stripes is None:
        return tuple(_missing(ours, stripes, account))
    return _differences(stripes.id, account, _aspects(ours, stripes))


def compare_purchases(
    ours: Purchase | None, stripes: Purchase | None, account: AccountKey
) -> tuple[Difference, ...]:
    """Say how two purchases differ: in whether they are paid, and in what was bought.

    A purchase that nothing was bought with is none yet: a refund may be heard of before it.
    """
    known = ours if ours and ours.lines else None
    if stripes is None:
        lost = known is not None and known.state.is_settled
        return (_gone(known, account),) if known and lost else ()
    if known is None:
        return (Difference(Drift.MISSING_HERE, stripes.id, account, stripes=stripes.state.value),)
    return _differences(stripes.id, account, _purchase_aspects(known, stripes))


def _gone(ours: Purchase, account: AccountKey) -> Difference:
    return Difference(Drift.MISSING_AT_STRIPE, ours.id, account, ours=ours.state.value)


def _purchase_aspects(
    ours: Purchase, stripes: Purchase
) -> Iterator[tuple[Drift, str | None, str | None]]:
    yield Drift.STATUS, _payment(ours.state), _payment(stripes.state)
    if not stripes.lines:
        return
    if _bought(ours).keys() != _bought(stripes).keys():
        yield Drift.PRICE, ", ".join(sorted(_bought(ours))), ", ".join(sorted(_bought(stripes)))
    else:
        yield Drift.QUANTITY, _listed(_bought(ours)), _listed(_bought(stripes))


def _payment(state: PaymentState) -> str:
    """Nothing follows from how a purchase is not paid: Stripe calls a failed one unpaid too."""
    return state.value if state.is_settled else PaymentState.UNPAID.value


def _bought(fact: Purchase) -> Counter[str]:
    counted: Counter[str] = Counter()
    for line in fact.lines:
        counted[line.price_id] += line.quantity
    return counted


def _differences(
    id_: str, account: AccountKey, aspects: Iterator[tuple[Drift, str | None, str | None]]
) -> tuple[Difference, ...]:
    return tuple(
        Difference(drift, id_, account, ours=here, stripes=there)
        for drift, here, there in aspects
        if here != there
    )


def _missing(
    ours: Subscription | None, stripes: Subscription | None, account: AccountKey
) -> Iterator[Difference]:
    if ours is None and stripes is not None:
        yield Difference(Drift.MISSING_HERE, stripes.id, account, stripes=stripes.status.value)
    if stripes is None and ours is not None:
        status = standing(ours).status
        if not status.is_terminal:
            yield Difference(Drift.MISSING_AT_STRIPE, ours.id, account, ours=status.value)


def _aspects(
    ours: Subscription, stripes: Subscription
) -> Iterator[tuple[Drift, str | None, str | None]]:
    now_stands = standing(ours)
    yield Drift.STATUS, now_stands.status.value, stripes.status.value
    if now_stands.status.is_terminal or stripes.status.is_terminal:
        return
    yield Drift.PERIOD, _instant(_period_end(ours)), _instant(stripes.period_end)
    yield Drift.CANCELLATION, _cancellation(ours), _cancellation(stripes)
    if _quantities(ours).keys() != _quantities(stripes).keys():
        yield Drift.PRICE, _prices(ours), _prices(stripes)
    else:
        yield Drift.QUANTITY, _items(ours), _items(stripes)


def _period_end(ours: Subscription) -> datetime | None:
    """The latest end of a period, as holdings have it: paid invoices move it on."""
    ends = [ours.period_end, *standing(ours).item_ends.values()]
    return max((end for end in ends if end), default=None)


def _cancellation(fact: Subscription) -> str | None:
    at = _instant(fact.cancel_at)
    return at or ("at period end" if fact.cancel_at_period_end else None)


def _quantities(fact: Subscription) -> Counter[str]:
    counted: Counter[str] = Counter()
    for item in fact.items:
        counted[item.price_id] += item.quantity
    return counted


def _prices(fact: Subscription) -> str:
    return ", ".join(sorted(_quantities(fact)))


def _items(fact: Subscription) -> str:
    return _listed(_quantities(fact))


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count} x {price}" for price, count in sorted(counted.items()))


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
