from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from .conftest import Shop


def control(shop: Shop, path: str, **given: Any) -> requests.Response:
    return requests.post(f"{shop.server.url}/_fake/{path}", json=given, timeout=5)


def test_refunds_add_up(shop: Shop) -> None:
    charge, before = shop.buy(), shop.mark()
    refund = shop.client.v1.refunds.create({"charge": charge["id"], "amount": 900})
    assert (refund.status, refund.amount) == ("succeeded", 900)
    assert (charge["amount_refunded"], charge["refunded"]) == (900, False)
    assert shop.types(before) == ["refund.created", "charge.refunded", "refund.updated"]
    event = shop.server.events("charge.refunded")[0]["data"]
    assert event["previous_attributes"] == {"amount_refunded": 0}
    shop.client.v1.refunds.create({"payment_intent": charge["payment_intent"]})
    assert (charge["amount_refunded"], charge["refunded"]) == (9900, True)
    assert len(shop.client.v1.refunds.list({"charge": charge["id"]}).data) == 2


def test_more_than_was_paid_is_not_refunded(shop: Shop) -> None:
    charge = shop.buy()
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        shop.client.v1.refunds.create({"charge": charge["id"], "amount": 9901})
    shop.client.v1.refunds.create({"charge": charge["id"]})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.refunds.create({"charge": charge["id"]})
    assert refused.value.code == "charge_already_refunded"
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or"):
        shop.client.v1.refunds.create({})


def test_a_refund_may_fail_at_the_bank(shop: Shop) -> None:
    charge = shop.buy()
    refund = shop.client.v1.refunds.create({"charge": charge["id"]})
    control(shop, f"refunds/{refund.id}/fail")
    assert (charge["amount_refunded"], charge["refunded"]) == (0, False)
    assert shop.types()[-1] == "refund.failed"


@pytest.mark.parametrize(
    ("outcome", "last"),
    [("won", "charge.dispute.funds_reinstated"), ("lost", "charge.dispute.closed")],
)
def test_a_dispute_is_opened_and_decided(shop: Shop, outcome: str, last: str) -> None:
    charge, before = shop.buy(), shop.mark()
    opened = control(shop, f"charges/{charge['id']}/dispute", reason="fraudulent").json()
    assert (opened["status"], opened["amount"]) == ("needs_response", 9900)
    assert shop.types(before) == [
        "charge.dispute.created",
        "charge.updated",
        "charge.dispute.funds_withdrawn",
    ]
    control(shop, f"disputes/{opened['id']}/status", status="under_review")
    control(shop, f"charges/{charge['id']}/dispute/close", outcome=outcome)
    assert shop.types()[-1] == last
    found = shop.client.v1.disputes.list({"charge": charge["id"]}).data[0]
    assert found.status == outcome
    assert control(shop, f"disputes/{found.id}/close", outcome="won").status_code == 400


def test_an_inquiry_moves_no_money(shop: Shop) -> None:
    charge = shop.buy()
    control(shop, f"charges/{charge['id']}/dispute", status="warning_needs_response")
    assert "charge.dispute.funds_withdrawn" not in shop.types()
    shop.client.v1.refunds.create({"charge": charge["id"]})
    control(shop, f"charges/{charge['id']}/dispute/close", outcome="warning_closed")
    assert shop.server.events("charge.dispute.closed")[0]["data"]["object"]["status"] == (
        "warning_closed"
    )


def test_a_charged_back_payment_is_not_refunded(shop: Shop) -> None:
    charge = shop.buy()
    control(shop, f"charges/{charge['id']}/dispute")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.refunds.create({"charge": charge["id"]})
    assert refused.value.code == "charge_disputed"
