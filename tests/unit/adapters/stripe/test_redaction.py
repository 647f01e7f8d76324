"""What operators see of an event: whose it is and what it is about, not who somebody is."""

from __future__ import annotations

from typing import Any

import pytest

from billing.adapters.stripe.redaction import REDACTED, redacted


@pytest.mark.parametrize(
    "name",
    [
        *("email", "customer_email", "receipt_email", "name", "customer_name", "phone"),
        *("address", "customer_address", "shipping", "shipping_details", "card", "us_bank_account"),
        *("last4", "fingerprint", "client_secret", "receipt_url", "hosted_invoice_url", "url"),
        *("invoice_pdf", "custom_fields", "tax_ids", "evidence", "iban", "ip", "Email"),
    ],
)
@pytest.mark.parametrize("value", ["x", 7, ["x", {"y": "x"}], {"y": {"z": "x"}}])
def test_a_personal_field_is_hidden_with_all_that_is_below_it(name: str, value: Any) -> None:
    shown = str(redacted({"a": [{name: value}]}))
    assert REDACTED in shown
    assert "'x'" not in shown
    assert "7" not in shown


@pytest.mark.parametrize(
    "value",
    [
        {"id": "sub_1", "customer": "cus_1", "currency": "usd", "amount": 900, "livemode": False},
        {"metadata": {"project_id": "demo", "user_id": "ada@example.com"}},
        {"client_reference_id": "demo:ada@example.com"},
        {"payment_method_types": ["card"], "mode": "subscription", "created": 1772452800},
        {"email": None, "card": {"present": True}, "shipping": {}, "address": []},
        {"description": "one @ home", "zip_code_check": "pass"},
    ],
)
def test_what_an_operator_needs_stays(value: dict[str, Any]) -> None:
    assert redacted(value) == value


def test_an_address_of_mail_is_hidden_wherever_it_stands() -> None:
    assert redacted({"description": "for ada@example.com", "x": ["ada@example.com"]}) == {
        "description": REDACTED,
        "x": [REDACTED],
    }
