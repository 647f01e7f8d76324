"""How long an answer is served, and how it is renewed."""

from __future__ import annotations

import time

import pytest

from billing_client import Billing, Policy
from billing_client.testing import ManualClock
from billing_client.testing.replies import success
from client.tests.conftest import PATIENT, MakeBilling
from client.tests.support.server import Server
from client.tests.support.subjects import until


def test_an_answer_is_served_for_its_max_age_and_not_longer(
    billing: Billing, server: Server, clock: ManualClock
) -> None:
    server.service.grant("ann", "export")
    assert billing.can("ann", "export")
    server.service.revoke("ann", "export")
    clock.advance(59.9)
    assert billing.can("ann", "export")
    assert server.count() == 1
    clock.advance(0.1)
    assert not billing.can("ann", "export")
    assert server.count() == 2


def test_an_unchanged_answer_is_revalidated_without_a_body(
    billing: Billing, server: Server, clock: ManualClock
) -> None:
    server.service.grant("ann", "export")
    for _ in range(3):
        assert billing.check("ann", "export").reason == "granted"
        clock.advance(60)
    tags = [seen.headers.get("if-none-match") for seen in server.service.seen]
    assert tags == [None, 'W/"1-1-0"', 'W/"1-1-0"']
    server.service.grant("ann", "sync")
    assert billing.can("ann", "sync")


def test_max_age_ends_with_the_next_change(
    billing: Billing, server: Server, clock: ManualClock
) -> None:
    server.service.grant("ann", "export", begins_in=10)
    assert not billing.can("ann", "export")
    clock.advance(10)
    assert billing.can("ann", "export")


@pytest.mark.parametrize(
    "caching", ["no-store", "no-cache, max-age=60", "private, max-age=0", "", "private"]
)
def test_what_may_not_be_kept_is_asked_again(
    billing: Billing, server: Server, clock: ManualClock, caching: str
) -> None:
    server.service.grant("ann", "export")
    told = server.service.project.told("ann")
    for asked in (1, 2):
        server.say(success(told.body, {"cache-control": caching}))
        assert billing.can("ann", "export")
        assert server.count() == asked


def test_travelling_counts_as_age(billing: Billing, server: Server, clock: ManualClock) -> None:
    """Of the first answer, and of a 304."""
    server.service.grant("ann", "export")
    for asked in (2, 4, 6):
        server.service.fail(times=1, retry_after=1)
        clock.pauses.clear()
        assert billing.can("ann", "export")
        assert (server.count(), sum(clock.pauses) > 1) == (asked, True)
        clock.advance(60 - sum(clock.pauses))


def test_a_batch_says_how_long_it_holds_and_by_which_tag(
    billing: Billing, server: Server, clock: ManualClock
) -> None:
    server.service.grant("ann", "export")
    told = server.service.project.told("ann")
    server.say(success({"results": [{**told.body, "max_age": 7, "etag": told.etag}]}))
    billing.prefetch(["ann"])
    clock.advance(6.9)
    assert billing.can("ann", "export")
    assert server.count() == 0
    clock.advance(0.1)
    assert billing.can("ann", "export")
    assert server.service.seen[-1].headers["if-none-match"] == told.etag


# -- stale while it is revalidated


def test_a_stale_answer_is_served_at_once_while_one_refresh_runs(
    a_billing: MakeBilling, server: Server, clock: ManualClock
) -> None:
    billing = a_billing(stale_while_revalidate=30, **PATIENT)
    server.service.grant("ann", "export")
    assert not billing.check("ann", "export").stale
    server.service.revoke("ann", "export")
    clock.advance(60)
    with server.held():
        for _ in range(100):
            found = billing.check("ann", "export")
            assert (found.allowed, found.stale) == (True, True)
        server.wait_for_held()
        assert server.count() == 2
    until(lambda: not billing.can("ann", "export"))
    assert not billing.check("ann", "export").stale
    assert server.count() == 2


def test_after_the_window_nothing_stale_is_served(
    a_billing: MakeBilling, server: Server, clock: ManualClock
) -> None:
    billing = a_billing(stale_while_revalidate=30)
    server.service.grant("ann", "export")
    billing.can("ann", "export")
    server.service.revoke("ann", "export")
    clock.advance(90)
    assert not billing.can("ann", "export")


