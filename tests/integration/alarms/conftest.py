"""A shop and its operator, as reconciliation has them, and a desk with endpoints to push to."""

from __future__ import annotations

from tests.integration.notifications.conftest import desk, pipeline, receivers
from tests.integration.reconciliation.conftest import operator, queue, shop, standing_stripe

__all__ = ["desk", "operator", "pipeline", "queue", "receivers", "shop", "standing_stripe"]
