"""Repair what differs: fetch Stripe's object afresh, and hear it as if Stripe had just told it.

It goes through the one door, so history shows what was, what is, and why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from billing.adapters.stripe.shapes import child, instant
from billing.adapters.stripe.translate import StripeEvent, UnreadableShape, read_subscription
from billing.domain.account import Account, AccountKey
from billing.domain.catalog import Catalog
from billing.domain.changes import Cause, CauseType, Decision, Outcome, OutcomeKind
from billing.domain.dispute import merge_disputes
from billing.domain.drift import Difference, Drift, compare, compare_purchases
from billing.domain.purchase import Purchase
from billing.domain.refund import merge_refunds
from billing.domain.runs import Run, Shard
from billing.domain.status import PaymentState, SubscriptionStatus
from billing.domain.subscription import Subscription
from billing.services import hear
from billing.services.commit import commit
from billing.services.heard import Heard, HeardPurchase, HeardSubscription, NeedsFreshSubscription
from billing.services.match_account import Unappliable

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway

REPAIRED = frozenset({OutcomeKind.APPLIED, OutcomeKind.DUPLICATE})
"""Outcomes of a repair that holds; a duplicate is one that was made before the run was resumed."""

FOR_OPERATORS = frozenset({Drift.MODE, Drift.OTHER_ACCOUNT, Drift.ORPHANED, Drift.UNREADABLE})
"""What a run reports and leaves: nothing at Stripe says what would be right."""

_Paid = TypeVar("_Paid", Subscription, Purchase)

Decide = Callable[[Account, Catalog, Subscription | None], Decision]


@dataclass(frozen=True, slots=True)
class Repairs:
    """What a repair needs."""

    accounts: AccountStore
    catalogs: CatalogStore
    gateway: Callable[[], StripeGateway]
    clock: Callable[[], datetime]
    livemode: bool = False

    def repair(self, found: tuple[Difference, ...], run: Run, shard: Shard) -> str:
        """Repair one object.

        Args:
            found: how it differs.
            run: for which the repair is made.
            shard: of the run.

        Returns:
            What became of it: an outcome, or the reason why it cannot be repaired; empty where
            nothing was tried.

        Raises:
            BillingError: trouble that passes; repairing again has one effect.
        """
        wanted = tuple(each for each in found if each.drift not in FOR_OPERATORS)
        if not wanted or wanted[0].account is None:
            return ""
        try:
            return self._repair(wanted, wanted[0].account, run, shard)
        except Unappliable as error:
            return error.reason.value
        except UnreadableShape:
            return Drift.UNREADABLE.value

    def _repair(
        self, found: tuple[Difference, ...], key: AccountKey, run: Run, shard: Shard
    ) -> str:
        object_id = found[0].object_id
        before, now = self.accounts.load(key), self.clock()
        # Both are taken before the fetch, so whatever is heard after it is newer.
        as_of = max(now, _newest(before, object_id))
        obj = None if found[0].drift is Drift.HOLDINGS else self._fetch(object_id)
        cause = Cause(
            id=_cause_id(run, shard, object_id, obj, found),
            type=CauseType.REPAIR,
            name="reconcile",
            at=as_of,
            actor=run.actor,
            reason=_words(found),
            project_id=key.project_id,
        )
        decide = self._decision(found[0], obj, cause, now)
        return self._commit(key, cause, decide, now).kind.value

    def _commit(self, key: AccountKey, cause: Cause, decide: Decide, now: datetime) -> Outcome:
        catalog = self.catalogs.catalog(key.project_id)

        def told(fresh: Subscription | None) -> Outcome:
            def change(account: Account) -> Decision:
                return replace(decide(account, catalog, fresh), kind=OutcomeKind.APPLIED)

            return commit(self.accounts, key, cause, change, now=now)

        try:
            return told(None)
        except NeedsFreshSubscription as need:
            obj = self.gateway().subscription(need.subscription_id)
        if obj is None:
            return Outcome(OutcomeKind.NO_CHANGE, cause.id)
        return told(read_subscription(obj, as_of=cause.at, event_id=cause.id, first_seen=now))

    def _fetch(self, id_: str) -> dict[str, Any] | None:
        stripe = self.gateway()
        match id_.partition("_")[0]:
            case "sub":
                return stripe.subscription(id_)
            case "cs":
                return stripe.session(id_)
            case "dp" | "du":
                return stripe.dispute(id_)
        return stripe.charge(id_)

    def _decision(
        self, difference: Difference, obj: Mapping[str, Any] | None, cause: Cause, now: datetime
    ) -> Decide:
        """Say how to decide about Stripe's object, whatever it is."""
        id_ = difference.object_id
        if difference.drift is Drift.HOLDINGS:
            return _derived_anew
        if obj is None:
            return _gone(id_, cause)
        event = StripeEvent(cause.id, cause.name, cause.at, self.livemode, None, obj)
        kind = id_.partition("_")[0]
        if kind == "sub":
            return _as_stripe_has_it(hear.subscription(event, now, self.gateway))
        if kind == "cs":
            return _as_stripe_has_it(_paid_when(hear.session(event, now, self.gateway), obj))
        read = hear.dispute if kind in ("dp", "du") else hear.refunded_charge
        return read(event, now, self.gateway).decide


def _derived_anew(account: Account, _catalog: Catalog, _fresh: Subscription | None) -> Decision:
    """Write the account as it is: the door derives its holdings from the facts."""
    return Decision(replace(account, updated_at=None))


