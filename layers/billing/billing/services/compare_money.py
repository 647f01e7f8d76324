"""Compare pages of what was taken back at Stripe with what we know of it. It only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from billing.adapters.stripe.translate import read_charge_refund, read_claim, read_dispute
from billing.domain.account import Account, AccountKey
from billing.domain.drift import Difference, Drift
from billing.domain.purchase import Purchase
from billing.domain.subscription import Subscription
from billing.services import hear
from billing.services.heard import HeardCharge
from billing.services.sides import Json, Seen, Sides, id_in


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Refunds and disputes, page by page."""

    sides: Sides

    def charges(self, page: list[Json]) -> Iterator[Seen]:
        """Compare what was refunded; of other charges, those of which we think so."""
        self.sides.find_owners(
            id_in(obj, name) for obj in page for name in ("id", "payment_intent", "customer")
        )
        for obj in page:
            if obj.get("amount_refunded") or self.sides.owner(id_in(obj, "id")):
                yield from self.sides.guarded(obj, self._charge)

    def _charge(self, obj: Json) -> Seen | None:
        sides, claim = self.sides, read_claim(obj)
        charge = read_charge_refund(obj, as_of=sides.clock())
        owners = map(sides.owner, (*claim.ids, claim.customer_id))
        holder = sides.named(claim) or next(filter(None, owners), None)
        if holder is None or not sides.is_wanted(holder):
            return None
        account = sides.account(holder)
        known = [
            refund.amount_refunded
            for fact in _paid_facts(account)
            for refund in fact.refunds
            if refund.charge_id == charge.refund.charge_id
        ]
        ours, stripes = max(known, default=0), charge.refund.amount_refunded
        if ours == stripes:
            return Seen()
        if not known and not self._concerns(hear.charge, obj, account):
            return None
        currency = charge.refund.currency
        difference = Difference(
            Drift.REFUND,
            charge.refund.charge_id,
            holder,
            ours=f"{ours} {currency}",
            stripes=f"{stripes} {currency}",
        )
        return Seen(sides.dated((difference,), obj))

    def disputes(self, page: list[Json]) -> Iterator[Seen]:
        """Compare where disputes stand."""
        self.sides.find_owners(
            id_in(obj, name) for obj in page for name in ("charge", "payment_intent")
        )
        for obj in page:
            yield from self.sides.guarded(obj, self._dispute)

    def _dispute(self, obj: Json) -> Seen | None:
        sides, stripes = self.sides, read_dispute(obj, as_of=self.sides.clock())
        holder = self._disputed(obj)
        if holder is None or not sides.is_wanted(holder):
            return None
        account = sides.account(holder)
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
        return Seen(sides.dated((difference,), obj))

    def _disputed(self, obj: Json) -> AccountKey | None:
        """Whose the charge is; where no pointer tells, the charge itself is asked."""
        sides = self.sides
        known = sides.owner(id_in(obj, "charge")) or sides.owner(id_in(obj, "payment_intent"))
        if known is not None:
            return known
        claim = hear.dispute(sides.told(obj), sides.clock(), sides.gateway).claim
        ids = (*claim.ids, *filter(None, [claim.customer_id]))
        return sides.named(claim) or sides.accounts.find(ids)

    def _concerns(self, read: Callable[..., Any], obj: Json, account: Account) -> bool:
        """Whether the money of a charge paid for something here, and not for other business."""
        heard = read(self.sides.told(obj), self.sides.clock(), self.sides.gateway)
        if isinstance(heard, HeardCharge):
            return heard.claim.project_id is not None or heard.seen.id in account.purchases
        return True


def _paid_facts(account: Account) -> list[Subscription | Purchase]:
    return [*account.subscriptions.values(), *account.purchases.values()]
