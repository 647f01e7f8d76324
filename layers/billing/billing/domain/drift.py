"""How what we hold of a subscription differs from what Stripe has. Pure: it only compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from billing.domain.account import AccountKey
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
    OTHER_ACCOUNT = "other_account"
    ORPHANED = "orphaned"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which one subscription differs.

    Attributes:
        account: whose it is, where that is known.
        ours, stripes: what either side has, in words; `None` where it has nothing.
    """

    drift: Drift
    subscription_id: str
    account: AccountKey | None = None
    ours: str | None = None
    stripes: str | None = None


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
    return tuple(
        Difference(drift, stripes.id, account, ours=here, stripes=there)
        for drift, here, there in _aspects(ours, stripes)
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
    return ", ".join(f"{count} x {price}" for price, count in sorted(_quantities(fact).items()))


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