def _gone(id_: str, cause: Cause) -> Decide:
    """End what Stripe does not know: nobody pays for it any more, nor ever did for a purchase."""

    def decide(account: Account, _catalog: Catalog, _fresh: Subscription | None) -> Decision:
        known = account.subscriptions.get(id_)
        if known is not None:
            return Decision(account.with_subscription(_canceled(known, cause)))
        bought = next((p for p in account.purchases.values() if p.session_id == id_), None)
        if bought is None:
            return Decision(account)
        unpaid = replace(bought, state=PaymentState.FAILED, paid_at=None)
        return Decision(account.with_purchase(replace(unpaid, as_of=cause.at, event_id=cause.id)))

    return decide


def _canceled(known: Subscription, cause: Cause) -> Subscription:
    ended = replace(known.moment(), at=cause.at, status=SubscriptionStatus.CANCELED)
    return replace(
        known,
        status=SubscriptionStatus.CANCELED,
        as_of=cause.at,
        event_id=cause.id,
        ended_at=cause.at,
        canceled_at=cause.at,
        timeline=(*(moment for moment in known.timeline if moment.at < cause.at), ended),
    )


def _as_stripe_has_it(heard: Heard | None) -> Decide:
    """Merge it as ever; where what is known contradicts it even then, begin anew from it.

    Merging keeps an end for good, and payment moves forward only. A fact that says otherwise than
    Stripe does after a fresh look was damaged.
    """

    def decide(account: Account, catalog: Catalog, fresh: Subscription | None) -> Decision:
        if not isinstance(heard, HeardSubscription | HeardPurchase):
            return Decision(account)
        if isinstance(heard, HeardSubscription):
            fresh = fresh or heard.subscription
        merged = heard.decide(account, catalog, fresh)
        if not _differs(merged.account, heard):
            return merged
        anew = heard.decide(_without(account, heard), catalog, fresh)
        return Decision(_with_money(anew.account, account, heard))

    return decide


def _without(account: Account, heard: HeardSubscription | HeardPurchase) -> Account:
    if isinstance(heard, HeardSubscription):
        left = {k: v for k, v in account.subscriptions.items() if k != heard.subscription.id}
        return replace(account, subscriptions=left)
    bought = {k: v for k, v in account.purchases.items() if k != heard.purchase.id}
    return replace(account, purchases=bought)


def _with_money(anew: Account, known: Account, heard: HeardSubscription | HeardPurchase) -> Account:
    """Keep when it was first heard of, and what was taken back: the object does not say these."""
    if isinstance(heard, HeardSubscription):
        id_ = heard.subscription.id
        was = known.subscriptions.get(id_)
        return anew.with_subscription(_kept(was, anew.subscriptions[id_])) if was else anew
    id_ = heard.purchase.id
    bought = known.purchases.get(id_)
    return anew.with_purchase(_kept(bought, anew.purchases[id_])) if bought else anew


def _kept(was: _Paid, now_is: _Paid) -> _Paid:
    return replace(
        now_is,
        first_seen=min(was.first_seen, now_is.first_seen),
        refunds=merge_refunds(was.refunds, now_is.refunds),
        disputes=merge_disputes(was.disputes, now_is.disputes),
    )


def _differs(account: Account, heard: HeardSubscription | HeardPurchase) -> bool:
    if isinstance(heard, HeardSubscription):
        stripes = heard.subscription
        return bool(compare(account.subscriptions.get(stripes.id), stripes, account.key))
    bought = heard.purchase
    return bool(compare_purchases(account.purchases.get(bought.id), bought, account.key))


def _paid_when(heard: Heard | None, obj: Mapping[str, Any]) -> Heard | None:
    """Take when it was paid from the charge: a purchase that is heard of late began then."""
    if not isinstance(heard, HeardPurchase) or not heard.purchase.state.is_settled:
        return heard
    paid_at = instant(child(obj, "payment_intent", "latest_charge"), "created")
    paid_at = paid_at or instant(obj, "created")
    return replace(heard, purchase=replace(heard.purchase, paid_at=paid_at))


def _newest(account: Account, object_id: str) -> datetime:
    """The instant of which the newest that is known of an object speaks."""
    known = [s.as_of for s in account.subscriptions.values() if s.id == object_id]
    known += [p.as_of for p in account.purchases.values() if p.session_id == object_id]
    paid: list[Subscription | Purchase] = [*account.subscriptions.values()]
    for fact in (*paid, *account.purchases.values()):
        known += [r.as_of for r in fact.refunds if r.charge_id == object_id]
        known += [d.as_of for d in fact.disputes if d.dispute_id == object_id]
    return max(known, default=datetime.min.replace(tzinfo=UTC))


def _cause_id(
    run: Run,
    shard: Shard,
    object_id: str,
    obj: Mapping[str, Any] | None,
    found: tuple[Difference, ...],
) -> str:
    """Name a repair so that a run which is resumed makes it once."""
    content = json.dumps([obj, sorted(each.drift for each in found)], sort_keys=True, default=str)
    named = json.dumps([run.id, shard.name, object_id, content])
    return f"repair_{hashlib.sha256(named.encode()).hexdigest()[:40]}"


def _words(found: tuple[Difference, ...]) -> str:
    told = (
        f"{each.drift.value}: {each.ours or 'nothing'} here, {each.stripes or 'nothing'} at Stripe"
        for each in found
    )
    return "; ".join(told)
