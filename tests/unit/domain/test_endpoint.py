"""An endpoint's secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from billing.domain.endpoint import Endpoint, SigningSecret

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_rotation_that_is_made_again_changes_nothing_more() -> None:
    old = Endpoint("ep_1", "demo", "https://a.example", NOW, "Ada", (SigningSecret("old"),))
    once = old.rotated("new", NOW, DAY)
    assert once.secrets == (SigningSecret("new"), SigningSecret("old", NOW + DAY))
    assert once.rotated("new", NOW + DAY, DAY) == once
