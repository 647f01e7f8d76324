"""Compare pages of what Stripe sold with what we hold. It reads both sides, and changes neither."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from billing.adapters.stripe.translate import (
    has_all_lines,
    read_claim,
    read_purchase,
    read_subscription,
)
from billing.domain.account import AccountKey
from billing.domain.drift import Difference, Drift, compare, compare_purchases
from billing.services.sides import Json, Seen, Sides, id_in, readable


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold at Stripe, page by page."""

    sides: Sides

    def subscriptions(self, page: list[Json]) -> Iterator[Seen]:
        """Compare subscriptions as Stripe has them."""
        self.sides.find_owners(id_in(obj, name) for obj in page for name in ("id", "customer"))
        self.sides.find_facts(
            (key, f"subscription#{obj.get('id')}")
            for obj in readable(page)
            for key in self._holders(obj)
        )
        for obj in page:
            yield from self.sides.guarded(obj, self._subscription)

    def _holders(self, obj: Json) -> list[AccountKey]:
        """The accounts that may hold a subscription; the first that does is the one."""
        sides, claim = self.sides, read_claim(obj)
        known = (sides.named(claim), sides.owner(id_in(obj, "id")), sides.owner(claim.customer_id))
        return [key for key in known if key is not None]

    def _subscription(self, obj: Json) -> Seen | None:
        sides, now, id_ = self.sides, self.sides.clock(), str(obj.get("id"))
        stripes = read_subscription(obj, as_of=now, event_id=sides.run.id, first_seen=now)
        claim = read_claim(obj)
        named = sides.named(claim)
        ours = sides.subscription(named, id_) if named else None
        holder = named if ours else sides.owner(id_) or named or sides.owner(claim.customer_id)
        if holder is None:
            return sides.of_nobody(Difference(Drift.ORPHANED, id_, stripes=stripes.status.value))
        if not sides.is_wanted(holder):
            return None
        ours = ours or sides.subscription(holder, id_)
        found = compare(ours, stripes, holder)
        if named is not None and named != holder:
            found = (Difference(Drift.OTHER_ACCOUNT, id_, holder, ours=str(holder)), *found)
        lives = not stripes.status.is_terminal and sides.is_in_scope(stripes)
        held = ours is not None and sides.should_be_at_stripe(ours)
        return Seen(sides.dated(found, obj), (id_,) * held, (id_,) * lives)

    def sessions(self, page: list[Json]) -> Iterator[Seen]:
        """Compare completed checkouts of one-time prices; count those that were given up."""
        self.sides.find_owners(
            id_in(obj, name) for obj in page for name in ("id", "payment_intent")
        )
        self.sides.find_facts(
            (key, f"purchase#{id_in(obj, 'payment_intent') or id_in(obj, 'id')}")
            for obj in readable(page)
            if obj.get("mode") == "payment" and (key := self._buyer(obj))
        )
        for obj in page:
            yield from self.sides.guarded(obj, self._session)

    def _buyer(self, obj: Json) -> AccountKey | None:
        claim = read_claim(obj)
        owners = map(self.sides.owner, claim.ids)
        return next(filter(None, owners), None) or self.sides.named(claim)

    def _session(self, obj: Json) -> Seen | None:
        sides, now, holder = self.sides, self.sides.clock(), self._buyer(obj)
        if holder is None or not sides.is_wanted(holder):
            return None
        if obj.get("status") != "complete":
            return Seen(abandoned=True) if obj.get("status") == "expired" else None
        if obj.get("mode") == "payment" and not has_all_lines(obj):
            obj = {**obj, "line_items": {"data": sides.gateway().session_lines(str(obj.get("id")))}}
        stripes = read_purchase(obj, as_of=now, event_id=sides.run.id, first_seen=now)
        if stripes is None or stripes.session_id is None:
            return None
        ours = sides.purchase(holder, stripes.id)
        found = (
            replace(each, object_id=stripes.session_id)
            for each in compare_purchases(ours, stripes, holder)
        )
        held = ours is not None and sides.should_be_at_stripe(ours)
        lives = sides.should_be_at_stripe(stripes)
        return Seen(sides.dated(found, obj), (stripes.id,) * held, (stripes.id,) * lives)
