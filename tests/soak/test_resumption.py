"""A reconciliation that is killed at each of its writes, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from billing.settings import settings
from functions.reconciliation import background
from tests.support.resuming import Resuming
from tests.support.shop import Shop
from tests.support.snapshot import Snapshots


@pytest.mark.parametrize("shards", [1, 3])
def test_killed_at_any_write_and_resumed_it_ends_as_if_nothing_had_happened(
    shop: Shop,
    shards: int,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(background, "send", sent.append)
    damaged = Resuming.in_a_damaged(shop, Snapshots(settings()), shards, monkeypatch)
    record_property("runs killed and resumed", damaged.kill_at_every(1))
    assert sent
