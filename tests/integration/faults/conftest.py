"""A shop with a customer, and an operator at the admin API."""

from __future__ import annotations

from tests.integration.admin.conftest import operator
from tests.integration.webhooks.conftest import queue_url, shop, standing_stripe

__all__ = ["operator", "queue_url", "shop", "standing_stripe"]
