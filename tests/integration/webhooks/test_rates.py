"""What is noted of attempts and payments: 1 where one failed, 0 where not, and each once."""

from __future__ import annotations

import pytest

from local.embedded_metrics import data_of
from tests.support.shop import Shop, process_records, queue_record


def noted(capsys: pytest.CaptureFixture[str], name: str) -> list[float]:
    """The values of a metric that were written since the last time."""
    data = [datum for line in capsys.readouterr().out.splitlines() for datum in data_of(line)]
    return [value for datum in data if datum.name == name for value in datum.values]


def test_a_payment_counts_once_however_often_it_is_told(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.buy("user-1")
    paid = shop.events("invoice.paid")
    shop.deliver(shop.events("customer.subscription.created"))
    capsys.readouterr()
    shop.deliver(paid)
    assert noted(capsys, "PaymentFailed") == [0]
    shop.deliver(paid)
    assert noted(capsys, "PaymentFailed") == []


def test_a_payment_that_fails_and_one_that_is_for_another_event_to_tell(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    (subscription,) = shop.client.v1.subscriptions.list().data
    shop.control(f"subscriptions/{subscription.id}/fail_next_payment")
    shop.stripe.advance(days=32)
    failed = shop.events("invoice.payment_failed")
    capsys.readouterr()
    shop.deliver([*shop.events("payment_intent.payment_failed"), *failed[:1]])
    assert noted(capsys, "PaymentFailed") == [1]


def test_an_attempt_that_fails_is_noted_and_so_is_the_one_that_succeeds(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.buy("user-1", "once")
    shop.deliver_all()
    shop.refund(shop.client.v1.payment_intents.list().data[0].id)
    shop.stripe.add_fault(method="GET", path="/v1/charges/*", times=9, status=503)
    told = shop.events("refund.created")
    capsys.readouterr()
    assert shop.deliver(told)
    assert noted(capsys, "WebhookFailed") == [1]
    shop.stripe.api.faults.planned.clear()
    assert shop.deliver(told) == []
    assert noted(capsys, "WebhookFailed") == [0]


def test_a_one_time_payment_counts_and_what_costs_nothing_does_not(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.buy("user-1", "once")
    capsys.readouterr()
    shop.deliver_all()
    assert noted(capsys, "PaymentFailed") == [0]
    shop.forget("user-1")
    begun = len(shop.events())
    shop.buy("user-2", trial_days=14)
    assert [e["data"]["object"]["amount_paid"] for e in shop.events("invoice.paid")] == [0]
    shop.deliver(shop.events()[begun:])
    assert noted(capsys, "PaymentFailed") == []


@pytest.mark.parametrize(("succeeds", "failed"), [(True, 0), (False, 1)])
@pytest.mark.parametrize("price_id", ["once", "pro_monthly"])
def test_a_late_payment_counts_once_when_it_is_decided(
    shop: Shop, capsys: pytest.CaptureFixture[str], price_id: str, succeeds: bool, failed: int
) -> None:
    session = shop.buy("user-1", price_id, delayed=True)
    shop.deliver_all()
    assert noted(capsys, "PaymentFailed") == []
    begun = len(shop.events())
    shop.control(f"checkout/sessions/{session['id']}/async", succeed=succeeds)
    shop.deliver(shop.events()[begun:])
    assert noted(capsys, "PaymentFailed") == [failed]


def test_a_card_that_is_declined_at_the_checkout_counts_apart(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.control(f"checkout/sessions/{shop.checkout('user-1', 'once').body['session_id']}/decline")
    shop.deliver(shop.events("payment_intent.payment_failed"))
    out = capsys.readouterr().out
    data = [datum for line in out.splitlines() for datum in data_of(line)]
    assert [d.values for d in data if d.name == "PaymentDeclined"] == [(1,)]
    assert [d for d in data if d.name == "PaymentFailed"] == []


def test_an_event_that_is_there_by_reference_tells_of_no_payment(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.buy("user-1")
    shop.deliver(shop.events("customer.subscription.created"))
    (paid,) = shop.events("invoice.paid")
    capsys.readouterr()
    message = {"object": "event_reference", "id": paid["id"], "type": paid["type"]}
    assert process_records(queue_record(message)) == []
    assert noted(capsys, "PaymentFailed") == []
