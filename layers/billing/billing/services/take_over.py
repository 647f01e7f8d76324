"""What of a Stripe customer's an account does not have yet, and the account with it.

What is sold without this service bears no metadata of ours, so only the customer says whose it is.
It is read at Stripe as it is now, and heard as if Stripe had just told it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from billing.adapters.stripe.listed import Listed
from billing.adapters.stripe.shapes import instant
from billing.adapters.stripe.translate import (
    StripeEvent,
    UnreadableShape,
    read_charge_refund,
    read_claim,
    read_dispute,
    read_paid_invoice,
)
from billing.domain.account import Account
from billing.domain.catalog import Catalog
from billing.domain.changes import ParkReason
from billing.domain.drift import compare, compare_purchases
from billing.domain.purchase import Purchase
from billing.domain.subscription import Subscription, has_payment
from billing.domain.takeover import LeftOut
from billing.services import hear
from billing.services.heard import (
    Heard,
    HeardCharge,
    HeardMention,
    HeardPurchase,
    HeardSubscription,
)
from billing.services.match_account import Unappliable
from billing.services.mend import paid_when
from billing.services.sides import id_in

if TYPE_CHECKING:
    from billing.adapters.stripe.gateway import StripeGateway

Json = dict[str, Any]
Found = Heard | LeftOut


LISTS: dict[Listed, dict[str, str]] = {
    Listed.SUBSCRIPTIONS: {},
    Listed.SESSIONS: {},
    Listed.INVOICES: {"status": "paid"},
    Listed.CHARGES: {},
}
"""What a customer has, in the order in which it is gone through, and which of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody went through a customer's lists: behind this object."""

    kind: Listed
    object_id: str

    def text(self) -> str:
        """Write it as a cursor."""
        return f"{self.kind}:{self.object_id}"

    @classmethod
    def read(cls, text: str) -> Place:
        """Read a cursor.

        Raises:
            ValueError: it is none.
        """
        kind, _, object_id = text.partition(":")
        if kind not in LISTS or not object_id:
            raise ValueError("must be the cursor of an answer")
        return cls(Listed(kind), object_id)


