"""How long a delivery is tried, how it is signed, and when an endpoint is given up."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from billing.domain.delivery import (
    ATTEMPTS,
    MOST_KEPT,
    Attempt,
    Delivery,
    DeliveryState,
    wait_after,
)
from billing.domain.endpoint import (
    SHARE,
    SLOW,
    SLOW_FOR,
    SLOW_SHARE,
    DisabledReason,
    Endpoint,
    SigningSecret,
)
from billing.domain.notification import NotificationType
from billing.domain.signing import headers, new_secret

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)

LONGEST_VISIBILITY = timedelta(hours=12)
"""What SQS can hide a message for."""


def an_endpoint(**fields: object) -> Endpoint:
    fields = {"id": "ep_1", "project_id": "demo", "url": "https://hooks.example.com/", **fields}
    secrets = (SigningSecret(new_secret()),)
    return Endpoint(created_at=NOW, created_by="Ada", **{"secrets": secrets, **fields})  # type: ignore[arg-type]  # a builder


# -- the pace


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_the_waits_grow_and_span_a_day(jitter: float) -> None:
    waits = [wait_after(number, jitter) for number in range(1, ATTEMPTS)]
    assert waits == sorted(waits)
    assert waits[0] <= timedelta(seconds=6)
    assert max(waits) < LONGEST_VISIBILITY
    assert DAY <= sum(waits, timedelta(0)) <= DAY * 1.3
    assert len(waits) >= 5


def test_what_failed_together_is_not_tried_together() -> None:
    assert wait_after(3, 0.0) < wait_after(3, 0.9)


@pytest.mark.parametrize(
    ("status", "is_accepted"), [(200, True), (204, True), (302, False), (410, False), (None, False)]
)
def test_only_a_2xx_is_acceptance(status: int | None, *, is_accepted: bool) -> None:
    assert Attempt(NOW, 1, status).is_accepted is is_accepted


def test_the_latest_attempts_are_kept() -> None:
    delivery = Delivery("msg_1", "ep_1", "demo", "ping", "ping", "{}", NOW)
    for number in range(MOST_KEPT + 5):
        attempt = Attempt(NOW + timedelta(seconds=number), 1, 500)
        delivery = delivery.after(attempt, DeliveryState.PENDING)
    assert len(delivery.attempts) == MOST_KEPT
    assert delivery.attempts[-1].at == NOW + timedelta(seconds=MOST_KEPT + 4)


# -- signatures


def test_the_signature_is_the_specifications() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    at = datetime.fromtimestamp(1614265330, UTC)
    signed = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}', [secret], at)
    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_either_secret_verifies_while_both_sign() -> None:
    old, new, now = new_secret(), new_secret(), datetime.now(UTC)
    signed = headers("msg_1", '{"a":"\u00e9"}', [new, old], now)
    for secret in (old, new):
        assert Webhook(secret).verify('{"a":"\u00e9"}', signed) == {"a": "\u00e9"}


def test_a_secret_is_256_random_bits() -> None:
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32
    assert new_secret() != new_secret()


# -- endpoints


def test_an_endpoint_without_types_wants_everything() -> None:
    assert all(an_endpoint().wants(each, NOW) for each in NotificationType)
    only = an_endpoint(event_types=frozenset({NotificationType.TRIAL_ENDING}))
    assert [each for each in NotificationType if only.wants(each, NOW)] == ["trial.ending"]


def test_an_endpoint_wants_nothing_of_before_it_was_registered() -> None:
    endpoint, told = an_endpoint(), NotificationType.ENTITLEMENTS_CHANGED
    assert [endpoint.wants(told, NOW + by) for by in (-DAY, 0 * DAY, DAY)] == [False, True, True]


def test_an_endpoint_is_given_up_after_three_days_without_success() -> None:
    failing = an_endpoint().failed(NOW).failed(NOW + 2 * DAY)
    assert (failing.is_enabled, failing.failing_since) == (True, NOW)
    given_up = failing.failed(NOW + 3 * DAY)
    assert given_up.disabled_reason is DisabledReason.FAILING
    assert not any(given_up.wants(each, NOW + 3 * DAY) for each in NotificationType)
    assert failing.succeeded().failed(NOW + 3 * DAY).is_enabled


def test_the_first_reason_stays() -> None:
    gone = an_endpoint().disabled(DisabledReason.GONE, NOW)
    assert gone.disabled(DisabledReason.BY_HAND, NOW + DAY) == gone
    assert gone.enabled().is_enabled


def test_the_old_secret_signs_until_the_overlap_ends() -> None:
    before = an_endpoint()
    rotated = before.rotated("whsec_new", NOW, DAY)
    old = before.secrets[0].value
    assert rotated.signing_secrets(NOW) == ["whsec_new", old]
    assert rotated.signing_secrets(NOW + DAY) == ["whsec_new"]
    again = rotated.rotated("whsec_newer", NOW, DAY)
    assert again.signing_secrets(NOW) == ["whsec_newer", "whsec_new"]


# -- its share


def test_an_endpoint_that_took_long_has_a_small_share_for_a_minute() -> None:
    endpoint = an_endpoint()
    assert endpoint.share(NOW) == SHARE
    assert endpoint.after(SLOW - timedelta(milliseconds=1), NOW) == endpoint
    slow = endpoint.after(SLOW, NOW)
    tick = timedelta(microseconds=1)
    assert slow.share(NOW) == slow.share(NOW + SLOW_FOR - tick) == SLOW_SHARE
    assert slow.share(NOW + SLOW_FOR) == SHARE


def test_that_it_is_slow_is_noted_twice_a_minute_at_most() -> None:
    slow = an_endpoint().after(SLOW, NOW)
    assert slow.after(SLOW, NOW + SLOW_FOR / 2 - DAY / 86_400) is slow
    later = NOW + SLOW_FOR / 2
    assert slow.after(SLOW, later).slow_until == later + SLOW_FOR


def test_one_quick_attempt_does_not_make_it_quick() -> None:
    slow = an_endpoint().after(SLOW, NOW)
    assert slow.after(timedelta(milliseconds=40), NOW) is slow
