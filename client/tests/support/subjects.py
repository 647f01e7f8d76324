"""The clients under test, and one way to speak to all of them."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billing_client import AsyncBilling, Billing, Policy
from billing_client.testing import FakeAsyncBilling, FakeBilling, FakeService, ManualClock
from billing_client.testing.service import KEY
from client.tests.support.server import Server

PRICES = {"pro": {"export": True, "devices": 5}}
KINDS = ("Billing", "AsyncBilling", "FakeBilling", "FakeAsyncBilling")


class Awaited:
    """An asynchronous client that can be called as the other one."""

    def __init__(self, client: AsyncBilling) -> None:
        self._client = client
        self._loop = asyncio.new_event_loop()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            async def do() -> Any:
                found = method(*args, **kwargs)
                return await found if inspect.isawaitable(found) else found

            return self._loop.run_until_complete(do())

        return call

    def close(self) -> None:
        self._loop.run_until_complete(self._client.close())
        self._loop.close()


@dataclass(frozen=True)
class Subject:
    """A client, the service that it speaks to, and the clock of both."""

    billing: Any
    service: FakeService
    clock: ManualClock


def a_subject(kind: str, server: Server, policy: Policy | None = None) -> Subject:
    """Build a client that hears of every change, as by a push."""
    if kind == "FakeBilling":
        fake = FakeBilling(prices=PRICES, policy=policy)
        return Subject(fake, fake.service, fake.clock)
    if kind == "FakeAsyncBilling":
        double = FakeAsyncBilling(prices=PRICES, policy=policy)
        return Subject(Awaited(double), double.service, double.clock)
    if kind == "Billing":
        real = Billing(server.url, KEY, policy=policy, clock=server.clock)
        server.service.on_change(real.invalidate)
        return Subject(real, server.service, server.clock)
    client = AsyncBilling(server.url, KEY, policy=policy, clock=server.clock)
    server.service.on_change(client.invalidate)
    return Subject(Awaited(client), server.service, server.clock)


def until(holds: Callable[[], object], within: float = 10.0) -> None:
    """Look until it holds."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"not within {within:.0f} s"
        time.sleep(0.002)
