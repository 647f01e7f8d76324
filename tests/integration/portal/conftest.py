from __future__ import annotations

import pytest

from local.stripe.server import FakeStripeServer
from tests.support.shop import Shop, open_shop


@pytest.fixture
def shop(stripe: FakeStripeServer) -> Shop:
    """A project that sells, and nothing bought yet."""
    return open_shop(stripe)
