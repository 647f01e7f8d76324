"""The fixtures `fake_billing` and `fake_async_billing`, for every app that installs the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing_client.testing import FakeAsyncBilling, FakeBilling


@pytest.fixture
def fake_billing() -> Iterator[FakeBilling]:
    """A client over a service in memory: `grant`, `revoke`, `fail`, `advance`."""
    from billing_client.testing import FakeBilling  # noqa: PLC0415 - only where it is used

    with FakeBilling() as billing:
        yield billing


@pytest.fixture
def fake_async_billing() -> FakeAsyncBilling:
    """The same for an event loop."""
    from billing_client.testing import FakeAsyncBilling  # noqa: PLC0415 - only where it is used

    return FakeAsyncBilling()