def test_what_has_ended_is_not_served_stale(
    a_billing: MakeBilling, server: Server, clock: ManualClock
) -> None:
    billing = a_billing(stale_while_revalidate=1000)
    server.service.grant("ann", "export", lasts=100)
    billing.can("ann", "export")
    clock.advance(99)
    until(lambda: not billing.check("ann", "export").stale)
    server.service.grant("ann", "export", lasts=500)
    clock.advance(1)
    assert billing.check("ann", "export").allowed, "the renewal is waited for"


def test_a_refresh_that_fails_keeps_what_is_known(
    a_billing: MakeBilling, server: Server, clock: ManualClock
) -> None:
    billing = a_billing(stale_while_revalidate=30, stale_if_error=300)
    server.service.grant("ann", "export")
    billing.can("ann", "export")
    server.service.cut()
    clock.advance(60)
    assert billing.can("ann", "export")
    until(lambda: server.count() > 1)
    clock.advance(200)
    assert billing.check("ann", "export").stale
    server.service.heal()
    clock.advance(5)
    until(lambda: not billing.check("ann", "export").stale)


def test_a_refresh_that_is_refused_is_told(
    a_billing: MakeBilling, server: Server, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    billing = a_billing(stale_while_revalidate=30)
    billing.can("ann", "export")
    server.service.fail(401, "unauthenticated")
    clock.advance(60)
    assert not billing.can("ann", "export")
    until(lambda: "refuses a refresh" in caplog.text)
    assert "bk_test" not in caplog.text


# -- memory


def test_the_least_recently_asked_for_leaves_first(a_billing: MakeBilling, server: Server) -> None:
    billing = a_billing(most_users=3)
    for user in ("a", "b", "c", "a", "d"):
        billing.can(user, "export")
    assert server.count() == 4
    billing.can("a", "export")
    assert server.count() == 4
    billing.can("b", "export")
    assert server.count() == 5


def test_memory_is_bounded_by_users(a_billing: MakeBilling, server: Server) -> None:
    billing = a_billing(most_users=50)
    billing.prefetch(f"user-{number}" for number in range(1000))
    for number in range(1000):
        billing.invalidate(f"user-{number}", number)
    assert len(billing._core.cache) <= 50
    assert len(billing._core.cache._fences) <= 50


# -- invalidation


def test_an_invalidation_is_seen_at_once(billing: Billing, server: Server) -> None:
    server.service.grant("ann", "export")
    billing.can("ann", "export")
    revision = server.service.revoke("ann", "export")
    billing.invalidate("ann", revision)
    assert not billing.can("ann", "export")


def test_news_that_are_known_already_cost_nothing(billing: Billing, server: Server) -> None:
    first = server.service.grant("ann", "export")
    server.service.grant("ann", "sync")
    billing.can("ann", "export")
    billing.invalidate("ann", first)
    billing.can("ann", "export")
    assert server.count() == 1


def test_news_of_the_same_revision_are_news(billing: Billing, server: Server) -> None:
    revision = server.service.grant("ann", "export")
    billing.can("ann", "export")
    billing.invalidate("ann", revision)
    billing.can("ann", "export")
    assert server.count() == 2


def test_an_older_answer_is_used_and_not_kept(
    billing: Billing, server: Server, clock: ManualClock
) -> None:
    server.service.grant("ann", "export")
    billing.invalidate("ann", 7)
    for asked in (1, 2):
        assert billing.can("ann", "export")
        assert server.count() == asked
    clock.advance(61)
    billing.can("ann", "export")
    billing.can("ann", "export")
    assert server.count() == 3, "a restored table does not keep its users out of the cache"


def test_from_the_system_clock_an_answer_is_served_in_no_time(server: Server) -> None:
    server.clock.advance(time.time() - server.clock.now())
    with Billing(server.url, "bk_test_fake", policy=Policy()) as billing:
        server.service.grant("ann", "export", lasts=3600)
        assert billing.can("ann", "export")
        assert billing.can("ann", "export")
        assert server.count() == 1
