"""Invoices: drafted, finalized, collected, and retried when the card refuses."""

from __future__ import annotations

from local.stripe import payments, standing
from local.stripe.events import changed, clone, emit
from local.stripe.objects import invoices as build
from local.stripe.periods import DAY
from local.stripe.pricing import cadence, charged, taken_off
from local.stripe.state import World
from local.stripe.tables import Obj

_SUBSCRIPTION = "parent.subscription_details.subscription"


def subscription_of(world: World, invoice: Obj) -> Obj:
    """The subscription that an invoice bills."""
    return world.subscriptions.rows[invoice["parent"]["subscription_details"]["subscription"]]


def intent_of(world: World, invoice_id: str) -> Obj | None:
    """The payment intent of a finalized invoice; None when nothing was due."""
    for payment in world.invoice_payments.where(invoice=invoice_id):
        return world.intents.rows[payment["payment"]["payment_intent"]]
    return None


def cycle_lines(world: World, sub: Obj, *, free: bool = False) -> list[Obj]:
    """A line for each item over its current period, and what was pending."""
    lines = []
    for item in sub["items"]["data"]:
        price, period = item["price"], (item["current_period_start"], item["current_period_end"])
        name = world.products.rows[price["product"]]["name"]
        amount = 0 if free else charged(world, price, item["quantity"], sub["currency"])
        text = (
            f"Trial period for {name}"
            if free
            else f"{item['quantity']} x {name} ({cadence(price)})"
        )
        lines.append(build.invoice_line(world, item, amount, period, text))
    return lines


def draft(
    world: World, sub: Obj, reason: str, lines: list[Obj], period: tuple[int, int] | None = None
) -> Obj:
    """A draft that becomes the subscription's latest invoice; the caller emits the events.

    Args:
        world: the state.
        sub: the subscription that owes it.
        reason: Stripe's ``billing_reason``.
        lines: what is owed.
        period: the invoice's own period: on a renewal the one that ended, while its lines carry
            the one that begins. An instant twice, unless given.
    """
    given = {
        "customer": world.customers.rows[sub["customer"]],
        "subscription": sub,
        "lines": lines,
        "reason": reason,
        "period": period or (world.now, world.now),
        "off": taken_off(world, sub, lines),
    }
    invoice = world.invoices.add(build.invoice(world, given))
    if invoice["discounts"] and invoice["subtotal"] != invoice["total"]:
        off = invoice["subtotal"] - invoice["total"]
        invoice["total_discount_amounts"] = [{"amount": off, "discount": invoice["discounts"][0]}]
    sub["latest_invoice"] = invoice["id"]
    return invoice


def finalize(world: World, invoice: Obj) -> None:
    """Number the invoice and ask for its amount; one of nothing is paid at once."""
    customer = world.customers.rows[invoice["customer"]]
    _apply_balance(invoice, customer)
    sequence = world.invoice_numbers.get(customer["id"], 0) + 1
    world.invoice_numbers[customer["id"]] = sequence
    invoice |= {
        "status": "open",
        "number": f"{customer.get('invoice_prefix', 'FAKE')}-{sequence:04d}",
        "effective_at": world.now,
        "automatically_finalizes_at": None,
        "hosted_invoice_url": f"{world.base_url}/i/{invoice['id']}",
        "invoice_pdf": f"{world.base_url}/i/{invoice['id']}/pdf",
    }
    invoice["status_transitions"]["finalized_at"] = world.now
    if invoice["amount_due"] == 0:
        emit(world, "invoice.finalized", invoice)
        settle(world, invoice)
        return
    intent = payments.open_intent(world, _asked(invoice))
    world.invoice_payments.add(build.invoice_payment(world, invoice, intent["id"]))
    emit(world, "invoice.finalized", invoice)


def _asked(invoice: Obj) -> Obj:
    return {
        "amount": invoice["amount_due"],
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "description": "Subscription creation"
        if invoice["billing_reason"] == "subscription_create"
        else "Subscription update",
        "receipt_email": invoice["customer_email"],
        "setup_future_usage": "off_session",
    }


def _apply_balance(invoice: Obj, customer: Obj) -> None:
    """A customer's credit (a negative balance) pays first; a negative total becomes credit."""
    balance = customer.get("balance", 0)
    due = max(0, invoice["total"] + balance)
    after = balance + invoice["total"] - due
    invoice |= {"starting_balance": balance, "ending_balance": after}
    invoice |= {"amount_due": due, "amount_remaining": due}
    if "balance" in customer:
        customer["balance"] = after


