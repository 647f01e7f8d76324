"""What a cached `can()` costs: `PYTHONPATH=client/src python client/benchmarks/cached_can.py`.

The service is one in memory, asked once a user before the measuring; the machine's own clock
counts. Each figure is the best of several rounds, as `timeit` recommends. The floor is what any
answer from memory with an age costs: a look into a dictionary and two at the clock.
"""

from __future__ import annotations

import asyncio
import time
import timeit
from collections.abc import Callable

import httpx

from billing_client import AsyncBilling, Billing, SystemClock
from billing_client.testing import FakeService
from billing_client.testing.service import KEY

ROUNDS = 5
CALLS = 50_000
USERS = 5_000


def main() -> None:
    """Measure and print."""
    service = FakeService(clock=SystemClock())
    transport = httpx.MockTransport(service.handle)
    users = [f"user-{number}" for number in range(USERS)]
    for user in users[::2]:
        service.grant(user, "export", lasts=86_400)
    with Billing("http://billing.test", KEY, transport=transport) as billing:
        billing.prefetch(users)
        asked = len(service.seen)
        kept = dict.fromkeys(users, 0.0)
        _tell("floor", lambda: kept["user-0"] < time.monotonic() < time.time())
        _tell("can(), one user", lambda: billing.can("user-0", "export"))
        _tell("can(), denied", lambda: billing.can("user-1", "export"))
        turn = iter(users * (CALLS * ROUNDS // USERS + 1))
        _tell(f"can(), {USERS} users in turn", lambda: billing.can(next(turn), "export"))
        _tell("check()", lambda: billing.check("user-0", "export"))
        if len(service.seen) != asked:
            raise SystemExit("the service was asked while it was measured")
    asyncio.run(_async(transport))


async def _async(transport: httpx.MockTransport) -> None:
    async with AsyncBilling("http://billing.test", KEY, transport=transport) as billing:
        await billing.can("user-0", "export")
        best = float("inf")
        for _ in range(ROUNDS):
            started = timeit.default_timer()
            for _ in range(CALLS):
                await billing.can("user-0", "export")
            best = min(best, timeit.default_timer() - started)
    _print("await can()", best)


def _tell(what: str, call: Callable[[], object]) -> None:
    _print(what, min(timeit.repeat(call, number=CALLS, repeat=ROUNDS)))


def _print(what: str, seconds: float) -> None:
    print(f"{what:<28} {seconds / CALLS * 1e6:6.2f} µs")


if __name__ == "__main__":
    main()
