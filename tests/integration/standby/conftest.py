"""A shop with a customer, in a region that comes to stand by when a test says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from billing.settings import settings
from tests.integration.notifications.conftest import desk, pipeline
from tests.integration.webhooks.conftest import queue_url, shop, standing_stripe

__all__ = ["desk", "pipeline", "queue_url", "shop", "standing_stripe"]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Deploy with another `Serving`: `active`, or `standby`."""

    def deploy(serving: str) -> None:
        monkeypatch.setenv("SERVING", serving)
        settings.cache_clear()

    return deploy