def collect(world: World, invoice: Obj, *, willing: bool = False) -> bool:
    """Try to charge an open invoice; answers whether it was paid.

    Args:
        world: the state.
        invoice: an open invoice; any other is left as it is.
        willing: the customer pays in person, so a card that was told to fail does not.
    """
    intent = intent_of(world, invoice["id"])
    if intent is None or invoice["status"] != "open":
        return bool(invoice["status"] == "paid")
    sub = subscription_of(world, invoice)
    invoice["attempted"] = True
    invoice["attempt_count"] += 1
    if not willing and _declines(world, sub):
        payments.refuse(world, intent, sub["default_payment_method"])
        refused(world, invoice)
        return False
    payments.succeed(world, intent, sub["default_payment_method"])
    settle(world, invoice)
    return True


def _declines(world: World, sub: Obj) -> bool:
    """Whether this attempt was told to fail; uses up one of the failures."""
    for subject in (sub["id"], sub["customer"]):
        left = world.declines.get(subject, 0)
        if left:
            world.declines[subject] = left if left < 0 else left - 1
            return True
    return False


def settle(world: World, invoice: Obj) -> None:
    """The invoice is paid."""
    paid = invoice["amount_due"]
    for payment in world.invoice_payments.where(invoice=invoice["id"]):
        payment |= {"status": "paid", "amount_paid": paid}
        payment["status_transitions"]["paid_at"] = world.now
        emit(world, "invoice_payment.paid", payment)
    invoice |= {
        "status": "paid",
        "attempted": True,
        "amount_paid": paid,
        "amount_remaining": 0,
        "auto_advance": False,
        "next_payment_attempt": None,
    }
    invoice["status_transitions"]["paid_at"] = world.now
    emit(world, "invoice.paid", invoice)
    emit(world, "invoice.payment_succeeded", invoice)
    standing.paid_up(world, subscription_of(world, invoice), invoice["id"])


def refused(world: World, invoice: Obj) -> None:
    """A payment failed: plan the next attempt, or give up after the last."""
    sub = subscription_of(world, invoice)
    before = clone(invoice)
    retry = _next_attempt(world, invoice, sub)
    invoice |= {"next_payment_attempt": retry, "auto_advance": retry is not None}
    emit(world, "invoice.payment_failed", invoice)
    changed(world, "invoice.updated", before, invoice)
    standing.fell_behind(world, sub)
    if retry is not None:
        world.timers.add(retry, "retry", invoice["id"])
    elif sub["status"] == "past_due":
        _give_up(world, sub)


def _next_attempt(world: World, invoice: Obj, sub: Obj) -> int | None:
    """When to try again; never for a subscription that has not begun or has ended."""
    days = world.settings.retry_days
    attempts: int = max(1, invoice["attempt_count"])
    if sub["status"] not in {"active", "trialing", "past_due"} or attempts > len(days):
        return None
    first: int = invoice["status_transitions"]["finalized_at"]
    return first + days[attempts - 1] * DAY


def _give_up(world: World, sub: Obj) -> None:
    outcome = world.settings.dunning_outcome
    if outcome == "canceled":
        standing.end(world, sub, "payment_failed")
    elif outcome == "unpaid":
        standing.set_status(world, sub, "unpaid")
    elif outcome == "paused":
        standing.pause(world, sub, "final_payment_failure")


def void(world: World, invoice: Obj, status: str = "void") -> None:
    """Take an invoice back (``void``) or write it off (``uncollectible``)."""
    if invoice["status"] == "draft":
        finalize(world, invoice)
    if invoice["status"] != "open":
        return
    stamp = "voided_at" if status == "void" else "marked_uncollectible_at"
    invoice |= {"status": status, "auto_advance": False, "next_payment_attempt": None}
    invoice["status_transitions"][stamp] = world.now
    emit(world, "invoice.voided" if status == "void" else "invoice.marked_uncollectible", invoice)
    intent = intent_of(world, invoice["id"])
    if intent is not None and status == "void":
        payments.cancel_intent(world, intent)


def open_invoices(world: World, sub: Obj) -> list[Obj]:
    """What a subscription still owes, oldest first."""
    return list(world.invoices.where(**{_SUBSCRIPTION: sub["id"], "status": "open"}))
