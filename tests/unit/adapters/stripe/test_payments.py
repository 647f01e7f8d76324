from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.adapters.stripe.translate import (
    UnreadableShape,
    has_all_lines,
    read_charge_refund,
    read_dispute,
    read_purchase,
    with_lines,
)
from billing.domain.purchase import Purchase, PurchaseLine
from billing.domain.status import PaymentState
from tests.support.stripe_objects import a_charge, a_dispute, a_list, a_price, a_session

NOW = datetime(2026, 3, 2, tzinfo=UTC)
THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMPLETED = "checkout.session.completed"


def read(obj: Any, event_type: str | None = COMPLETED) -> Purchase:
    found = read_purchase(obj, event_type=event_type, as_of=THEN, event_id="evt_1", first_seen=NOW)
    assert found
    return found


def test_a_paid_session_is_a_paid_purchase() -> None:
    assert read(a_session()) == Purchase(
        id="pi_1",
        as_of=THEN,
        event_id="evt_1",
        first_seen=NOW,
        state=PaymentState.PAID,
        paid_at=THEN,
        paid_seen=NOW,
        session_id="cs_1",
        payment_intent_id="pi_1",
        customer_id="cus_1",
        lines=(PurchaseLine("price_life", 2),),
        amount=4900,
        currency="usd",
    )


@pytest.mark.parametrize("mode", ["subscription", "setup"])
def test_other_modes_are_no_purchase(mode: str) -> None:
    assert read_purchase(a_session(mode=mode), as_of=THEN, event_id="evt_1", first_seen=NOW) is None


@pytest.mark.parametrize(
    ("payment_status", "event_type", "state"),
    [
        ("paid", COMPLETED, PaymentState.PAID),
        ("paid", "checkout.session.async_payment_succeeded", PaymentState.PAID),
        ("paid", None, PaymentState.PAID),
        ("no_payment_required", COMPLETED, PaymentState.NO_PAYMENT_REQUIRED),
        ("unpaid", COMPLETED, PaymentState.UNPAID),
        ("unpaid", "checkout.session.async_payment_failed", PaymentState.FAILED),
        ("half", COMPLETED, PaymentState.UNKNOWN),
        (None, COMPLETED, PaymentState.UNKNOWN),
    ],
)
def test_the_state_is_what_status_and_event_say(
    payment_status: str | None, event_type: str | None, state: PaymentState
) -> None:
    purchase = read(a_session(payment_status=payment_status), event_type)
    assert purchase.state is state
    assert purchase.paid_at == (THEN if state.is_settled else None)


def test_where_nothing_was_owed_the_session_is_the_purchase() -> None:
    session = a_session(payment_intent=None, payment_status="no_payment_required")
    purchase = read(session)
    assert (purchase.id, purchase.payment_intent_id) == ("cs_1", None)


def test_an_expanded_payment_intent_is_known_by_its_id() -> None:
    assert read(a_session(payment_intent={"id": "pi_9", "object": "payment_intent"})).id == "pi_9"


def test_the_lines_come_from_the_line_items_where_they_are_shown() -> None:
    items = a_list(
        {"id": "li_1", "price": a_price("price_a"), "quantity": 3},
        {"id": "li_2", "price": "price_b"},
    )
    session = a_session(line_items=items)
    assert read(session).lines == (PurchaseLine("price_a", 3), PurchaseLine("price_b", 1))
    assert has_all_lines(session)


def test_without_lines_nor_our_note_the_lines_have_to_be_fetched() -> None:
    session = a_session(metadata={})
    assert read(session).lines == ()
    assert not has_all_lines(session)
    whole = with_lines(session, [{"id": "li_1", "price": "price_a", "quantity": 1}])
    assert has_all_lines(whole)
    assert read(whole).lines == (PurchaseLine("price_a", 1),)


def test_more_lines_than_are_shown_have_to_be_fetched() -> None:
    items = a_list({"id": "li_1", "price": "price_a"}, has_more=True)
    assert not has_all_lines(a_session(line_items=items))


def test_a_note_without_quantity_is_of_one() -> None:
    assert read(a_session(metadata={"price_id": "p"})).lines == (PurchaseLine("p", 1),)


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": None},
        {"id": None},
        {"metadata": "project"},
        {"metadata": {"price_id": "p", "quantity": "many"}},
        {"metadata": {"price_id": "p", "quantity": "-1"}},
        {"metadata": {"price_id": 5}},
        {"line_items": a_list({"id": "li_1"})},
        {"amount_total": "49.00"},
        {"amount_total": 49.0},
    ],
)
def test_what_cannot_be_read_is_said(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableShape):
        read(a_session(**changes))


@pytest.mark.parametrize(
    ("changes", "amount", "is_full"),
    [
        ({"amount_refunded": 0}, 2000, False),
        ({"amount_refunded": 1999}, 2000, False),
        ({"amount_refunded": 2000, "refunded": True}, 2000, True),
        # Captured in part: what was captured is all that can be given back.
        ({"amount_captured": 1500, "amount_refunded": 1500, "refunded": True}, 1500, True),
        ({"amount_captured": 1500, "amount_refunded": 500}, 1500, False),
        # Before 2020 a charge had no amount_captured.
        ({"amount_captured": ..., "amount_refunded": 2000, "refunded": True}, 2000, True),
        # Stripe's own word decides where the figures do not say it.
        ({"amount_captured": ..., "amount_refunded": 1500, "refunded": True}, 1500, True),
    ],
)
def test_a_refund_is_full_when_nothing_of_the_charge_is_left(
    changes: dict[str, Any], amount: int, is_full: bool
) -> None:
    read_back = read_charge_refund(a_charge(**changes), as_of=THEN)
    assert (read_back.refund.amount, read_back.refund.is_full) == (amount, is_full)
    assert read_back.refund.as_of == THEN


def test_a_charge_leads_to_the_account() -> None:
    old = read_charge_refund(a_charge(old=True, metadata={"project_id": "shop"}), as_of=THEN)
    assert (old.payment_intent_id, old.customer_id, old.invoice_id) == ("pi_1", "cus_1", "in_1")
    assert old.metadata == {"project_id": "shop"}
    assert read_charge_refund(a_charge(), as_of=THEN).invoice_id is None


@pytest.mark.parametrize("changes", [{"id": None}, {"amount": None, "amount_captured": None}])
def test_a_charge_that_cannot_be_read_is_said(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableShape):
        read_charge_refund(a_charge(**changes), as_of=THEN)


@pytest.mark.parametrize(
    ("status", "is_lost", "is_inquiry"),
    [
        ("needs_response", False, False),
        ("lost", True, False),
        ("won", False, False),
        ("prevented", False, False),
        ("appeal_under_review", False, False),
        ("warning_needs_response", False, True),
        ("warning_closed", False, True),
    ],
)
def test_a_dispute_says_how_it_stands(status: str, is_lost: bool, is_inquiry: bool) -> None:
    dispute = read_dispute(a_dispute(status=status))
    assert (dispute.charge_id, dispute.payment_intent_id) == ("ch_1", "pi_1")
    assert (dispute.is_lost, dispute.is_inquiry) == (is_lost, is_inquiry)


@pytest.mark.parametrize("changes", [{"charge": None}, {"amount": None}, {"status": None}])
def test_a_dispute_that_cannot_be_read_is_said(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableShape):
        read_dispute(a_dispute(**changes))
