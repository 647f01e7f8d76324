"""Checkout sessions: opened by the app, ended by a person or by time."""

from __future__ import annotations

from local.stripe import billing, payments, subscriptions
from local.stripe.errors import invalid
from local.stripe.events import emit
from local.stripe.objects import people
from local.stripe.objects.sessions import customer_details
from local.stripe.periods import days
from local.stripe.state import World
from local.stripe.tables import Obj

DEFAULT_EMAIL = "customer@example.com"


def complete(
    world: World, session: Obj, *, email: str | None = None, delayed: bool = False
) -> None:
    """The person pays; with ``delayed`` by a method whose money takes days."""
    _must_be_payable(world, session)
    email = email or session["customer_email"] or _known_email(world, session) or DEFAULT_EMAIL
    customer = _customer(world, session, email)
    method = None
    if session["amount_total"] or session["payment_method_collection"] == "always":
        method = payments.save_card(world, customer, email)["id"]
    if session["mode"] == "subscription":
        _subscribe(world, session, customer, method, delayed=delayed)
    else:
        _buy(world, session, customer, method, email, delayed=delayed)
    session |= {
        "status": "complete",
        "url": None,
        "customer_details": customer_details(email, customer["name"] if customer else None),
    }
    emit(world, "checkout.session.completed", session)
    if session["payment_status"] == "unpaid":
        world.timers.add(world.now + days(world.settings.async_days), "async", session["id"])


def _must_be_payable(world: World, session: Obj) -> None:
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.", "session")
    if session["customer"]:
        world.need(world.customers, session["customer"], "customer")  # it may have been deleted


def _known_email(world: World, session: Obj) -> str | None:
    customer = world.customers.get(session["customer"] or "")
    return customer["email"] if customer else None


def _customer(world: World, session: Obj, email: str) -> Obj | None:
    """The session's customer; a new one where it is to make one."""
    if session["customer"]:
        return world.customers.rows[session["customer"]]
    if session["customer_creation"] != "always":
        return None
    customer = world.customers.add(people.customer(world, {"email": email}))
    session["customer"] = customer["id"]
    world.sessions.link("customer", customer["id"], session["id"])
    emit(world, "customer.created", customer)
    return customer


def _subscribe(
    world: World, session: Obj, customer: Obj | None, method: str | None, *, delayed: bool
) -> None:
    plan = world.plans[session["id"]]
    data = plan.subscription_data
    given = {
        "metadata": data.get("metadata"),
        "description": data.get("description"),
        "trial_end": trial_end(world, data),
        "trial_settings": data.get("trial_settings"),
        "coupon": plan.coupon,
        "default_payment_method": method,
        "pay": "later" if delayed else "in person",
    }
    lines = [(world.prices.rows[price], quantity) for price, quantity in plan.lines]
    if customer is None:
        raise invalid("A subscription needs a customer.", "customer")
    sub = subscriptions.begin(world, customer, lines, given)
    session |= {"subscription": sub["id"], "invoice": sub["latest_invoice"]}
    world.sessions.link("subscription", sub["id"], session["id"])
    if sub["status"] == "trialing" or not session["amount_total"]:
        session["payment_status"] = "no_payment_required"
    else:
        paid = world.invoices.rows[sub["latest_invoice"]]["status"] == "paid"
        session["payment_status"] = "paid" if paid else "unpaid"


def trial_end(world: World, data: Obj) -> int | None:
    """When a trial that is being asked for will end."""
    if data.get("trial_end"):
        return int(data["trial_end"])
    trial_days = data.get("trial_period_days")
    return world.now + days(trial_days) if trial_days else None


def _buy(
    world: World,
    session: Obj,
    customer: Obj | None,
    method: str | None,
    email: str,
    *,
    delayed: bool,
) -> None:
    if not session["amount_total"]:
        session["payment_status"] = "no_payment_required"
        return
    intent = _intent(world, session, customer, email)
    if delayed:
        payments.process(world, intent, method)
    else:
        payments.succeed(world, intent, method)
        session["payment_status"] = "paid"


def _intent(world: World, session: Obj, customer: Obj | None, email: str) -> Obj:
    """The session's intent: the one that was declined before, or a new one."""
    if session["payment_intent"]:
        intent = world.intents.rows[session["payment_intent"]]
        if customer is not None:
            intent["customer"] = customer["id"]
            world.intents.link("customer", customer["id"], intent["id"])
        return intent
    data = world.plans[session["id"]].payment_intent_data
    given = {
        "amount": session["amount_total"],
        "currency": session["currency"],
        "customer": customer["id"] if customer else None,
        "metadata": data.get("metadata"),
        "description": data.get("description"),
        "receipt_email": email,
    }
    intent = payments.open_intent(world, given)
    session["payment_intent"] = intent["id"]
    world.sessions.link("payment_intent", intent["id"], session["id"])
    return intent


def decline(world: World, session: Obj) -> None:
    """The card is refused; the session stays open for another try."""
    _must_be_payable(world, session)
    plan = world.plans[session["id"]]
    plan.message = "Your card was declined. Try another payment method."
    if session["mode"] == "payment" and session["amount_total"]:
        customer = world.customers.get(session["customer"] or "")
        email = session["customer_email"] or _known_email(world, session) or DEFAULT_EMAIL
        payments.refuse(world, _intent(world, session, customer, email))


def expire(world: World, session: Obj) -> None:
    """Close an open session unpaid."""
    if session["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}.",
        )
    session |= {"status": "expired", "url": None}
    intent = world.intents.get(session["payment_intent"] or "")
    if intent is not None:
        payments.cancel_intent(world, intent)
    emit(world, "checkout.session.expired", session)


def expire_if_open(world: World, session_id: str) -> None:
    """The timer's part: ``expires_at`` is reached."""
    session = world.sessions.rows[session_id]
    if session["status"] == "open":
        expire(world, session)


def settle(world: World, session: Obj, *, succeeded: bool) -> None:
    """A delayed payment arrives or bounces; raises when there is none outstanding."""
    if session["status"] != "complete" or session["payment_status"] != "unpaid":
        raise invalid("This Checkout Session has no delayed payment outstanding.", "session")
    invoice = world.invoices.get(session["invoice"] or "")
    intent = (
        world.intents.rows[session["payment_intent"]]
        if invoice is None
        else billing.intent_of(world, invoice["id"])
    )
    if intent is None or intent["status"] != "processing":
        raise invalid("This Checkout Session's payment is already decided.", "session")
    if succeeded:
        payments.succeed(world, intent)
        if invoice is not None:
            billing.settle(world, invoice)
        session["payment_status"] = "paid"
    else:
        payments.refuse(world, intent)
        if invoice is not None:
            billing.refused(world, invoice)
    outcome = "succeeded" if succeeded else "failed"
    emit(world, f"checkout.session.async_payment_{outcome}", session)


def settle_if_pending(world: World, session_id: str) -> None:
    """The timer's part: a delayed payment that nobody decided about succeeds."""
    session = world.sessions.rows[session_id]
    invoice = world.invoices.get(session["invoice"] or "")
    intent = (
        billing.intent_of(world, invoice["id"])
        if invoice is not None
        else world.intents.get(session["payment_intent"] or "")
    )
    if intent is not None and intent["status"] == "processing":
        settle(world, session, succeeded=True)
