"""Many tasks, one client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from billing_client import AsyncBilling, Policy, Unauthenticated
from billing_client.testing import ManualClock
from billing_client.testing.service import KEY
from client.tests.conftest import PATIENT
from client.tests.support.server import Server


def _run(
    server: Server, story: Callable[[AsyncBilling], Awaitable[None]], **policy: object
) -> None:
    async def tell() -> None:
        made = Policy(**{**PATIENT, **policy})  # type: ignore[arg-type] # whatever a test names
        async with AsyncBilling(server.url, KEY, policy=made, clock=server.clock) as billing:
            await story(billing)

    asyncio.run(tell(), debug=True)


async def _held(server: Server, count: int = 1) -> None:
    await asyncio.to_thread(server.wait_for_held, count)


def test_one_user_is_asked_for_once_however_many_want_to_know(server: Server) -> None:
    server.service.grant("ann", "export")

    async def story(billing: AsyncBilling) -> None:
        with server.held():
            asking = [asyncio.create_task(billing.can("ann", "export")) for _ in range(50)]
            await _held(server)
        assert await asyncio.gather(*asking) == [True] * 50
        assert server.count() == 1

    _run(server, story)


def test_who_is_cancelled_leaves_the_answer_to_the_others(server: Server) -> None:
    server.service.grant("ann", "export")

    async def story(billing: AsyncBilling) -> None:
        with server.held():
            first = asyncio.create_task(billing.can("ann", "export"))
            second = asyncio.create_task(billing.can("ann", "export"))
            await _held(server)
            first.cancel()
            await asyncio.sleep(0)
        assert await second is True
        assert first.cancelled()
        assert server.count() == 1

    _run(server, story)


def test_a_failure_for_which_nobody_waits_any_more_is_quiet(server: Server) -> None:
    server.service.fail(401, "unauthenticated")

    async def story(billing: AsyncBilling) -> None:
        with server.held():
            asking = asyncio.create_task(billing.can("ann", "export"))
            await _held(server)
            asking.cancel()
        for _ in range(2):
            with pytest.raises(Unauthenticated):
                await billing.can("ann", "export")

    _run(server, story)


def test_a_stale_answer_is_served_at_once_while_one_refresh_runs(
    server: Server, clock: ManualClock
) -> None:
    server.service.grant("ann", "export")

    async def story(billing: AsyncBilling) -> None:
        assert await billing.can("ann", "export")
        server.service.revoke("ann", "export")
        clock.advance(60)
        with server.held():
            for _ in range(100):
                assert (await billing.check("ann", "export")).stale
            await _held(server)
            assert server.count() == 2
        async with asyncio.timeout(10):
            while await billing.can("ann", "export"):
                await asyncio.sleep(0)
        assert server.count() == 2

    _run(server, story, stale_while_revalidate=30)


def test_an_answer_on_its_way_is_not_kept_when_news_come(server: Server) -> None:
    server.service.grant("ann", "export")

    async def story(billing: AsyncBilling) -> None:
        with server.held():
            before = asyncio.create_task(billing.can("ann", "export"))
            await _held(server)
            billing.invalidate("ann", server.service.revoke("ann", "export"))
            after = asyncio.create_task(billing.can("ann", "export"))
            await _held(server)
        assert (await before, await after) == (True, False)
        assert await billing.can("ann", "export") is False
        assert server.count() == 2

    _run(server, story)


def test_a_client_lives_on_in_another_loop(server: Server) -> None:
    server.service.grant("ann", "export")
    billing = AsyncBilling(server.url, KEY, clock=server.clock)

    async def ask(user: str) -> bool:
        found = await billing.can(user, "export")
        await billing.close()
        return found

    assert asyncio.run(ask("ann")) is True
    assert asyncio.run(ask("bob")) is False
    assert asyncio.run(ask("ann")) is True
    assert server.count() == 2, "what is known stays"


def test_closing_gives_up_what_is_on_its_way(server: Server) -> None:
    async def story(billing: AsyncBilling) -> None:
        with server.held():
            asking = asyncio.create_task(billing.can("ann", "export"))
            await _held(server)
            await billing.close()
            with pytest.raises(asyncio.CancelledError):
                await asking

    _run(server, story)
