"""Fifty subscriptions with every class of drift at once; `tests/soak` has ten thousand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from billing.services import compare_ours
from tests.support.fleet import Fleet, prove
from tests.support.shop import Shop


def test_every_class_is_found_exactly_and_repaired_once(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setattr("billing.adapters.stripe.calls.PAGE", 20)
    monkeypatch.setattr(compare_ours, "PAGE", 9)
    prove(Fleet.sold(shop, 50, monkeypatch, record_property))
