"""Repair what differs: fetch Stripe's object afresh, and hear it as if Stripe had just told it.

It goes through the one door, so history shows what was, what is, and why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from billing.adapters.stripe.translate import StripeEvent, UnreadableShape, read_subscription
from billing.domain.account import Account, AccountKey
from billing.domain.changes import Cause, CauseType, Decision, Outcome, OutcomeKind
from billing.domain.drift import FOR_PEOPLE, Difference, Drift
from billing.domain.purchase import Purchase
from billing.domain.runs import Run
from billing.domain.shards import Shard
from billing.domain.subscription import Subscription
from billing.services import hear
from billing.services.commit import commit
from billing.services.heard import NeedsFreshSubscription
from billing.services.match_account import Unappliable
from billing.services.mend import (
    Decide,
    as_stripe_has_it,
    derived_anew,
    gone,
    paid_when,
    pointed_at,
)
from billing.services.replay_account import replay_account

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway

REPAIRED = frozenset({OutcomeKind.APPLIED, OutcomeKind.DUPLICATE})
"""Outcomes of a repair that holds; a duplicate is one that was made before the run was resumed."""

_OF_OURS = frozenset({Drift.HOLDINGS, Drift.POINTER})
"""What our own tables contradict; Stripe need not be asked."""


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
        wanted = tuple(each for each in found if each.drift not in FOR_PEOPLE)
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
        obj = None if found[0].drift in _OF_OURS else self._fetch(object_id)
        cause = Cause(
            id=_cause_id(run, shard, object_id, obj, found),
            type=CauseType.REPAIR,
            name="reconcile",
            at=as_of,
            actor=run.actor,
            reason=_words(found),
            project_id=key.project_id,
        )
        decide = self._decision(found[0], before, obj, cause, now)
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
        self,
        difference: Difference,
        before: Account,
        obj: Mapping[str, Any] | None,
        cause: Cause,
        now: datetime,
    ) -> Decide:
        """Say how to decide about Stripe's object, whatever it is."""
        id_ = difference.object_id
        if difference.drift is Drift.HOLDINGS:
            return derived_anew(replay_account(before.key, accounts=self.accounts).account)
        if difference.drift is Drift.POINTER:
            return pointed_at(id_)
        if obj is None:
            return gone(id_, cause)
        event = StripeEvent(cause.id, cause.name, cause.at, self.livemode, None, obj)
        kind = id_.partition("_")[0]
        if kind == "sub":
            return as_stripe_has_it(hear.subscription(event, now, self.gateway))
        if kind == "cs":
            return as_stripe_has_it(paid_when(hear.session(event, now, self.gateway), obj))
        read = hear.dispute if kind in ("dp", "du") else hear.refunded_charge
        return read(event, now, self.gateway).decide


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