@dataclass(frozen=True, slots=True)
class AtStripe:
    """Everything of one customer's at Stripe, compared with an account as it was.

    Attributes:
        is_project: whether there is a project of that id.
        cause_id: what brings it; each fact names it.
        as_of: an instant before the first look at Stripe, so that whatever is heard later is newer.
    """

    customer_id: str
    account: Account
    stripe: StripeGateway
    is_project: Callable[[str], bool]
    cause_id: str
    as_of: datetime
    livemode: bool

    def missing(self, after: Place | None = None) -> Iterator[Found | Place]:
        """Go through what differs: what was sold first, then what was paid and taken back of it.

        Behind each object comes its place, from which another request can go on.
        """
        kinds = list(LISTS)
        for kind in kinds[kinds.index(after.kind) if after else 0 :]:
            last = after.object_id if after and after.kind is kind else None
            for obj in self.stripe.every(kind, last, customer=self.customer_id, **LISTS[kind]):
                yield from self._of(kind, obj)
                yield Place(kind, str(obj["id"]))

    def _of(self, kind: Listed, obj: Json) -> Iterator[Found]:
        if kind is Listed.SUBSCRIPTIONS:
            yield from self._read(obj, self._subscription)
        elif kind is Listed.SESSIONS:
            if obj.get("mode") == "payment" and obj.get("status") == "complete":
                yield from self._read(obj, self._purchase)
        elif kind is Listed.INVOICES:
            yield from self._read(obj, self._payment)
        else:
            yield from self._read(obj, self._refund)
            if obj.get("disputed"):
                for dispute in self.stripe.every(Listed.DISPUTES, charge=str(obj["id"])):
                    yield from self._read(dispute, self._dispute)

    def _read(self, obj: Json, read: Any) -> Iterator[Found]:  # noqa: ANN401 - one of the five below
        """Read an object of Stripe's; one of no known shape is left out, and the others are not."""
        try:
            heard: Heard | None = read(obj)
        except UnreadableShape as error:
            yield _left_out(obj, ParkReason.UNREADABLE, error.detail)
            return
        if heard is not None and self._is_anothers(heard):
            named = f"it names {heard.claim.project_id}#{heard.claim.user_id}"
            yield _left_out(obj, ParkReason.OTHER_ACCOUNT, named)
        elif heard is not None:
            yield heard

    def _is_anothers(self, heard: Heard) -> bool:
        """Whether metadata name another account of a project of ours; who wrote them meant it."""
        key, project_id = self.account.key, heard.claim.project_id
        if project_id is None or (project_id, heard.claim.user_id) == (key.project_id, key.user_id):
            return False
        return self.is_project(project_id)

    def _subscription(self, obj: Json) -> Heard | None:
        heard = hear.subscription(self._told(obj), self.as_of, self._connect)
        known = self.account.subscriptions.get(str(obj["id"]))
        stripes = heard.subscription if isinstance(heard, HeardSubscription) else None
        return heard if compare(known, stripes, self.account.key) else None

    def _purchase(self, obj: Json) -> Heard | None:
        known = self.account.purchases.get(id_in(obj, "payment_intent") or str(obj["id"]))
        if known and known.lines and known.state.is_settled:
            return None
        whole = self.stripe.session(str(obj["id"])) or obj
        heard = paid_when(hear.session(self._told(whole), self.as_of, self._connect), whole)
        if not isinstance(heard, HeardPurchase):
            return None
        return heard if compare_purchases(known, heard.purchase, self.account.key) else None

    def _payment(self, obj: Json) -> Heard | None:
        """Read what an invoice brought: the subscription itself says what period it is in."""
        paid = read_paid_invoice(obj, at=instant(obj, "created") or self.as_of)
        if paid.payment is None or paid.subscription_id is None:
            return None
        known = self.account.subscriptions.get(paid.subscription_id)
        if known is not None and has_payment(known, paid.payment):
            return None
        heard = HeardMention(read_claim(obj), paid.subscription_id, payment=paid.payment)
        return None if self._is_anothers(heard) else heard  # its subscription is told as left out

    def _refund(self, obj: Json) -> Heard | None:
        refund = read_charge_refund(obj, as_of=self.as_of).refund
        known = [
            each.amount_refunded
            for fact in self._paid()
            for each in fact.refunds
            if each.charge_id == refund.charge_id
        ]
        if max(known, default=0) == refund.amount_refunded:
            return None
        return hear.refunded_charge(self._told(obj), self.as_of, self._connect)

    def _dispute(self, obj: Json) -> Heard | None:
        dispute = read_dispute(obj, as_of=self.as_of)
        known = [
            each.status
            for fact in self._paid()
            for each in fact.disputes
            if each.dispute_id == dispute.dispute_id
        ]
        if dispute.status in known:
            return None
        return hear.dispute(self._told(obj), self.as_of, self._connect)

    def _paid(self) -> list[Subscription | Purchase]:
        return [*self.account.subscriptions.values(), *self.account.purchases.values()]

    def _told(self, obj: Json) -> StripeEvent:
        return StripeEvent(self.cause_id, "import", self.as_of, self.livemode, None, obj)

    def _connect(self) -> StripeGateway:
        return self.stripe


def _left_out(obj: Json, reason: ParkReason, detail: str) -> LeftOut:
    status = obj.get("payment_status") or obj.get("status")
    return LeftOut(str(obj.get("id")), str(status), reason, detail)


def with_all(
    account: Account, found: Iterable[Heard], catalog: Catalog
) -> tuple[Account, list[LeftOut]]:
    """Fold what was found into an account. Pure, so it may be done again on a newer account.

    Returns:
        The account with all that the catalog knows, and what it does not know.
    """
    left: list[LeftOut] = []
    for heard in found:
        if isinstance(heard, HeardMention) and heard.subscription_id not in account.subscriptions:
            continue  # money of a subscription that was left out
        if isinstance(heard, HeardCharge) and heard.seen.id not in account.purchases:
            continue  # money of other business
        fresh = heard.subscription if isinstance(heard, HeardSubscription) else None
        try:
            account = heard.decide(account, catalog, fresh).account
        except Unappliable as error:
            left.append(LeftOut(*_named(heard), error.reason, error.detail))
    return account, left


def _named(heard: Heard) -> tuple[str, str]:
    if isinstance(heard, HeardSubscription):
        return heard.subscription.id, heard.subscription.status.value
    if isinstance(heard, HeardPurchase):
        return str(heard.purchase.session_id), heard.purchase.state.value
    return next(iter(heard.claim.ids), ""), ""
