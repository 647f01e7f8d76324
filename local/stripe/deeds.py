"""Control calls that do what people, banks and cards do to single objects.

Calls under ``/_fake``, as in ``local.stripe.control``::

    POST /checkout/sessions/<id>/pay          {email, delayed}: as on the page
    POST /checkout/sessions/<id>/decline      as on the page
    POST /checkout/sessions/<id>/async        {succeed}: decide a delayed payment
    POST /charges/<id>/dispute                {reason, amount, status}
    POST /charges/<id>/dispute/close          {outcome}: won, lost, warning_closed
    POST /disputes/<id>/close                 the same, by the dispute
    POST /disputes/<id>/status                {status}: such as under_review
    POST /refunds/<id>/fail                   the bank sends the money back
    POST /subscriptions/<id>/fail_next_payment{times}: all, unless given; 0 ends it
    POST /customers/<id>/fail_next_payment    the same for all of a customer's payments
    POST /subscriptions/<id>/pay
        the customer pays what is open with a good card
    POST /subscriptions/<id>/status           {status}: any status, with its event
    POST /customers/<id>/features             {lookup_keys}: Stripe's own entitlements
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from local.stripe import billing, checkout, refunds, standing
from local.stripe.errors import invalid
from local.stripe.resources import features
from local.stripe.tables import Obj

if TYPE_CHECKING:
    from local.stripe.server import FakeStripeServer


class Deeds:
    """What may be done to a session, a charge, a dispute, a refund, a subscription."""

    def __init__(self, server: FakeStripeServer) -> None:
        self.server = server

    def routes(self) -> dict[str, tuple[str, Callable[..., Any]]]:
        """The paths under ``/_fake`` and what they do."""
        return {
            "/checkout/sessions/<session_id>/pay": ("POST", self.pay_session),
            "/checkout/sessions/<session_id>/decline": ("POST", self.decline_session),
            "/checkout/sessions/<session_id>/async": ("POST", self.settle_session),
            "/charges/<charge_id>/dispute": ("POST", self.dispute),
            "/charges/<charge_id>/dispute/close": ("POST", self.close_charge_dispute),
            "/disputes/<dispute_id>/close": ("POST", self.close_dispute),
            "/disputes/<dispute_id>/status": ("POST", self.move_dispute),
            "/refunds/<refund_id>/fail": ("POST", self.fail_refund),
            "/subscriptions/<subject>/fail_next_payment": ("POST", self.fail_payments),
            "/customers/<subject>/fail_next_payment": ("POST", self.fail_payments),
            "/subscriptions/<sub_id>/pay": ("POST", self.pay_subscription),
            "/subscriptions/<sub_id>/status": ("POST", self.set_status),
            "/customers/<customer_id>/features": ("POST", self.set_features),
        }

    def pay_session(self, given: Obj, session_id: str) -> Obj:
        """Pay a session."""
        with self.server.acting() as world:
            session = world.need(world.sessions, session_id)
            checkout.complete(
                world, session, email=given.get("email"), delayed=bool(given.get("delayed"))
            )
            return session

    def decline_session(self, _: Obj, session_id: str) -> Obj:
        """Try to pay a session with a bad card."""
        with self.server.acting() as world:
            session = world.need(world.sessions, session_id)
            checkout.decline(world, session)
            return session

    def settle_session(self, given: Obj, session_id: str) -> Obj:
        """Decide a delayed payment."""
        with self.server.acting() as world:
            session = world.need(world.sessions, session_id)
            checkout.settle(world, session, succeeded=_truth(given.get("succeed", True)))
            return session

    def dispute(self, given: Obj, charge_id: str) -> Obj:
        """Dispute a charge."""
        with self.server.acting() as world:
            return refunds.open_dispute(world, world.need(world.charges, charge_id), given)

    def close_charge_dispute(self, given: Obj, charge_id: str) -> Obj:
        """Decide a charge's newest dispute."""
        with self.server.acting() as world:
            found = list(world.disputes.where(charge=charge_id))
            if not found:
                raise invalid(f"Charge {charge_id} is not disputed.", "charge")
            refunds.close_dispute(world, found[-1], given["outcome"])
            return found[-1]

    def close_dispute(self, given: Obj, dispute_id: str) -> Obj:
        """Decide a dispute."""
        with self.server.acting() as world:
            dispute = world.need(world.disputes, dispute_id)
            refunds.close_dispute(world, dispute, given["outcome"])
            return dispute

    def move_dispute(self, given: Obj, dispute_id: str) -> Obj:
        """Bring a dispute to another open status."""
        with self.server.acting() as world:
            dispute = world.need(world.disputes, dispute_id)
            refunds.move_dispute(world, dispute, given["status"])
            return dispute

    def fail_refund(self, _: Obj, refund_id: str) -> Obj:
        """Let a refund fail."""
        with self.server.acting() as world:
            refund = world.need(world.refunds, refund_id)
            refunds.fail_refund(world, refund)
            return refund

    def fail_payments(self, given: Obj, subject: str) -> Obj:
        """Let the next payments fail."""
        with self.server.acting() as world:
            if world.find(subject) is None:
                raise invalid(f"No such object: {subject}", "id", "resource_missing")
            world.declines[subject] = int(given.get("times", -1))
            return {"subject": subject, "times": world.declines[subject]}

    def pay_subscription(self, _: Obj, sub_id: str) -> Obj:
        """The customer pays what is open, and later payments go well again."""
        with self.server.acting() as world:
            sub = world.need(world.subscriptions, sub_id)
            world.declines.pop(sub_id, None)
            world.declines.pop(sub["customer"], None)
            for invoice in billing.open_invoices(world, sub):
                billing.collect(world, invoice, willing=True)
            return sub

    def set_features(self, given: Obj, customer_id: str) -> Obj:
        """Give a customer features of Stripe's own."""
        with self.server.acting() as world:
            world.need(world.customers, customer_id)
            return features.set_features(world, customer_id, list(given["lookup_keys"]))

    def set_status(self, given: Obj, sub_id: str) -> Obj:
        """Force a status."""
        with self.server.acting() as world:
            sub = world.need(world.subscriptions, sub_id)
            if given["status"] == "canceled":
                standing.end(world, sub, "cancellation_requested")
            else:
                standing.set_status(world, sub, given["status"])
            return sub


def _truth(value: object) -> bool:
    return value not in {False, "false", "0"}
