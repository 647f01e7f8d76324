"""An account and its facts: what Stripe and the operators said about one user of one project.

Facts are join-semilattices: `merge` is commutative, associative and idempotent, so any order of
arrival, with any duplicates, ends in the same fact (docs/decisions/0002).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from billing.domain.catalog import PROJECT_ID
from billing.domain.errors import InvalidInput
from billing.domain.status import FeatureValue, PaymentState, SubscriptionStatus

TIMELINE_EXACT = timedelta(days=100)
"""Within this span every moment is kept; before it only the changes of status are.

Stripe retries a delivery for three days and lists events for thirty, so nothing arrives later.
"""


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """One user of one project. The user id is any text of 1 to 256 characters, used as given."""

    project_id: str
    user_id: str

    def __post_init__(self) -> None:
        """Refuse what is not a key.

        Raises:
            InvalidInput: the project id or the user id is not of the documented form.
        """
        if not PROJECT_ID.fullmatch(self.project_id):
            raise InvalidInput.field("project_id", "must match [a-z0-9][a-z0-9-]{1,47}")
        if not 1 <= len(self.user_id) <= 256:
            raise InvalidInput.field("user_id", "must have 1 to 256 characters")
        if any(
            ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in self.user_id
        ):
            raise InvalidInput.field("user_id", "must not contain control characters")

    def __str__(self) -> str:
        return f"{self.project_id}#{self.user_id}"

    @classmethod
    def parse(cls, text: str) -> AccountKey:
        """Read what `str` wrote; a project id has no `#`, a user id may."""
        project_id, _, user_id = text.partition("#")
        return cls(project_id, user_id)


_RANK_IN_A_SECOND = {
    status: rank
    for rank, status in enumerate(
        (
            SubscriptionStatus.UNKNOWN,
            SubscriptionStatus.INCOMPLETE,
            SubscriptionStatus.TRIALING,
            SubscriptionStatus.PAUSED,
            SubscriptionStatus.UNPAID,
            SubscriptionStatus.PAST_DUE,
            SubscriptionStatus.ACTIVE,
            SubscriptionStatus.INCOMPLETE_EXPIRED,
            SubscriptionStatus.CANCELED,
        )
    )
}
"""Stripe stamps whole seconds. Within one, what follows a payment wins; an end wins over all."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing heard of a subscription: its status at an instant, or that an invoice was paid.

    Attributes:
        paid: whether this is a paid invoice rather than a state of the subscription.
        period_end: the end of the period that the state or the invoice speaks of.
        item_ends: for a paid invoice, the period end by subscription item id.
    """

    at: datetime
    status: SubscriptionStatus
    period_end: datetime | None = None
    paid: bool = False
    item_ends: tuple[tuple[str, datetime], ...] = ()

    @property
    def order(self) -> tuple[datetime, int, bool, str]:
        """Sort by time; within a second by what must have come last; else by any fixed rule."""
        return self.at, _RANK_IN_A_SECOND[self.status], self.paid, repr(self)


@dataclass(frozen=True, slots=True)
class ChargeRefund:
    """What was refunded of one charge. `amount_refunded` is cumulative, as at Stripe.

    Attributes:
        amount, amount_refunded: in the currency's minor unit.
        period_end: the end of the subscription period that the charge paid; `None` where it paid
            for no whole period (a purchase, a proration).
    """

    charge_id: str
    amount: int
    amount_refunded: int
    currency: str
    as_of: datetime
    period_end: datetime | None = None

    @property
    def is_full(self) -> bool:
        """Whether nothing of the charge is left."""
        return 0 < self.amount <= self.amount_refunded


@dataclass(frozen=True, slots=True)
class SubscriptionItem:
    """One line of a subscription. `product_id` is ours; `None` where the catalog has no match."""

    id: str
    price_id: str
    quantity: int
    period_start: datetime | None
    period_end: datetime | None
    stripe_product_id: str | None = None
    product_id: str | None = None
    unit_amount: int | None = None
    currency: str = ""
    interval: str | None = None
    interval_count: int = 1


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Stripe subscription: its newest state, and the timeline of all that was heard of it.

    Attributes:
        status: as the newest state said; `standing` says what holds with the timeline.
        started_at: when it began, by Stripe's clock.
        as_of: the second of which the newest state speaks; older states change only the timeline.
        event_id: the event, fetch or repair that brought the newest state.
        first_seen: when this service first heard of it, by its own clock.
    """

    id: str
    customer_id: str
    status: SubscriptionStatus
    items: tuple[SubscriptionItem, ...]
    started_at: datetime
    as_of: datetime
    event_id: str
    first_seen: datetime
    cancel_at: datetime | None = None
    cancel_at_period_end: bool = False
    canceled_at: datetime | None = None
    ended_at: datetime | None = None
    trial_end: datetime | None = None
    collection_paused: bool = False
    timeline: tuple[Moment, ...] = ()
    refunds: tuple[ChargeRefund, ...] = ()

    @property
    def period_end(self) -> datetime | None:
        """The latest period end of its items, as the newest state has them."""
        return max((i.period_end for i in self.items if i.period_end), default=None)

    def same_state(self, other: Subscription) -> bool:
        """Whether both say the same of the subscription, whenever and however it was heard."""
        return self._state() == other._state()

    def _state(self) -> tuple[object, ...]:
        items = tuple(replace(item, product_id=None) for item in self.items)
        return (
            self.status,
            items,
            self.customer_id,
            self.cancel_at,
            self.cancel_at_period_end,
            self.ended_at,
            self.trial_end,
            self.collection_paused,
        )

    def moment(self) -> Moment:
        """What this state adds to the timeline."""
        return Moment(self.as_of, self.status, self.period_end)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a subscription stands once its whole timeline is read.

    Attributes:
        since: when the present, unbroken spell of this status began.
        item_ends: period ends by item id that paid invoices moved on past the newest state's.
    """

    status: SubscriptionStatus
    since: datetime
    period_end: datetime | None
    item_ends: dict[str, datetime] = field(default_factory=dict)


def standing(subscription: Subscription) -> Standing:
    """Read the timeline in order.

    A paid invoice of the period then known, or of a later one, makes it active and moves the
    period on; one of an older period says nothing. Nothing follows a terminal status.
    """
    first = subscription.moment()
    status, since, period_end = SubscriptionStatus.UNKNOWN, first.at, None
    ends: dict[str, datetime] = {}
    for moment in subscription.timeline or (first,):
        older = moment.period_end and period_end and moment.period_end < period_end
        if status.is_terminal or (moment.paid and older):
            continue
        if moment.status != status:
            status, since = moment.status, moment.at
        period_end = moment.period_end or period_end
        if moment.paid and moment.at >= subscription.as_of:
            ends.update(moment.item_ends)
    return Standing(status, since, period_end, ends)


def merge_timeline(one: Iterable[Moment], other: Iterable[Moment]) -> tuple[Moment, ...]:
    """Unite two timelines, in order; beyond `TIMELINE_EXACT` only changes of status are kept."""
    moments = sorted({*one, *other}, key=lambda m: m.order)
    horizon = moments[-1].at - TIMELINE_EXACT if moments else None
    kept: list[Moment] = []
    for moment in moments:
        if horizon and moment.at < horizon and kept and kept[-1].status == moment.status:
            continue
        kept.append(moment)
    return tuple(kept)


def merge_refunds(
    one: Iterable[ChargeRefund], other: Iterable[ChargeRefund]
) -> tuple[ChargeRefund, ...]:
    """Unite refunds by charge; the newest word on a charge holds, the larger within a second."""
    newest: dict[str, ChargeRefund] = {}
    for refund in (*one, *other):
        known = newest.get(refund.charge_id)
        if known is None or _freshness(refund) > _freshness(known):
            newest[refund.charge_id] = refund
    return tuple(newest[charge] for charge in sorted(newest))


def _freshness(refund: ChargeRefund) -> tuple[datetime, int, bool]:
    return refund.as_of, refund.amount_refunded, refund.period_end is not None


def merge_subscription(known: Subscription | None, heard: Subscription) -> Subscription:
    """Join what is known of a subscription with a state that was heard.

    The newer state is kept whole, a terminal one against any; the timelines and refunds unite.
    States of one second that differ are for the caller to settle first (`is_tie`).
    """
    timeline = merge_timeline(heard.timeline, (heard.moment(),))
    if known is None:
        return replace(heard, timeline=timeline)
    newest = max(known, heard, key=lambda s: (s.status.is_terminal, s.as_of, s is heard))
    return replace(
        newest,
        first_seen=min(known.first_seen, heard.first_seen),
        timeline=merge_timeline(known.timeline, timeline),
        refunds=merge_refunds(known.refunds, heard.refunds),
    )


def is_tie(known: Subscription | None, heard: Subscription) -> bool:
    """Whether only a fresh look at Stripe can tell which of two states of one second is newer."""
    return (
        known is not None
        and known.as_of == heard.as_of
        and not known.status.is_terminal
        and not heard.status.is_terminal
        and not known.same_state(heard)
    )


_PAYMENT_RANK = {state: rank for rank, state in enumerate(PaymentState)}


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One thing bought; `validity_days` as the product had them then, `None` for life."""

    price_id: str
    quantity: int
    product_id: str | None = None
    validity_days: int | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A one-time payment, known by its payment intent, or by its session where nothing was owed.

    Attributes:
        amount: the total in the currency's minor unit.
        paid_at: the earliest instant at which it was heard to be paid, by Stripe's clock.
        lines: empty until the checkout session was heard of; a refund may arrive before it.
    """

    id: str
    as_of: datetime
    event_id: str
    first_seen: datetime
    state: PaymentState = PaymentState.UNKNOWN
    paid_at: datetime | None = None
    session_id: str | None = None
    payment_intent_id: str | None = None
    customer_id: str | None = None
    lines: tuple[PurchaseLine, ...] = ()
    amount: int = 0
    currency: str = ""
    refunds: tuple[ChargeRefund, ...] = ()

    @property
    def is_fully_refunded(self) -> bool:
        """Whether a charge of it was refunded whole."""
        return any(refund.is_full for refund in self.refunds)


def merge_purchase(known: Purchase | None, heard: Purchase) -> Purchase:
    """Join what is known of a purchase with what was heard.

    Payment only moves forward (unpaid, failed, paid): a settled one is never unsettled by a late
    event; taking access back is what refunds and disputes do.
    """
    if known is None:
        return heard
    newest = max(known, heard, key=lambda p: (_PAYMENT_RANK[p.state], p.as_of, p.event_id))
    other = known if newest is heard else heard
    settled = [p.paid_at for p in (known, heard) if p.paid_at]
    return replace(
        newest,
        first_seen=min(known.first_seen, heard.first_seen),
        paid_at=min(settled, default=None),
        session_id=newest.session_id or other.session_id,
        payment_intent_id=newest.payment_intent_id or other.payment_intent_id,
        customer_id=newest.customer_id or other.customer_id,
        lines=newest.lines or other.lines,
        amount=newest.amount or other.amount,
        currency=newest.currency or other.currency,
        refunds=merge_refunds(known.refunds, heard.refunds),
    )


@dataclass(frozen=True, slots=True)
class ManualGrant:
    """A feature given by an operator, over `[valid_from, valid_to)`, until revoked."""

    id: str
    feature_code: str
    value: FeatureValue
    reason: str
    valid_from: datetime
    valid_to: datetime | None
    granted_at: datetime
    granted_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoke_reason: str | None = None


Fact = Subscription | Purchase | ManualGrant


@dataclass(frozen=True, slots=True)
class Account:
    """One user of one project, with all facts.

    Attributes:
        revision: goes up by one with each change that is applied.
        version: goes up by one with each write; the optimistic lock.
    """

    key: AccountKey
    revision: int = 0
    version: int = 0
    customer_id: str | None = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    purchases: dict[str, Purchase] = field(default_factory=dict)
    grants: dict[str, ManualGrant] = field(default_factory=dict)
    updated_at: datetime | None = None

    def with_subscription(self, subscription: Subscription) -> Account:
        """Put a subscription in the place of what was known of it."""
        subscriptions = {**self.subscriptions, subscription.id: subscription}
        return replace(self, subscriptions=subscriptions).with_customer(subscription.customer_id)

    def with_purchase(self, purchase: Purchase) -> Account:
        """Put a purchase in the place of what was known of it."""
        purchases = {**self.purchases, purchase.id: purchase}
        return replace(self, purchases=purchases).with_customer(purchase.customer_id)

    def with_grant(self, grant: ManualGrant) -> Account:
        """Put a grant in the place of what was known of it."""
        return replace(self, grants={**self.grants, grant.id: grant})

    def with_customer(self, customer_id: str | None) -> Account:
        """Know the Stripe customer, unless one is known: the portal opens for the first."""
        return (
            self if self.customer_id or not customer_id else replace(self, customer_id=customer_id)
        )

    def facts(self) -> dict[str, Fact]:
        """All facts by the sort key under which they are stored."""
        return {
            **{f"subscription#{key}": fact for key, fact in self.subscriptions.items()},
            **{f"purchase#{key}": fact for key, fact in self.purchases.items()},
            **{f"grant#{key}": fact for key, fact in self.grants.items()},
        }

    def stripe_ids(self) -> frozenset[str]:
        """Every id, Stripe's and grants', by which this account can be found."""
        ids: set[str | None] = {self.customer_id, *self.grants, *self.subscriptions}
        for subscription in self.subscriptions.values():
            ids.add(subscription.customer_id)
            ids.update(refund.charge_id for refund in subscription.refunds)
        for purchase in self.purchases.values():
            ids |= {purchase.session_id, purchase.payment_intent_id, purchase.customer_id}
            ids.update(refund.charge_id for refund in purchase.refunds)
        return frozenset(filter(None, ids))
