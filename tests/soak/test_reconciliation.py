"""Ten thousand subscriptions, a hundred damaged in every class of drift."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.support.fleet import Fleet, prove
from tests.support.shop import Shop


def test_ten_thousand_subscriptions_are_reconciled(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    size = int(os.environ.get("SOAK_FLEET", "10000"))
    prove(Fleet.sold(shop, size, monkeypatch, record_property))
