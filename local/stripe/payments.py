"""Payment intents and their charges: how money is asked for, comes, or does not."""

from __future__ import annotations

from local.stripe.events import clone, emit
from local.stripe.objects import payments as build
from local.stripe.objects.people import card
from local.stripe.state import World
from local.stripe.tables import Obj


def open_intent(world: World, given: Obj) -> Obj:
    """A new intent that waits for its payment."""
    intent = world.intents.add(build.payment_intent(world, given))
    emit(world, "payment_intent.created", intent)
    return intent


def save_card(world: World, customer: Obj | None, email: str | None) -> Obj:
    """A card; attached if there is a customer."""
    method = world.payment_methods.add(card(world, customer["id"] if customer else None, email))
    if customer is not None:
        emit(world, "payment_method.attached", method)
    return method


def succeed(world: World, intent: Obj, method: str | None = None) -> Obj:
    """The money is there; a pending charge succeeds, else a new one does."""
    pending = world.charges.get(intent["latest_charge"] or "")
    if pending is not None and pending["status"] == "pending":
        charge = pending
        charge |= {"status": "succeeded", "paid": True, "amount_captured": charge["amount"]}
    else:
        charge = _charge(world, intent, "succeeded", method)
    emit(world, "charge.succeeded", charge)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "payment_method": charge["payment_method"],
        "last_payment_error": None,
        "processing": None,
    }
    emit(world, "payment_intent.succeeded", intent)
    return charge


def process(world: World, intent: Obj, method: str | None) -> Obj:
    """A delayed method was accepted; whether money comes is known days later."""
    charge = _charge(world, intent, "pending", method)
    intent |= {"status": "processing", "latest_charge": charge["id"], "payment_method": method}
    emit(world, "charge.pending", charge)
    emit(world, "payment_intent.processing", intent)
    return charge


def refuse(world: World, intent: Obj, method: str | None = None) -> Obj:
    """The card was declined, or a pending payment bounced."""
    pending = world.charges.get(intent["latest_charge"] or "")
    if pending is not None and pending["status"] == "pending":
        charge = pending
        charge |= {
            "status": "failed",
            "paid": False,
            "failure_code": "card_declined",
            "failure_message": "Your card was declined.",
        }
    else:
        charge = _charge(world, intent, "failed", method)
    emit(world, "charge.failed", charge)
    intent |= {
        "status": "requires_payment_method",
        "latest_charge": charge["id"],
        "payment_method": None,
        "processing": None,
        "last_payment_error": {
            "charge": charge["id"],
            "code": "card_declined",
            "decline_code": "generic_decline",
            "message": "Your card was declined.",
            "type": "card_error",
        },
    }
    emit(world, "payment_intent.payment_failed", intent)
    return charge


def _charge(world: World, intent: Obj, status: str, method: str | None) -> Obj:
    customer = world.customers.get(intent["customer"] or "")
    email = customer["email"] if customer else intent["receipt_email"]
    return world.charges.add(build.charge(world, intent, status, method, email))


def cancel_intent(world: World, intent: Obj) -> None:
    """Give up an intent that will not be paid."""
    if intent["status"] in {"succeeded", "canceled"}:
        return
    intent |= {"status": "canceled", "canceled_at": world.now, "cancellation_reason": "automatic"}
    emit(world, "payment_intent.canceled", clone(intent))
