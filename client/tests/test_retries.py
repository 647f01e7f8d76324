"""When it tries again, for how long, and when it leaves a dead service alone."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_client import Billing, Policy, RateLimited, Unavailable
from billing_client.testing import ManualClock
from billing_client.testing.replies import problem, success
from billing_client.testing.service import KEY
from billing_client.wire import Reply
from client.tests.conftest import PATIENT, MakeBilling
from client.tests.support.server import Server
from client.tests.support.subjects import until


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_tried_again(billing: Billing, server: Server, status: int) -> None:
    server.service.grant("ann", "export")
    server.service.fail(status, times=2)
    found = billing.check("ann", "export")
    assert (found.allowed, found.stale) == (True, False)
    assert server.count() == 3


def test_a_cut_connection_is_tried_again(billing: Billing, server: Server) -> None:
    server.service.grant("ann", "export")
    server.service.cut(times=3)
    assert billing.can("ann", "export")


def test_a_defect_is_not_tried_again(billing: Billing, server: Server) -> None:
    server.service.fail(500, "internal_error")
    with pytest.raises(Unavailable) as caught:
        billing.token("ann")
    assert (caught.value.code, caught.value.status) == ("internal_error", 500)
    assert server.count() == 1


def test_pauses_grow_are_jittered_and_stay_within_the_budget(
    a_billing: MakeBilling, server: Server, clock: ManualClock
) -> None:
    billing = a_billing(read_budget=10)
    server.service.fail()
    started = clock.monotonic()
    billing.can("ann", "export")
    assert clock.monotonic() - started <= 10
    assert len(clock.pauses) == server.count() - 1 > 8
    assert len(set(clock.pauses)) == len(clock.pauses)
    for pause, longest in zip(clock.pauses, [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0], strict=False):
        assert longest / 2 <= pause <= longest


def test_retry_after_is_kept_to(billing: Billing, server: Server, clock: ManualClock) -> None:
    server.service.grant("ann", "export")
    server.service.fail(429, times=1, retry_after=2)
    assert billing.can("ann", "export")
    assert 2 < clock.pauses[0] < 2.1


def test_what_does_not_fit_the_budget_is_not_waited_for(
    billing: Billing, server: Server, clock: ManualClock
) -> None:
    server.service.fail(429, "too_many_requests", retry_after=30)
    with pytest.raises(RateLimited) as caught:
        billing.token("ann")
    assert caught.value.retry_after == 30
    assert clock.pauses == []


def test_a_checkout_that_spent_its_hour_says_so_at_once_and_checks_go_on(
    billing: Billing, server: Server, clock: ManualClock
) -> None:
    server.service.grant("ann", "export")
    server.service.fail(429, "too_many_requests", times=1, retry_after=3000)
    with pytest.raises(RateLimited) as caught:
        billing.portal("ann", return_url="https://app.test/account")
    assert (caught.value.code, caught.value.retry_after) == ("too_many_requests", 3000)
    assert clock.pauses == []
    assert billing.check("ann", "export").stale is False


def test_a_retry_after_longer_than_the_cool_down_is_kept_to(
    a_billing: MakeBilling, server: Server, clock: ManualClock
) -> None:
    billing = a_billing(cool_down=5)
    server.service.fail(503, retry_after=40)
    billing.can("ann", "export")
    server.service.heal()
    clock.advance(39)
    billing.can("ann", "export")
    assert server.count() == 1
    clock.advance(1)
    assert billing.check("ann", "export").reason == "not_entitled"


def test_after_the_cool_down_one_tries_and_the_others_go_on_without(
    a_billing: MakeBilling, server: Server, clock: ManualClock
) -> None:
    billing = a_billing(cool_down=5, **PATIENT)
    server.service.fail(500)
    billing.can("ann", "export")
    server.service.heal()
    clock.advance(5)
    with ThreadPoolExecutor(1) as pool:
        with server.held():
            first = pool.submit(billing.check, "ann", "export")
            server.wait_for_held()
            for number in range(20):
                assert billing.check(f"user-{number}", "export").reason == "unavailable"
        assert first.result(10).reason == "not_entitled"
    assert server.count() == 2
    assert billing.check("bob", "export").reason == "not_entitled"


def test_with_a_last_known_answer_nobody_waits_for_a_dead_service(
    a_billing: MakeBilling, server: Server, clock: ManualClock
) -> None:
    billing = a_billing(cool_down=5, **PATIENT)
    server.service.grant("ann", "export")
    billing.can("ann", "export")
    server.service.cut()
    clock.advance(60)
    billing.can("ann", "export")
    clock.advance(5)
    server.service.heal()
    with server.held():
        found = billing.check("ann", "export")
        assert (found.allowed, found.stale) == (True, True)
        server.wait_for_held()
    until(lambda: not billing.check("ann", "export").stale)


def test_an_outage_is_logged_once_and_without_the_key(
    billing: Billing, server: Server, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "billing_client")
    server.service.cut()
    for number in range(10):
        billing.can(f"user-{number}", "export")
        clock.advance(2)
    server.service.heal()
    clock.advance(5)
    billing.can("ann", "export")
    told = [record.message.partition(":")[0] for record in caplog.records]
    assert told == [
        "the billing service does not answer",
        "the billing service answers again",
    ]
    assert KEY not in caplog.text


# -- what is no answer of the service


STRANGE = [
    Reply(200, {"content-type": "text/html"}, b"<html>Log in to the Wi-Fi</html>"),
    Reply(200, {}, b""),
    Reply(200, {}, b"[]"),
    Reply(200, {}, b"\xff\xfe"),
    Reply(302, {"location": "https://elsewhere.test"}, b""),
    Reply(304, {}, b""),
    success({"user_id": "bob", "project_id": "test", "entitlements": [], "revision": 1,
             "checked_at": "2026-03-02T12:00:00Z"}),
    success({"user_id": "ann", "project_id": "test", "entitlements": [{"feature_code": "x"}],
             "revision": 1, "checked_at": "2026-03-02T12:00:00Z"}),
    success({"user_id": "ann", "project_id": "test", "entitlements": [], "revision": 1,
             "checked_at": "2026-03-02T12:00:00"}),
]  # fmt: skip


@pytest.mark.parametrize("reply", STRANGE, ids=str)
def test_what_cannot_be_read_counts_as_no_answer(
    billing: Billing, server: Server, reply: Reply
) -> None:
    server.say(reply)
    assert billing.check("ann", "export").reason == "unavailable"
    assert server.count() == 1


@pytest.mark.parametrize("content", [b"", b"Bad gateway", b"[1]", b'{"errors": [1, 2]}'])
def test_an_error_that_is_no_problem_json_is_told_by_its_status(
    billing: Billing, server: Server, content: bytes
) -> None:
    server.say(Reply(403, {"x-request-id": "req-1"}, content))
    with pytest.raises(Exception, match="http_403") as caught:
        billing.can("ann", "export")
    assert type(caught.value).__name__ == "Forbidden"
    assert getattr(caught.value, "request_id", None) == "req-1"


def test_an_error_of_no_known_status_is_an_error(billing: Billing, server: Server) -> None:
    server.say(problem(418, "teapot"))
    with pytest.raises(Exception, match="teapot") as caught:
        billing.can("ann", "export")
    assert type(caught.value).__name__ == "BillingError"


# -- a socket that says nothing


@pytest.fixture
def mute() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_service_that_says_nothing_is_waited_for_so_long(mute: str, clock: ManualClock) -> None:
    policy = Policy(attempt_timeout=0.05, read_budget=0)
    with Billing(mute, KEY, policy=policy, clock=clock) as billing:
        assert billing.check("ann", "export").reason == "unavailable"
        with pytest.raises(Unavailable) as caught:
            billing.token("ann")
    assert caught.value.code == "timeout"


# -- what is configured wrongly


@pytest.mark.parametrize("url", ["", "billing.test", "ftp://billing.test", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Billing(url, KEY)


@pytest.mark.parametrize("key", ["", "two words", "ké", "a\nb"])
def test_a_key_that_is_none_is_refused_and_not_told(key: str) -> None:
    with pytest.raises(ValueError, match="api_key"):
        Billing("https://billing.test", key)


def test_a_policy_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="fail_open"):
        Policy(fail_open="export")
    with pytest.raises(ValueError, match="negative"):
        Policy(cool_down=-1)
    with pytest.raises(ValueError, match="most_users"):
        Policy(most_users=0)
