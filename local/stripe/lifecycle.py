"""What happens by itself as the clock moves: renewals, trial ends, retries, endings."""

from __future__ import annotations

from collections.abc import Callable

from local.stripe import billing, checkout, standing, subscriptions
from local.stripe.events import changed, clone, emit
from local.stripe.state import World
from local.stripe.tables import Obj


def run_due(world: World, until: int | None = None) -> None:
    """Run every timer that is due, each at its own instant, in order."""
    limit = world.clock.latest() if until is None else until
    while (timer := world.timers.pop_due(limit)) is not None:
        at, kind, subject = timer
        with world.clock.at(at):
            TIMERS[kind](world, subject)


def advance(world: World, until: int) -> None:
    """Move the clock to ``until`` and let everything happen that would have."""
    world.clock.advance_to(until)
    run_due(world, until)


def period_ends(world: World, sub_id: str) -> None:
    """A period is over: renew, or begin to bill after a trial."""
    sub = world.subscriptions.rows[sub_id]
    start, end = subscriptions.period_of(sub)
    if sub["status"] not in {"trialing", "active", "past_due", "unpaid"} or end != world.now:
        return
    if sub["status"] == "trialing" and _stops_after_trial(world, sub):
        return
    before = clone(sub)
    if sub["status"] == "trialing":
        sub["status"] = "active"
    subscriptions.set_period(world, sub, end)
    invoice = _cycle_invoice(world, sub, (start, end))
    emit(world, "invoice.created", invoice)
    changed(world, "customer.subscription.updated", before, sub)


def _cycle_invoice(world: World, sub: Obj, period: tuple[int, int]) -> Obj:
    book = world.book(sub)
    lines = billing.cycle_lines(world, sub) + book.pending
    book.pending = []
    invoice = billing.draft(world, sub, "subscription_cycle", lines, period)
    if sub["status"] == "unpaid":
        invoice["auto_advance"] = False
        return invoice
    finalizes = world.now + world.settings.finalize_delay
    invoice |= {"automatically_finalizes_at": finalizes, "next_payment_attempt": finalizes}
    world.timers.add(finalizes, "finalize", invoice["id"])
    return invoice


def _stops_after_trial(world: World, sub: Obj) -> bool:
    """Without a payment method a trial may end in nothing or in a pause."""
    behavior = sub["trial_settings"]["end_behavior"]["missing_payment_method"]
    if sub["default_payment_method"] or behavior == "create_invoice":
        return False
    if behavior == "cancel":
        standing.end(world, sub, "cancellation_requested")
    else:
        sub["status"] = "paused"
        emit(world, "customer.subscription.paused", sub)
    return True


def invoice_finalizes(world: World, invoice_id: str) -> None:
    """An hour after a renewal: the draft becomes final and is charged."""
    invoice = world.invoices.rows[invoice_id]
    sub = billing.subscription_of(world, invoice)
    if invoice["status"] != "draft":
        return
    pause = sub["pause_collection"]
    if pause is not None and pause["behavior"] != "keep_as_draft":
        billing.void(world, invoice, _WRITTEN_OFF[pause["behavior"]])
    elif pause is not None or sub["status"] not in standing.LIVE:
        invoice |= {"auto_advance": False, "automatically_finalizes_at": None}
    else:
        billing.finalize(world, invoice)
        billing.collect(world, invoice)


_WRITTEN_OFF = {"void": "void", "mark_uncollectible": "uncollectible"}


def payment_retries(world: World, invoice_id: str) -> None:
    """The next attempt at a failed invoice."""
    invoice = world.invoices.rows[invoice_id]
    sub = billing.subscription_of(world, invoice)
    due = invoice["next_payment_attempt"] == world.now
    if due and invoice["status"] == "open" and sub["status"] == "past_due":
        billing.collect(world, invoice)


def cancellation_comes(world: World, sub_id: str) -> None:
    """``cancel_at`` is reached."""
    sub = world.subscriptions.rows[sub_id]
    if sub["cancel_at"] == world.now:
        standing.end(world, sub, "cancellation_requested")


def first_payment_lapses(world: World, sub_id: str) -> None:
    """Nobody completed the first payment within 23 hours."""
    sub = world.subscriptions.rows[sub_id]
    if sub["status"] == "incomplete":
        for invoice in billing.open_invoices(world, sub):
            billing.void(world, invoice)
        standing.end(world, sub, "incomplete")


def trial_warning(world: World, sub_id: str) -> None:
    """Three days before the end of a trial."""
    sub = world.subscriptions.rows[sub_id]
    if sub["trial_end"] is not None and sub["trial_end"] - subscriptions.TRIAL_WARNING == world.now:
        subscriptions.warn_of_trial_end(world, sub)


def collection_resumes(world: World, sub_id: str) -> None:
    """``pause_collection.resumes_at`` is reached."""
    sub = world.subscriptions.rows[sub_id]
    pause = sub["pause_collection"]
    if pause is not None and pause["resumes_at"] == world.now:
        before = clone(sub)
        sub["pause_collection"] = None
        changed(world, "customer.subscription.updated", before, sub)


TIMERS: dict[str, Callable[[World, str], None]] = {
    "period_end": period_ends,
    "finalize": invoice_finalizes,
    "retry": payment_retries,
    "cancel": cancellation_comes,
    "incomplete": first_payment_lapses,
    "trial_warning": trial_warning,
    "resume": collection_resumes,
    "session_expiry": checkout.expire_if_open,
    "async": checkout.settle_if_pending,
}
