"""A shop and its operator, as reconciliation has them."""

from __future__ import annotations

from tests.integration.reconciliation.conftest import operator, queue, shop, standing_stripe

__all__ = ["operator", "queue", "shop", "standing_stripe"]
