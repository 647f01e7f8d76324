"""Invoices, payments, refunds, disputes, and the list of events."""

from __future__ import annotations

from local.stripe import billing, refunds
from local.stripe.call import Call, Route, listing, retrieval
from local.stripe.changes import merge_metadata
from local.stripe.errors import ApiError, invalid, missing_param
from local.stripe.events import changed, clone, opened
from local.stripe.lists import part_of
from local.stripe.params import boolean, filled, metadata, positive, text
from local.stripe.tables import Obj

_INVOICE_STATUSES = ("draft", "open", "paid", "uncollectible", "void")


def list_invoices(call: Call) -> Obj:
    """List invoices by customer, subscription or status."""
    given = call.params
    wanted = {
        "customer": given.get("customer"),
        "status": given.get("status"),
        "parent.subscription_details.subscription": given.get("subscription"),
    }
    return call.page(call.world.invoices, wanted)


def list_lines(call: Call, object_id: str) -> Obj:
    """List an invoice's lines."""
    invoice = call.world.need(call.world.invoices, object_id)
    return part_of(invoice["lines"]["data"], call.params, call.path)


def void_invoice(call: Call, object_id: str) -> Obj:
    """Void an open invoice."""
    invoice = call.world.need(call.world.invoices, object_id)
    if invoice["status"] not in {"open", "uncollectible"}:
        raise invalid("You can only void open invoices.", "id", "invoice_not_editable")
    invoice["status"] = "open"
    billing.void(call.world, invoice)
    return invoice


def list_invoice_payments(call: Call) -> Obj:
    """List what paid invoices, by invoice or by payment intent."""
    given = call.params
    payment = given.get("payment") or {}
    if payment.get("payment_intent") and not payment.get("type"):
        raise missing_param("payment[type]")
    wanted = {
        "invoice": given.get("invoice"),
        "status": given.get("status"),
        "payment.type": payment.get("type"),
        "payment.payment_intent": payment.get("payment_intent"),
    }
    return call.page(call.world.invoice_payments, wanted)


def list_intents(call: Call) -> Obj:
    """List payment intents."""
    return call.page(call.world.intents, {"customer": call.params.get("customer")})


def list_charges(call: Call) -> Obj:
    """List charges."""
    wanted = {name: call.params.get(name) for name in ("customer", "payment_intent")}
    return call.page(call.world.charges, wanted)


def update_charge(call: Call, object_id: str) -> Obj:
    """Change a charge's metadata."""
    charge = call.world.need(call.world.charges, object_id)
    before = clone(charge)
    merge_metadata(charge, call.params)
    changed(call.world, "charge.updated", before, charge)
    return charge


def create_refund(call: Call) -> Obj:
    """Give money back, by charge or by payment intent."""
    world, given = call.world, call.params
    if given.get("charge"):
        charge = world.need(world.charges, given["charge"], "charge")
    elif given.get("payment_intent"):
        intent = world.need(world.intents, given["payment_intent"], "payment_intent")
        charge = world.charges.rows.get(intent["latest_charge"] or "", {})
        if intent["status"] != "succeeded":
            raise invalid(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                "payment_intent",
            )
    else:
        raise ApiError(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing",
        )
    return refunds.refund(world, charge, given)


def list_refunds(call: Call) -> Obj:
    """List refunds."""
    wanted = {name: call.params.get(name) for name in ("charge", "payment_intent")}
    return call.page(call.world.refunds, wanted)


def list_disputes(call: Call) -> Obj:
    """List disputes."""
    wanted = {name: call.params.get(name) for name in ("charge", "payment_intent")}
    return call.page(call.world.disputes, wanted)


def close_dispute(call: Call, object_id: str) -> Obj:
    """Give up a dispute, which loses it."""
    dispute = call.world.need(call.world.disputes, object_id)
    refunds.close_dispute(call.world, dispute, "lost")
    return dispute


def retrieve_event(call: Call, object_id: str) -> Obj:
    """Retrieve an event."""
    return opened(call.world.need(call.world.events, object_id))


def list_events(call: Call) -> Obj:
    """List events of the last 30 days by type(s) and by whether they were delivered."""
    given = call.params
    kinds, delivered = given.get("types"), given.get("delivery_success")
    if kinds and given.get("type"):
        raise invalid("You may only specify one of these parameters: type, types.", "type")
    if kinds and len(kinds) > 20:
        raise invalid("You may specify up to 20 types.", "types")
    oldest = call.world.now - 30 * 86_400
    exact = given.get("type") if "*" not in (given.get("type") or "") else None

    def fits(event: Obj) -> bool:
        if event["created"] < oldest or not _type_fits(event["type"], given.get("type"), kinds):
            return False
        undelivered = event["_delivery"] in {"pending", "failed"}
        return delivered is None or delivered != undelivered

    answer = call.page(call.world.events, {"type": exact}, fits)
    return answer | {"data": [opened(event) for event in answer["data"]]}


def _type_fits(kind: str, wanted: str | None, kinds: list[str] | None) -> bool:
    if wanted is not None:
        return kind == wanted or (wanted.endswith("*") and kind.startswith(wanted[:-1]))
    return kinds is None or kind in kinds


_REFUND = {
    "charge": filled,
    "payment_intent": filled,
    "amount": positive,
    "reason": ("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": metadata,
}
_BY_PAYMENT = {"charge": text, "payment_intent": text}

ROUTES = [
    retrieval("/v1/invoices", "invoice", "invoices"),
    listing(
        "/v1/invoices",
        list_invoices,
        {"customer": text, "subscription": text, "status": _INVOICE_STATUSES},
    ),
    listing("/v1/invoices/<object_id>/lines", list_lines, {}),
    Route("POST", "/v1/invoices/<object_id>/void", void_invoice),
    retrieval("/v1/invoice_payments", "invoice payment", "invoice_payments"),
    listing(
        "/v1/invoice_payments",
        list_invoice_payments,
        {
            "invoice": text,
            "status": ("canceled", "open", "paid"),
            "payment": {"type": ("charge", "payment_intent"), "payment_intent": text},
        },
    ),
    retrieval("/v1/payment_intents", "payment intent", "intents"),
    listing("/v1/payment_intents", list_intents, {"customer": text}),
    retrieval("/v1/charges", "charge", "charges"),
    Route("POST", "/v1/charges/<object_id>", update_charge, {"metadata": metadata}),
    listing("/v1/charges", list_charges, {"customer": text, "payment_intent": text}),
    Route("POST", "/v1/refunds", create_refund, _REFUND),
    retrieval("/v1/refunds", "refund", "refunds"),
    listing("/v1/refunds", list_refunds, _BY_PAYMENT),
    retrieval("/v1/disputes", "dispute", "disputes"),
    listing("/v1/disputes", list_disputes, _BY_PAYMENT),
    Route("POST", "/v1/disputes/<object_id>/close", close_dispute),
    Route("GET", "/v1/events/<object_id>", retrieve_event),
    listing(
        "/v1/events",
        list_events,
        {"type": text, "types": [filled], "delivery_success": boolean},
    ),
]
