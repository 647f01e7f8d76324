from __future__ import annotations

import pytest

from billing.adapters.stripe.tolerated import MISSING, TOLERATED, Operation, is_tolerated


@pytest.mark.parametrize("operation", list(Operation))
def test_only_what_is_looked_for_may_be_gone(operation: Operation) -> None:
    looks = operation.value.startswith("read_") or operation is Operation.LIST_INVOICE_PAYMENTS
    assert is_tolerated(operation, MISSING) is looks


@pytest.mark.parametrize("code", [None, "", "rate_limit", "parameter_invalid"])
def test_no_other_code_is_tolerated(code: str | None) -> None:
    assert not any(is_tolerated(operation, code) for operation in Operation)


def test_every_line_of_the_table_says_why() -> None:
    assert all(reason for reason in TOLERATED.values())
