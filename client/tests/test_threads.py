"""Many threads, one client."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from billing_client import Billing, Entitlements, Unauthenticated
from billing_client.cache import Cache, Entry
from billing_client.testing import ManualClock
from billing_client.testing.clock import NOON
from client.tests.conftest import PATIENT, MakeBilling
from client.tests.support.server import Server
from client.tests.support.subjects import until

THREADS = 16
AN_ENTRY = Entry(Entitlements("ann", "test", 1, NOON, {}), None, asked_at=0.0, max_age=60.0)


@pytest.fixture
def billing(a_billing: MakeBilling) -> Billing:
    return a_billing(**PATIENT)


def _started(count: int, do: Callable[[], Any]) -> tuple[ThreadPoolExecutor, list[Any]]:
    """Have so many threads do it at once."""
    pool, barrier = ThreadPoolExecutor(count), threading.Barrier(count)

    def together() -> Any:
        barrier.wait(10)
        return do()

    return pool, [pool.submit(together) for _ in range(count)]


def test_one_user_is_asked_for_once_however_many_want_to_know(
    billing: Billing, server: Server
) -> None:
    server.service.grant("ann", "export")
    with server.held():
        pool, asking = _started(THREADS, lambda: billing.can("ann", "export"))
        server.wait_for_held()
        until(pool._work_queue.empty)
    assert [each.result(10) for each in asking] == [True] * THREADS
    assert server.count() == 1
    pool.shutdown()


def test_a_failure_is_shared_too(billing: Billing, server: Server) -> None:
    server.service.cut()
    pool, asking = _started(THREADS, lambda: billing.check("ann", "export").reason)
    assert {each.result(10) for each in asking} == {"unavailable"}
    attempts = server.count()
    assert billing.check("ann", "export").reason == "unavailable"
    assert server.count() == attempts
    pool.shutdown()


def test_a_refusal_is_shared_too(billing: Billing, server: Server) -> None:
    server.service.fail(401, "unauthenticated")
    pool, asking = _started(4, lambda: billing.can("ann", "export"))
    for each in asking:
        with pytest.raises(Unauthenticated):
            each.result(10)
    pool.shutdown()


def test_an_answer_on_its_way_is_not_kept_when_news_come(billing: Billing, server: Server) -> None:
    server.service.grant("ann", "export")
    with ThreadPoolExecutor(1) as pool:
        with server.held():
            before = pool.submit(billing.can, "ann", "export")
            server.wait_for_held()
            revision = server.service.revoke("ann", "export")
            billing.invalidate("ann", revision)
        assert before.result(10) is True, "it was right when it was asked for"
    assert billing.can("ann", "export") is False
    assert server.count() == 2


def test_who_asks_after_the_news_does_not_wait_for_the_old_answer(
    billing: Billing, server: Server
) -> None:
    server.service.grant("ann", "export")
    with ThreadPoolExecutor(2) as pool:
        with server.held():
            pool.submit(billing.can, "ann", "export")
            server.wait_for_held()
            billing.invalidate("ann", server.service.revoke("ann", "export"))
            after = pool.submit(billing.can, "ann", "export")
            server.wait_for_held()
        assert after.result(10) is False
    assert billing.can("ann", "export") is False
    assert server.count() == 2


def test_news_without_a_revision_bar_what_was_asked_for_before(
    billing: Billing, server: Server
) -> None:
    server.service.grant("ann", "export")
    with ThreadPoolExecutor(1) as pool:
        with server.held():
            asking = pool.submit(billing.can, "ann", "export")
            server.wait_for_held()
            billing.invalidate("ann")
        asking.result(10)
    billing.can("ann", "export")
    assert server.count() == 2


def test_of_two_answers_the_one_that_was_asked_for_later_stays() -> None:
    cache = Cache(most_users=10)
    early, late = cache.ticket(), cache.ticket()
    answers = [replace(AN_ENTRY, asked_at=at) for at in (1.0, 2.0)]
    assert cache.store(answers[1], late, monotonic=3.0)
    assert not cache.store(answers[0], early, monotonic=3.0)
    assert cache.get("ann") == answers[1]


def test_threads_that_ask_change_and_forget_never_see_what_was_taken_back(
    a_billing: MakeBilling, server: Server, clock: ManualClock
) -> None:
    """A user's state is set, pushed, and read back, while others hammer the same client."""
    billing = a_billing(most_users=20, stale_while_revalidate=30)
    over = threading.Event()

    def hammer(number: int) -> int:
        done = 0
        while not over.is_set():
            billing.can(f"user-{(number + done) % 40}", "export")
            done += 1
        return done

    def live(number: int) -> int:
        user = f"user-{number}"
        wrong = 0
        for step in range(30):
            change = server.service.grant if step % 2 == 0 else server.service.revoke
            billing.invalidate(user, change(user, "export"))
            wrong += billing.can(user, "export") is not (step % 2 == 0)
        return wrong

    with ThreadPoolExecutor(8) as pool:
        hammering = [pool.submit(hammer, number) for number in range(4)]
        try:
            assert list(pool.map(live, range(4))) == [0] * 4
        finally:
            over.set()
        assert all(each.result(10) > 0 for each in hammering)
