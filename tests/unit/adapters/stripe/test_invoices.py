from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing.adapters.stripe.translate import (
    UnreadableShape,
    read_paid_invoice,
    with_invoice_lines,
)
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Moment
from tests.support.stripe_objects import APRIL, MAY, a_line, a_list, an_invoice

PAID_AT = datetime(2026, 4, 1, 1, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize("old", [True, False])
def test_both_generations_read_alike(old: bool) -> None:
    paid = read_paid_invoice(an_invoice(old=old), at=PAID_AT)
    assert (paid.invoice_id, paid.subscription_id, paid.customer_id) == ("in_1", "sub_1", "cus_1")
    assert paid.billing_reason == "subscription_cycle"
    assert paid.metadata == {"project_id": "shop", "user_id": "u-1"}
    assert paid.has_all_lines
    assert paid.moment == Moment(
        at=PAID_AT,
        status=SubscriptionStatus.ACTIVE,
        period_end=at(MAY),
        paid=True,
        item_ends=(("si_1", at(MAY)),),
    )


def test_old_invoices_name_their_payment() -> None:
    paid = read_paid_invoice(an_invoice(old=True), at=PAID_AT)
    assert (paid.payment_intent_id, paid.charge_id) == ("pi_1", "ch_1")


def test_new_invoices_name_their_payment_where_it_was_expanded() -> None:
    payment = {"payment": {"type": "payment_intent", "payment_intent": "pi_7"}}
    paid = read_paid_invoice(an_invoice(payments=a_list(payment)), at=PAID_AT)
    assert (paid.payment_intent_id, paid.charge_id) == ("pi_7", None)
    assert read_paid_invoice(an_invoice(), at=PAID_AT).payment_intent_id is None


def test_an_expanded_subscription_is_known_by_its_id() -> None:
    subscription = {"id": "sub_1", "object": "subscription", "metadata": {"user_id": "u-2"}}
    invoice = an_invoice(old=True, subscription=subscription, subscription_details=...)
    paid = read_paid_invoice(invoice, at=PAID_AT)
    assert paid.subscription_id == "sub_1"
    assert paid.metadata == {"user_id": "u-2"}


@pytest.mark.parametrize("old", [True, False])
def test_every_item_has_its_own_end(old: bool) -> None:
    invoice = an_invoice(
        a_line("si_1", end=APRIL, old=old), a_line("si_2", end=MAY, old=old), old=old
    )
    moment = read_paid_invoice(invoice, at=PAID_AT).moment
    assert moment
    assert moment.period_end == at(MAY)
    assert moment.item_ends == (("si_1", at(APRIL)), ("si_2", at(MAY)))


@pytest.mark.parametrize("old", [True, False])
def test_a_proration_does_not_move_the_period_on(old: bool) -> None:
    invoice = an_invoice(
        a_line("si_1", end=MAY, proration=True, old=old),
        a_line("si_2", end=APRIL, old=old),
        old=old,
    )
    moment = read_paid_invoice(invoice, at=PAID_AT).moment
    assert moment
    assert (moment.period_end, moment.item_ends) == (at(APRIL), (("si_2", at(APRIL)),))


@pytest.mark.parametrize("old", [True, False])
def test_an_invoice_of_prorations_only_says_nothing(old: bool) -> None:
    invoice = an_invoice(a_line("si_1", end=APRIL, proration=True, old=old), old=old)
    assert read_paid_invoice(invoice, at=PAID_AT).moment is None


def test_an_invoice_item_beside_the_subscription_says_nothing() -> None:
    details = {"invoice_item": "ii_1", "proration": False, "subscription": "sub_1"}
    item = {**a_line(), "parent": {"invoice_item_details": details, "type": "invoice_item_details"}}
    old_item = {**a_line(None, old=True), "type": "invoiceitem"}
    assert read_paid_invoice(an_invoice(item), at=PAID_AT).moment is None
    assert read_paid_invoice(an_invoice(old_item, old=True), at=PAID_AT).moment is None


@pytest.mark.parametrize("old", [True, False])
def test_lines_of_another_subscription_say_nothing(old: bool) -> None:
    invoice = an_invoice(a_line(subscription="sub_2", old=old), old=old)
    assert read_paid_invoice(invoice, at=PAID_AT).moment is None


def test_an_invoice_of_no_subscription_says_nothing_of_one() -> None:
    paid = read_paid_invoice(an_invoice(parent=None, billing_reason="manual"), at=PAID_AT)
    assert (paid.subscription_id, paid.moment) == (None, None)


@pytest.mark.parametrize("reason", ["subscription_create", "subscription_update"])
def test_the_invoice_over_nothing_that_starts_a_trial_makes_nothing_active(reason: str) -> None:
    invoice = an_invoice(a_line(amount=0), billing_reason=reason)
    assert read_paid_invoice(invoice, at=PAID_AT).moment is None


def test_a_free_plan_that_renews_is_active() -> None:
    invoice = an_invoice(a_line(amount=0), billing_reason="subscription_cycle")
    assert read_paid_invoice(invoice, at=PAID_AT).moment


def test_a_first_invoice_that_costs_something_makes_active() -> None:
    invoice = an_invoice(a_line(), billing_reason="subscription_create")
    assert read_paid_invoice(invoice, at=PAID_AT).moment


def test_the_oldest_lines_were_known_by_the_subscription() -> None:
    moment = read_paid_invoice(an_invoice(a_line(None, old=True), old=True), at=PAID_AT).moment
    assert moment
    assert moment.item_ends == (("il_1", at(MAY)),)


def test_more_lines_than_are_shown_are_told() -> None:
    shown = an_invoice(lines=a_list(a_line("si_1", end=APRIL), has_more=True))
    assert not read_paid_invoice(shown, at=PAID_AT).has_all_lines
    whole = with_invoice_lines(shown, [a_line("si_1", end=APRIL), a_line("si_2", end=MAY)])
    moment = read_paid_invoice(whole, at=PAID_AT).moment
    assert moment
    assert moment.period_end == at(MAY)


def test_what_cannot_be_read_is_said() -> None:
    for changes in ({"id": ...}, {"lines": 4}, {"parent": 4}, {"customer": 4}):
        with pytest.raises(UnreadableShape):
            read_paid_invoice(an_invoice(**changes), at=PAID_AT)
