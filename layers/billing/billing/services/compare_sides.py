"""Compare pages of what Stripe has with what we hold. It reads both sides, and changes neither."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from billing.adapters.stripe.translate import (
    Claim,
    StripeEvent,
    UnreadableShape,
    has_all_lines,
    read_charge_refund,
    read_claim,
    read_dispute,
    read_purchase,
    read_subscription,
)
from billing.domain.account import Account, AccountKey
from billing.domain.drift import Difference, Drift, compare, compare_purchases
from billing.domain.errors import InvalidInput
from billing.domain.purchase import Purchase
from billing.domain.runs import Run
from billing.domain.subscription import Subscription, standing
from billing.services import hear
from billing.services.heard import HeardCharge

if TYPE_CHECKING:
    from billing.adapters.dynamo.lookup import Lookup
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at.

    Attributes:
        held, lives: the ids of ours that Stripe should know, as it is now, and once repaired.
        abandoned: whether it is a checkout that was given up, which is no drift.
    """

    differences: tuple[Difference, ...] = ()
    held: tuple[str, ...] = ()
    lives: tuple[str, ...] = ()
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides, for one run.

    Attributes:
        projects: ids of all projects.
        livemode: which of Stripe's modes this stage serves.
    """

    run: Run
    accounts: AccountStore
    lookup: Lookup
    gateway: Callable[[], StripeGateway]
    clock: Callable[[], datetime]
    projects: frozenset[str]
    livemode: bool = False
    _owners: dict[str, AccountKey] = field(default_factory=dict)

    # -- subscriptions -----------------------------------------------------------------------------

    def subscriptions(self, page: list[Json]) -> Iterator[Seen]:
        """Compare subscriptions as Stripe has them."""
        self._find_owners(page, _id, _customer)
        for obj in page:
            yield from self._guarded(obj, self._subscription)

    def _subscription(self, obj: Json) -> Seen | None:
        now, id_ = self.clock(), str(obj.get("id"))
        stripes = read_subscription(obj, as_of=now, event_id=self.run.id, first_seen=now)
        claim = read_claim(obj)
        named = self._named(claim)
        ours = self._account(named).subscriptions.get(id_) if named else None
        holder = named if ours else self._owner(id_) or named or self._owner(claim.customer_id)
        if holder is None:
            return self._of_nobody(Difference(Drift.ORPHANED, id_, stripes=stripes.status.value))
        if not self._is_wanted(holder):
            return None
        ours = ours or self._account(holder).subscriptions.get(id_)
        found = compare(ours, stripes, holder)
        if named is not None and named != holder:
            found = (Difference(Drift.OTHER_ACCOUNT, id_, holder, ours=str(holder)), *found)
        lives = not stripes.status.is_terminal and self.is_in_scope(stripes)
        held = ours is not None and self.should_be_at_stripe(ours)
        return Seen(self._dated(found, obj), (id_,) * held, (id_,) * lives)

    # -- purchases ---------------------------------------------------------------------------------

    def sessions(self, page: list[Json]) -> Iterator[Seen]:
        """Compare completed checkouts of one-time prices; count those that were given up."""
        self._find_owners(page, _id, _intent)
        for obj in page:
            yield from self._guarded(obj, self._session)

    def _session(self, obj: Json) -> Seen | None:
        claim, now = read_claim(obj), self.clock()
        holder = next(filter(None, map(self._owner, claim.ids)), None) or self._named(claim)
        if holder is None or not self._is_wanted(holder):
            return None
        if obj.get("status") != "complete":
            return Seen(abandoned=True) if obj.get("status") == "expired" else None
        if obj.get("mode") == "payment" and not has_all_lines(obj):
            obj = {**obj, "line_items": {"data": self.gateway().session_lines(claim.ids[0])}}
        stripes = read_purchase(obj, as_of=now, event_id=self.run.id, first_seen=now)
        if stripes is None or stripes.session_id is None:
            return None
        ours = self._account(holder).purchases.get(stripes.id)
        found = (
            replace(each, object_id=stripes.session_id)
            for each in compare_purchases(ours, stripes, holder)
        )
        held = ours is not None and self.should_be_at_stripe(ours)
        lives = self.should_be_at_stripe(stripes)
        return Seen(self._dated(found, obj), (stripes.id,) * held, (stripes.id,) * lives)

    # -- money that went back ----------------------------------------------------------------------

    def charges(self, page: list[Json]) -> Iterator[Seen]:
        """Compare what was refunded; of other charges, those of which we think so."""
        self._find_owners(page, _id, _intent, _customer)
        for obj in page:
            if obj.get("amount_refunded") or self._owner(_id(obj)):
                yield from self._guarded(obj, self._charge)

    def _charge(self, obj: Json) -> Seen | None:
        charge, claim = read_charge_refund(obj, as_of=self.clock()), read_claim(obj)
        holder = self._named(claim) or next(
            filter(None, map(self._owner, (*claim.ids, claim.customer_id))), None
        )
        if holder is None or not self._is_wanted(holder):
            return None
        account = self._account(holder)
        known = [
            refund.amount_refunded
            for fact in _paid_facts(account)
            for refund in fact.refunds
            if refund.charge_id == charge.refund.charge_id
        ]
        ours, stripes = max(known, default=0), charge.refund.amount_refunded
        if ours == stripes:
            return Seen()
        if not known and not self._concerns(hear.refunded_charge, obj, account):
            return None
        currency = charge.refund.currency
        difference = Difference(
            Drift.REFUND,
            charge.refund.charge_id,
            holder,
            ours=f"{ours} {currency}",
            stripes=f"{stripes} {currency}",
        )
        return Seen(self._dated((difference,), obj))

    def disputes(self, page: list[Json]) -> Iterator[Seen]:
        """Compare where disputes stand."""
        self._find_owners(page, _charge_of, _intent)
        for obj in page:
            yield from self._guarded(obj, self._dispute)

    def _dispute(self, obj: Json) -> Seen | None:
        stripes = read_dispute(obj, as_of=self.clock())
        holder = self._owner(_charge_of(obj)) or self._owner(_intent(obj))
        if holder is None:
            heard = hear.dispute(self._told(obj), self.clock(), self.gateway)
            ids = (*heard.claim.ids, *filter(None, [heard.claim.customer_id]))
            holder = self._named(heard.claim) or self.accounts.find(ids)
        if holder is None or not self._is_wanted(holder):
            return None
        account = self._account(holder)
        ours = next(
            (
                dispute.status
                for fact in _paid_facts(account)
                for dispute in fact.disputes
                if dispute.dispute_id == stripes.dispute_id
            ),
            None,
        )
        if ours == stripes.status:
            return Seen()
        if ours is None and not self._concerns(hear.dispute, obj, account):
            return None
        difference = Difference(Drift.DISPUTE, stripes.dispute_id, holder, ours, stripes.status)
        return Seen(self._dated((difference,), obj))

    # -- whose it is -------------------------------------------------------------------------------

    def should_be_at_stripe(self, fact: Subscription | Purchase) -> bool:
        """Whether Stripe has to know it, if nothing drifted."""
        if isinstance(fact, Purchase):
            alive = bool(fact.lines and fact.session_id and fact.state.is_settled)
        else:
            alive = not standing(fact).status.is_terminal
        return alive and self.is_in_scope(fact)

    def is_in_scope(self, fact: Subscription | Purchase) -> bool:
        """Whether the run looks at what is as old as this."""
        began = fact.started_at if isinstance(fact, Subscription) else fact.as_of
        return self.run.since is None or began >= self.run.since

    def _concerns(self, read: Callable[..., Any], obj: Json, account: Account) -> bool:
        """Whether the money of a charge paid for something here, and not for other business."""
        heard = read(self._told(obj), self.clock(), self.gateway)
        if isinstance(heard, HeardCharge):
            return heard.claim.project_id is not None or heard.seen.id in account.purchases
        return True

    def _told(self, obj: Json) -> StripeEvent:
        return StripeEvent(self.run.id, "reconcile", self.clock(), self.livemode, None, obj)

    def _guarded(self, obj: Json, look: Callable[[Json], Seen | None]) -> Iterator[Seen]:
        id_ = str(obj.get("id"))
        if obj.get("livemode") is not self.livemode:
            mode = "live" if obj.get("livemode") else "test"
            seen = self._of_nobody(Difference(Drift.MODE, id_, stripes=mode))
        else:
            try:
                seen = look(obj)
            except UnreadableShape as error:
                seen = self._of_nobody(Difference(Drift.UNREADABLE, id_, stripes=error.detail))
        if seen is not None:
            yield seen

    def _of_nobody(self, difference: Difference) -> Seen | None:
        return Seen(differences=(difference,)) if self.run.project_id is None else None

    def _is_wanted(self, key: AccountKey) -> bool:
        return self.run.project_id in (None, key.project_id)

    def _named(self, claim: Claim) -> AccountKey | None:
        """The account that the object names, if its project is one of ours."""
        if claim.project_id not in self.projects or claim.user_id is None:
            return None
        try:
            return AccountKey(str(claim.project_id), claim.user_id)
        except InvalidInput:
            return None

    def _account(self, key: AccountKey) -> Account:
        return self.accounts.load(key)

    def _find_owners(self, page: list[Json], *read: Callable[[Json], str | None]) -> None:
        """Ask once for the owners of all that a page names."""
        self._owners.clear()
        ids = [id_ for obj in page for of in read if (id_ := of(obj))]
        self._owners.update(self.lookup.owners(ids))

    def _owner(self, id_: str | None) -> AccountKey | None:
        return self._owners.get(id_) if id_ else None

    def _dated(self, found: Iterable[Difference], obj: Json) -> tuple[Difference, ...]:
        since = newest_instant(obj, self.clock())
        return tuple(replace(each, since=since) for each in found)


def newest_instant(obj: Json, now: datetime) -> datetime | None:
    """The newest instant, not in the future, that an object mentions: when it last changed.

    Stripe's objects do not say when they changed; each change that matters here leaves one.
    """
    items = (obj.get("items") or {}).get("data") or [] if "items" in obj else []
    values = [part.get(name) for part in (obj, *items) for name in _INSTANTS]
    seconds = [v for v in values if isinstance(v, int) and v <= now.timestamp()]
    return datetime.fromtimestamp(max(seconds), UTC) if seconds else None


_INSTANTS = ("created", "start_date", "current_period_start", "canceled_at", "ended_at")


def _paid_facts(account: Account) -> list[Subscription | Purchase]:
    return [*account.subscriptions.values(), *account.purchases.values()]


def _reference(obj: Json, name: str) -> str | None:
    value = obj.get(name)
    value = value.get("id") if isinstance(value, Mapping) else value
    return value if isinstance(value, str) and value else None


def _id(obj: Json) -> str | None:
    return _reference(obj, "id")


def _intent(obj: Json) -> str | None:
    return _reference(obj, "payment_intent")


def _customer(obj: Json) -> str | None:
    return _reference(obj, "customer")


def _charge_of(obj: Json) -> str | None:
    return _reference(obj, "charge")
