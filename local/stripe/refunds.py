"""Money that goes back: refunds and disputes."""

from __future__ import annotations

from local.stripe.errors import invalid
from local.stripe.events import changed, clone, emit
from local.stripe.objects import payments as build
from local.stripe.pricing import money
from local.stripe.state import World
from local.stripe.tables import Obj


def refund(world: World, charge: Obj, given: Obj) -> Obj:
    """Give back ``given["amount"]`` (minor units) of a charge, or all that is left."""
    left = charge["amount"] - charge["amount_refunded"]
    amount = given.get("amount") or left
    if charge["refunded"]:
        raise invalid(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if charge["status"] != "succeeded":
        raise invalid(
            f"Charge {charge['id']} has not succeeded, so it cannot be refunded.", "charge"
        )
    if amount > left:
        raise invalid(
            f"Refund amount ({money(amount, charge['currency'])}) is greater than unrefunded "
            f"amount on charge ({money(left, charge['currency'])})",
            "amount",
        )
    if charge["disputed"] and not _refundable(world, charge):
        raise invalid(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    made = world.refunds.add(build.refund(world, charge, amount, given))
    emit(world, "refund.created", made)
    _take_off(world, charge, amount)
    emit(world, "refund.updated", made, {"balance_transaction": None})
    return made


def _refundable(world: World, charge: Obj) -> bool:
    return all(d["is_charge_refundable"] for d in world.disputes.where(charge=charge["id"]))


def _take_off(world: World, charge: Obj, amount: int) -> None:
    """``amount_refunded`` is cumulative."""
    before = clone(charge)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] >= charge["amount"]
    changed(world, "charge.refunded" if amount > 0 else "charge.updated", before, charge)


def fail_refund(world: World, made: Obj) -> None:
    """The bank could not take a refund: the money is back with the merchant."""
    if made["status"] == "failed":
        raise invalid("This refund already failed.", "id")
    made["status"] = "failed"
    _take_off(world, world.charges.rows[made["charge"]], -made["amount"])
    emit(world, "refund.failed", made)


def open_dispute(world: World, charge: Obj, given: Obj) -> Obj:
    """A cardholder's bank questions a payment; ``warning_*`` statuses are only inquiries."""
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise invalid(f"Charge {charge['id']} cannot be disputed.", "charge")
    status = given.get("status") or "needs_response"
    amount = int(given.get("amount") or charge["amount"])
    made = build.dispute(world, charge, amount, given.get("reason") or "fraudulent", status)
    world.disputes.add(made)
    before = clone(charge)
    charge["disputed"] = True
    emit(world, "charge.dispute.created", made)
    changed(world, "charge.updated", before, charge)
    if not status.startswith("warning_"):
        emit(world, "charge.dispute.funds_withdrawn", made)
    return made


def move_dispute(world: World, dispute: Obj, status: str) -> None:
    """Bring a dispute to another open status, such as ``under_review``."""
    before = clone(dispute)
    dispute["status"] = status
    dispute["is_charge_refundable"] = status.startswith("warning_")
    changed(world, "charge.dispute.updated", before, dispute)


def close_dispute(world: World, dispute: Obj, outcome: str) -> None:
    """Decide a dispute: ``won``, ``lost``, or ``warning_closed`` for an inquiry."""
    if dispute["status"] in {"won", "lost", "warning_closed"}:
        raise invalid(f"Dispute {dispute['id']} is already closed.", "id")
    dispute["status"] = outcome
    dispute["is_charge_refundable"] = outcome == "warning_closed"
    emit(world, "charge.dispute.closed", dispute)
    if outcome == "won":
        emit(world, "charge.dispute.funds_reinstated", dispute)
