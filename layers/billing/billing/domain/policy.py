"""Which state of a holding gives access, and until when.

The defaults are the table "Who has access" of the design; a project may set its own.
Intervals are half-open: `[valid_from, valid_to)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from billing.domain.status import (
    COLLECTION_PAUSED,
    FeatureValue,
    GrantState,
    PaymentState,
    Source,
    SubscriptionStatus,
    TakenBack,
)


class Effect(StrEnum):
    """What an event does to access."""

    KEEP = "keep"
    END = "end"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a project decides about access; the defaults suit most.

    Attributes:
        renewal_leeway: how long after a period's end a renewal may take to be heard of.
            Stripe finalizes a renewal invoice about an hour after the period turns.
        grace: how long after the first failed payment a subscriber keeps access.
        full_refund, partial_refund: what giving the money back does.
        open_dispute, lost_dispute: what a bank's question, and its answer against us, does.
            A dispute that is won, and an inquiry, do nothing.
        unpaid: what `unpaid` does, to which Stripe gives up collecting where it is set so.
        paused_collection: what `pause_collection` does; by default it pauses the bill only.
    """

    renewal_leeway: timedelta = timedelta(hours=24)
    grace: timedelta = timedelta(days=7)
    full_refund: Effect = Effect.END
    partial_refund: Effect = Effect.KEEP
    open_dispute: Effect = Effect.KEEP
    lost_dispute: Effect = Effect.END
    unpaid: Effect = Effect.END
    paused_collection: Effect = Effect.KEEP


EFFECTS = (
    "full_refund",
    "partial_refund",
    "open_dispute",
    "lost_dispute",
    "unpaid",
    "paused_collection",
)
"""The fields of a policy that say what an event does."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What an account holds from one source: the bare facts that a read needs, no policy in them.

    Attributes:
        state: a word of `SubscriptionStatus`, `PaymentState` or `GrantState`.
        taken_back: what became of the money that paid for it; policy says what that does.
        valid_from: when it began.
        period_end: the bare end of what was paid or granted; `None` is for life.
        stops_at: an end beyond which neither leeway nor grace reaches (cancellation).
        past_due_since: when the present spell of failed payments began.
        product_id, price_id: what was bought; `product_id` is `None` where the catalog had no
            match when it was bought, and the price is looked up again at each read.
        feature_code, value: what was granted by hand.
    """

    source: Source
    source_id: str
    state: str
    valid_from: datetime
    period_end: datetime | None = None
    stops_at: datetime | None = None
    past_due_since: datetime | None = None
    collection_paused: bool = False
    taken_back: tuple[TakenBack, ...] = ()
    quantity: int = 1
    product_id: str | None = None
    price_id: str | None = None
    feature_code: str | None = None
    value: FeatureValue | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """When a holding gives access: `[valid_from, valid_to)`; `valid_to` `None` is for ever."""

    valid_from: datetime
    valid_to: datetime | None

    def includes(self, instant: datetime) -> bool:
        """Whether access holds at that instant."""
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)


def cover(holding: Holding, policy: Policy) -> Cover | None:
    """Say when a holding gives access; `None` where its state gives none at all.

    A state that is not listed gives none, so a word that Stripe invents tomorrow denies.
    """
    rule = _RULES.get(holding.state)
    if rule is None or denial(holding, policy):
        return None
    end = earliest(rule(holding, policy), holding.stops_at)
    if end is not None and end <= holding.valid_from:
        return None
    return Cover(holding.valid_from, end)


def denial(holding: Holding, policy: Policy) -> str | None:
    """Name what ends access whatever the period says; `None` where nothing does."""
    ends = (word for word in holding.taken_back if _effect(word, policy) is Effect.END)
    if holding.collection_paused and policy.paused_collection is Effect.END:
        return next(ends, COLLECTION_PAUSED)
    if holding.state == SubscriptionStatus.UNPAID and policy.unpaid is Effect.END:
        return next(ends, SubscriptionStatus.UNPAID)
    return next(ends, None)


def _effect(word: TakenBack, policy: Policy) -> Effect:
    return {
        TakenBack.REFUNDED: policy.full_refund,
        TakenBack.PARTLY_REFUNDED: policy.partial_refund,
        TakenBack.DISPUTED: policy.open_dispute,
        TakenBack.DISPUTE_LOST: policy.lost_dispute,
    }[word]


def earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two ends, where `None` never ends."""
    if one is None or other is None:
        return one or other
    return min(one, other)


def _period_and_leeway(holding: Holding, policy: Policy) -> datetime | None:
    return holding.period_end and holding.period_end + policy.renewal_leeway


def _grace(holding: Holding, policy: Policy) -> datetime | None:
    return (holding.past_due_since or holding.valid_from) + policy.grace


def _as_bought(holding: Holding, policy: Policy) -> datetime | None:  # noqa: ARG001 - one signature for the table
    return holding.period_end


_RULES: dict[str, Callable[[Holding, Policy], datetime | None]] = {
    SubscriptionStatus.TRIALING: _period_and_leeway,  # a trial is a period that costs nothing
    SubscriptionStatus.ACTIVE: _period_and_leeway,  # the renewal may be heard of a little late
    SubscriptionStatus.PAST_DUE: _grace,  # Stripe is retrying the card
    SubscriptionStatus.UNPAID: _period_and_leeway,  # only where the policy keeps access
    PaymentState.PAID: _as_bought,
    PaymentState.NO_PAYMENT_REQUIRED: _as_bought,  # a coupon covered it all
    GrantState.GRANTED: _as_bought,
}
