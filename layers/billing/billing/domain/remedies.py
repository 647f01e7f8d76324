"""What would have to change for a user to get access: a closed table, a line per reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from billing.domain.access import Entitlement
from billing.domain.catalog import Catalog, Price
from billing.domain.status import (
    COLLECTION_PAUSED,
    FeatureValue,
    GrantState,
    PaymentState,
    SubscriptionStatus,
    TakenBack,
)
from billing.domain.verdict import Denial, Verdict


class Action(StrEnum):
    """The closed list of what can be done."""

    PAY = "pay"
    BUY = "buy"
    RENEW = "renew"
    RESUME = "resume"
    GRANT = "grant"
    WIN_DISPUTE = "win_dispute"
    CHANGE_POLICY = "change_policy"
    DEFINE_FEATURE = "define_feature"
    WAIT = "wait"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing that would give access.

    Attributes:
        text: what has to come true.
        at: for `wait`, when it does by itself.
    """

    action: Action
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A product on sale that carries the feature, and the prices that buy it."""

    product_id: str
    name: str
    value: FeatureValue
    prices: tuple[Price, ...]


_INVOICE = Remedy(Action.PAY, "the open invoice is paid")
_BUY = Remedy(Action.BUY, "a product that carries the feature is bought")
_RENEW = Remedy(Action.RENEW, "the renewal's invoice is paid and heard of")
_RESUME = Remedy(Action.RESUME, "the subscription is resumed")
_COLLECT = Remedy(Action.RESUME, "the collection of payments is resumed")
_GRANT = Remedy(Action.GRANT, "an operator grants the feature")
_AGAIN = Remedy(Action.GRANT, "an operator grants the feature again")
_WIN = Remedy(Action.WIN_DISPUTE, "the dispute is won")
_POLICY = Remedy(Action.CHANGE_POLICY, "the project's policy keeps access in this case")
_DEFINE = Remedy(Action.DEFINE_FEATURE, "the catalog gets the feature, or another one is asked for")
_WAIT = Remedy(Action.WAIT, "the time comes from which it was given")
_LOOK = Remedy(Action.LOOK, "the object's state at Stripe is one that this version knows")

BY_REASON: dict[str, tuple[Remedy, ...]] = {
    Denial.NOT_HELD: (_BUY, _GRANT),
    Denial.UNKNOWN_FEATURE: (_DEFINE,),
    Denial.NOT_YET: (_WAIT, _GRANT),
    SubscriptionStatus.TRIALING: (_RENEW, _BUY, _GRANT),  # its end lies before its beginning
    SubscriptionStatus.ACTIVE: (_RENEW, _BUY, _GRANT),  # the same
    SubscriptionStatus.PAST_DUE: (_INVOICE, _GRANT),  # a policy without any grace
    SubscriptionStatus.UNPAID: (_INVOICE, _GRANT),  # of purchases too: `PaymentState.UNPAID`
    SubscriptionStatus.PAUSED: (_RESUME, _GRANT),  # a trial that ended without a card
    SubscriptionStatus.INCOMPLETE: (_INVOICE, _GRANT),  # Stripe waits 23 hours for it
    SubscriptionStatus.INCOMPLETE_EXPIRED: (_BUY, _GRANT),
    SubscriptionStatus.CANCELED: (_BUY, _GRANT),  # Stripe never brings it back
    SubscriptionStatus.UNKNOWN: (_LOOK, _BUY, _GRANT),  # `PaymentState.UNKNOWN` too
    PaymentState.FAILED: (_BUY, _GRANT),
    PaymentState.PAID: (_BUY, _GRANT),  # its validity was nothing
    PaymentState.NO_PAYMENT_REQUIRED: (_BUY, _GRANT),  # the same
    GrantState.GRANTED: (_AGAIN, _BUY),  # the same
    GrantState.REVOKED: (_AGAIN, _BUY),
    TakenBack.REFUNDED: (_BUY, _GRANT),
    TakenBack.PARTLY_REFUNDED: (_POLICY, _BUY, _GRANT),
    TakenBack.DISPUTED: (_WIN, _POLICY, _GRANT),
    TakenBack.DISPUTE_LOST: (_BUY, _GRANT),
    COLLECTION_PAUSED: (_COLLECT, _POLICY, _GRANT),
}
"""What helps where a reason or a state denies."""

BY_ENDED_STATE: dict[str, tuple[Remedy, ...]] = {
    SubscriptionStatus.TRIALING: (_RENEW, _BUY, _GRANT),
    SubscriptionStatus.ACTIVE: (_RENEW, _BUY, _GRANT),
    SubscriptionStatus.PAST_DUE: (_INVOICE, _GRANT),  # the grace is over
    SubscriptionStatus.UNPAID: (_INVOICE, _GRANT),  # a policy that kept it for a time
    PaymentState.PAID: (_BUY, _GRANT),
    PaymentState.NO_PAYMENT_REQUIRED: (_BUY, _GRANT),
    GrantState.GRANTED: (_AGAIN, _BUY),
}
"""What helps where access ended with time, by the state in which it did."""


def remedies_for(verdict: Verdict, offers: tuple[Offer, ...], at: datetime) -> tuple[Remedy, ...]:
    """List what would give access that is denied, what the reason asks for first.

    A user with several ended sources is helped by what helps any one of them. To buy is told only
    where something is for sale.
    """
    if verdict.allowed:
        return ()
    sources = verdict.access.sources if verdict.access else ()
    found: dict[Action, Remedy] = {}
    for table, word in _words(verdict, sources, at):
        for remedy in table.get(word, ()):
            found.setdefault(remedy.action, remedy)
    starts = [s.cover.valid_from for s in sources if s.cover and s.cover.valid_from > at]
    return tuple(
        replace(remedy, at=min(starts)) if remedy.action is Action.WAIT else remedy
        for remedy in found.values()
        if remedy.action is not Action.BUY or offers
    )


def _words(
    verdict: Verdict, sources: tuple[Entitlement, ...], at: datetime
) -> Iterator[tuple[dict[str, tuple[Remedy, ...]], str]]:
    if not sources:
        yield BY_REASON, verdict.reason
    for source in sources:
        if source.cover is None:
            yield BY_REASON, source.state
        elif source.cover.valid_from > at:
            yield BY_REASON, Denial.NOT_YET
        else:
            yield BY_ENDED_STATE, source.state


def offers_of(catalog: Catalog, feature_code: str) -> tuple[Offer, ...]:
    """List what is on sale with a feature, in the catalog's order."""
    return tuple(
        Offer(product.id, product.name, product.features[feature_code], prices)
        for product in catalog.products
        if product.active and product.features.get(feature_code, False) is not False
        if (prices := tuple(price for price in product.prices if price.active))
    )
