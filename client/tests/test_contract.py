"""What every client does, the doubles too: an app's tests hold for the real one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from billing_client import (
    AlreadySubscribed,
    InvalidInput,
    Policy,
    Unauthenticated,
    Unavailable,
    UnknownCustomer,
    Verifier,
)
from billing_client.errors import NotFound, RateLimited
from client.tests.support.server import Server
from client.tests.support.subjects import KINDS, Subject, a_subject

URLS = {"success_url": "https://app.test/done", "cancel_url": "https://app.test/plans"}
ENTITLEMENTS = "/api/v1/entitlements"


@pytest.fixture(params=KINDS)
def a_client(request: pytest.FixtureRequest, server: Server) -> Iterator[Callable[..., Subject]]:
    with ExitStack() as opened:

        def build(**policy: object) -> Subject:
            made = Policy(**policy)  # type: ignore[arg-type] # whatever a test names
            subject = a_subject(request.param, server, made)
            opened.callback(subject.billing.close)
            return subject

        yield build


@pytest.fixture
def subject(a_client: Callable[..., Subject]) -> Subject:
    return a_client()


# -- what may a user do?


def test_a_stranger_may_nothing(subject: Subject) -> None:
    found = subject.billing.check("nobody", "export")
    assert (found.allowed, found.value, found.reason) == (False, None, "not_entitled")
    assert not subject.billing.can("nobody", "export")
    assert not subject.billing.entitlements("nobody").features


def test_a_grant_opens_and_a_revocation_closes(subject: Subject) -> None:
    assert not subject.billing.can("ann", "export")
    subject.service.grant("ann", "export")
    found = subject.billing.check("ann", "export")
    assert (bool(found), found.value, found.reason, found.stale) == (True, True, "granted", False)
    assert "export" in subject.billing.entitlements("ann")
    subject.service.revoke("ann", "export")
    assert not subject.billing.can("ann", "export")


def test_users_are_apart_however_they_are_called(subject: Subject) -> None:
    users = ["a/b?c=d&e", "ü ∆", "x,y", "%2F", "..", "a#b", "x" * 256]
    for user in users[::2]:
        subject.service.grant(user, "export")
    assert [subject.billing.can(user, "export") for user in users] == [
        index % 2 == 0 for index in range(len(users))
    ]


def test_what_is_known_is_not_asked_again(subject: Subject) -> None:
    subject.service.grant("ann", "export")
    for feature in ("export", "sync", "export"):
        subject.billing.can("ann", feature)
    assert len(subject.service.seen) == 1


def test_access_ends_to_the_second_without_a_question(subject: Subject) -> None:
    subject.service.grant("ann", "export", lasts=30)
    ends = subject.billing.check("ann", "export").valid_to
    assert ends is not None
    subject.clock.advance(29.5)
    assert subject.billing.can("ann", "export")
    asked = len(subject.service.seen)
    subject.service.cut()
    subject.clock.advance(0.5)
    assert subject.clock.instant == ends
    found = subject.billing.check("ann", "export")
    assert (found.allowed, found.reason, found.valid_to) == (False, "ended", ends)
    assert len(subject.service.seen) > asked, "it asks, since the news may be a renewal"


def test_access_begins_to_the_second(subject: Subject) -> None:
    subject.service.grant("ann", "export", begins_in=30)
    assert not subject.billing.can("ann", "export")
    subject.clock.advance(30)
    assert subject.billing.can("ann", "export")


def test_a_limit_is_a_number(subject: Subject) -> None:
    subject.service.grant("ann", "devices", 5)
    subject.service.grant("bob", "devices", "unlimited")
    subject.service.grant("ann", "theme", "dark")
    limits = [subject.billing.limit(user, "devices") for user in ("ann", "bob", "eve")]
    assert limits == [5, math.inf, 0]
    assert subject.billing.value("ann", "theme", "light") == "dark"
    assert subject.billing.value("eve", "theme", "light") == "light"
    with pytest.raises(TypeError, match="no limit"):
        subject.billing.limit("ann", "theme")


def test_the_service_itself_explains(subject: Subject) -> None:
    assert subject.billing.explain("ann", "export").reason == "not_held"
    subject.service.grant("ann", "export", lasts=30)
    found = subject.billing.explain("ann", "export")
    assert (found.allowed, found.reason) == (True, "granted")
    assert found.valid_to == subject.billing.check("ann", "export").valid_to


def test_a_prefetch_asks_for_many_at_once_and_for_each_once(subject: Subject) -> None:
    users = [f"user-{number}" for number in range(150)]
    for user in users[::2]:
        subject.service.grant(user, "export")
    subject.billing.prefetch([*users, *users])
    assert [subject.billing.can(user, "export") for user in users] == [True, False] * 75
    subject.billing.prefetch(users)
    assert [seen.path for seen in subject.service.seen] == [f"{ENTITLEMENTS}/batch"] * 2


def test_what_is_prefetched_holds_no_longer_than_what_was_asked_for(subject: Subject) -> None:
    subject.service.grant("ann", "export", lasts=30)
    subject.billing.prefetch(["ann", "bob"])
    subject.clock.advance(30)
    assert not subject.billing.can("ann", "export")
    assert len(subject.service.seen) == 2
    assert not subject.billing.can("bob", "export")
    assert len(subject.service.seen) == 2
    subject.clock.advance(30)
    assert not subject.billing.can("bob", "export")
    assert len(subject.service.seen) == 3


def test_what_is_prefetched_is_revalidated_by_its_tag(subject: Subject) -> None:
    subject.service.grant("ann", "export")
    subject.billing.prefetch(["ann"])
    subject.clock.advance(60)
    assert subject.billing.can("ann", "export")
    assert subject.service.seen[-1].headers["if-none-match"] == 'W/"1-1-0"'


def test_a_snapshot_is_verified_without_the_service(subject: Subject) -> None:
    subject.service.grant("ann", "export", lasts=1000)
    token = subject.billing.token("ann")
    signer = subject.service.project.signer
    verifier = Verifier(
        "http://billing.test",
        issuer=signer.issuer,
        audience=signer.audience,
        clock=subject.clock,
        transport=_transport(subject),
    )
    found = verifier.verify(token)
    assert (found.user_id, found.project_id, found.revision) == ("ann", "test", 1)
    assert found.features.keys() == {"export"}


def _transport(subject: Subject) -> httpx.MockTransport:

    return httpx.MockTransport(subject.service.handle)


# -- what leads to money


def test_a_checkout_that_is_paid_opens(subject: Subject) -> None:
    started = subject.billing.checkout("ann", "pro", **URLS, quantity=2, metadata={"from": "ad"})
    assert started.url.startswith("https://")
    assert started.expires_at > subject.clock.instant
    assert subject.service.seen[-1].json == {
        "user_id": "ann",
        "price_id": "pro",
        "mode": "subscription",
        **URLS,
        "quantity": 2,
        "metadata": {"from": "ad"},
    }
    subject.service.pay(started.session_id)
    assert subject.billing.limit("ann", "devices") == 5
    with pytest.raises(AlreadySubscribed) as caught:
        subject.billing.checkout("ann", "pro", **URLS)
    assert (caught.value.status, caught.value.code) == (409, "already_subscribed")


def test_a_checkout_whose_answer_is_lost_is_the_same_checkout(subject: Subject) -> None:
    subject.service.cut(times=1)
    subject.service.fail(times=1)
    subject.billing.checkout("ann", "pro", **URLS)
    keys = [seen.headers["idempotency-key"] for seen in subject.service.seen]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    subject.billing.checkout("ann", "pro", **URLS)
    assert subject.service.seen[-1].headers["idempotency-key"] not in keys


def test_an_own_key_makes_two_calls_one(subject: Subject) -> None:
    calls = [
        subject.billing.checkout("ann", "pro", **URLS, idempotency_key="order-1") for _ in range(2)
    ]
    assert calls[0] == calls[1]
    assert calls[0].idempotency_key == "order-1"


def test_the_portal_opens_for_a_customer(subject: Subject) -> None:
    with pytest.raises(UnknownCustomer):
        subject.billing.portal("ann", "https://app.test/account")
    subject.billing.checkout("ann", "pro", **URLS)
    assert subject.billing.portal("ann", "https://app.test/account").url


def test_what_is_wrong_with_the_input_is_told(subject: Subject) -> None:
    with pytest.raises(InvalidInput) as caught:
        subject.billing.checkout("ann", "unknown", **URLS)
    error = caught.value
    assert (error.status, error.code, error.errors[0].field) == (422, "invalid_input", "price_id")
    assert error.request_id
    assert error.request_id in str(error)
    for user in ("", "x" * 257):
        with pytest.raises(InvalidInput):
            subject.billing.can(user, "export")


def test_what_cannot_even_be_sent_is_refused_alike(subject: Subject) -> None:
    with pytest.raises(InvalidInput) as caught:
        subject.billing.can("\ud800", "export")
    assert caught.value.errors[0].field == "user_id"
    for key in ("", "é", "two words", "x" * 256):
        with pytest.raises(InvalidInput, match="Idempotency-Key"):
            subject.billing.checkout("ann", "pro", **URLS, idempotency_key=key)
    assert subject.service.seen == []


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(401, "unauthenticated", Unauthenticated), (404, "no_such_route", NotFound)],
)
def test_a_refusal_is_raised_and_never_taken_for_a_no(
    subject: Subject, status: int, code: str, kind: type[Exception]
) -> None:
    subject.service.fail(status, code)
    with pytest.raises(kind):
        subject.billing.can("ann", "export")
    assert len(subject.service.seen) == 1


# -- when the service is down


@pytest.fixture(params=["cut", 500, 503, 429])
def trouble(request: pytest.FixtureRequest) -> Callable[[Subject], None]:
    def begin(subject: Subject) -> None:
        if request.param == "cut":
            subject.service.cut()
        else:
            subject.service.fail(request.param)

    return begin


def test_of_whom_nothing_is_known_the_policy_decides(
    a_client: Callable[..., Subject], trouble: Callable[[Subject], None]
) -> None:
    subject = a_client(fail_open={"sync"})
    trouble(subject)
    closed, opened = (subject.billing.check("ann", code) for code in ("export", "sync"))
    assert (closed.allowed, closed.reason, closed.stale) == (False, "unavailable", True)
    assert (opened.allowed, opened.reason, opened.value) == (True, "unavailable", None)
    assert subject.billing.limit("ann", "sync") == math.inf
    assert subject.billing.value("ann", "sync", 3) == 3
    with pytest.raises(Unavailable):
        subject.billing.entitlements("ann")


def test_the_last_known_answer_is_used_as_long_as_allowed(
    a_client: Callable[..., Subject], trouble: Callable[[Subject], None]
) -> None:
    subject = a_client(stale_if_error=600, fail_open={"sync"})
    subject.service.grant("ann", "export")
    assert subject.billing.can("ann", "export")
    trouble(subject)
    subject.clock.advance(100)
    found = subject.billing.check("ann", "export")
    assert (found.allowed, found.reason, found.stale) == (True, "granted", True)
    assert not subject.billing.can("ann", "sync"), "what is known is better than a policy"
    assert subject.billing.entitlements("ann").is_stale
    subject.clock.advance(600)
    assert subject.billing.check("ann", "export").reason == "unavailable"


def test_the_last_known_answer_never_outlives_the_entitlement(subject: Subject) -> None:
    subject.service.grant("ann", "export", lasts=100)
    assert subject.billing.can("ann", "export")
    subject.service.cut()
    subject.clock.advance(90)
    assert subject.billing.can("ann", "export")
    subject.clock.advance(10)
    assert subject.billing.check("ann", "export").reason == "ended"


def test_a_dead_service_is_left_alone_for_a_while(
    a_client: Callable[..., Subject], trouble: Callable[[Subject], None]
) -> None:
    subject = a_client(cool_down=20)
    trouble(subject)
    subject.billing.can("ann", "export")
    asked = len(subject.service.seen)
    for number in range(50):
        subject.billing.can(f"user-{number}", "export")
        subject.billing.prefetch([f"user-{number}"])
    assert len(subject.service.seen) == asked
    subject.service.heal()
    subject.service.grant("ann", "export")
    assert not subject.billing.can("ann", "export")
    subject.clock.advance(20)
    assert subject.billing.can("ann", "export")
    assert not subject.billing.check("ann", "export").stale


def test_money_is_asked_for_even_then(subject: Subject) -> None:
    subject.service.fail(times=100)
    subject.billing.can("ann", "export")
    subject.service.heal()
    assert subject.billing.checkout("ann", "pro", **URLS).url


def test_a_money_call_that_fails_says_so(subject: Subject) -> None:
    subject.service.fail(429, "too_many_requests", retry_after=1)
    with pytest.raises(RateLimited) as caught:
        subject.billing.portal("ann", "https://app.test/account")
    assert caught.value.retry_after == 1
    subject.service.heal()
    subject.service.cut()
    with pytest.raises(Unavailable) as unreachable:
        subject.billing.checkout("ann", "pro", **URLS)
    assert unreachable.value.code == "unreachable"
    assert unreachable.value.status is None
