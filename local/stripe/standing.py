"""How a subscription stands: the moves between its statuses."""

from __future__ import annotations

from local.stripe.events import changed, clone, emit
from local.stripe.state import World
from local.stripe.tables import Obj

LIVE = frozenset({"trialing", "active", "past_due", "unpaid", "paused", "incomplete"})


def set_status(world: World, sub: Obj, status: str) -> None:
    """Move to a status and say so."""
    before = {"status": sub["status"]}
    sub["status"] = status
    changed(world, "customer.subscription.updated", {**sub, **before}, sub)


def pause(world: World, sub: Obj, reason: str) -> None:
    """Let a subscription pause, and say why, as is said since 2026-09-30."""
    before = clone(sub)
    sub |= {"status": "paused", "status_details": {"paused": {"subscription": {"type": reason}}}}
    changed(world, "customer.subscription.updated", before, sub)


def end(world: World, sub: Obj, reason: str, details: Obj | None = None) -> None:
    """End a subscription for good. ``reason``: cancellation_requested or payment_failed."""
    if sub["status"] not in LIVE:
        return
    now = world.now
    sub["status"] = "incomplete_expired" if reason == "incomplete" else "canceled"
    sub["ended_at"] = now
    sub["canceled_at"] = sub["canceled_at"] or now
    if reason != "incomplete":
        known = sub["cancellation_details"]
        sub["cancellation_details"] = (
            known | {"reason": known["reason"] or reason} | (details or {})
        )
    kind = "updated" if reason == "incomplete" else "deleted"
    previous = {"status": "incomplete"} if reason == "incomplete" else None
    emit(world, f"customer.subscription.{kind}", sub, previous)


def paid_up(world: World, sub: Obj, invoice_id: str) -> None:
    """A payment arrived: the newest invoice's makes the subscription active again."""
    if (
        sub["status"] in {"incomplete", "past_due", "unpaid"}
        and sub["latest_invoice"] == invoice_id
    ):
        set_status(world, sub, "active")
        set_delinquent(world, sub["customer"], delinquent=False)


def fell_behind(world: World, sub: Obj) -> None:
    """A payment failed."""
    if sub["status"] in {"active", "trialing"}:
        set_status(world, sub, "past_due")
        set_delinquent(world, sub["customer"], delinquent=True)


def set_delinquent(world: World, customer_id: str, *, delinquent: bool) -> None:
    """Mark whether a customer's latest charge failed."""
    customer = world.customers.rows[customer_id]
    if customer.get("deleted") or customer["delinquent"] == delinquent:
        return
    before = clone(customer)
    customer["delinquent"] = delinquent
    changed(world, "customer.updated", before, customer)
