from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from billing.adapters.stripe.transport import PATIENT, SHORT, BoundedSession, Timeouts

BOUNDS = Timeouts(connect=2.0, total=5.0, worthwhile=0.5)


@dataclass
class Seconds:
    """A clock that counts seconds, and stands still."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Wire(requests.adapters.BaseAdapter):
    """Answers everything, and notes the time-outs that it was given."""

    seen: list[Any] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]  # the rest of the arguments are in kwargs
        self.seen.append(kwargs["timeout"])
        response = requests.Response()
        response.status_code = 200
        response.url = str(request.url)
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def session(clock: Seconds, wire: Wire) -> Iterator[BoundedSession]:
    with BoundedSession(BOUNDS, clock) as session:
        session.mount("https://", wire)
        yield session


def test_attempts_share_the_time_of_the_call(
    session: BoundedSession, clock: Seconds, wire: Wire
) -> None:
    session.start()
    session.request("GET", "https://stripe.test/", timeout=80)
    clock.now += 3.5
    session.request("GET", "https://stripe.test/", timeout=80)
    assert wire.seen == [(2.0, 5.0), (1.5, 1.5)]


def test_an_attempt_without_time_is_not_begun(
    session: BoundedSession, clock: Seconds, wire: Wire
) -> None:
    session.start()
    clock.now += 4.6
    with pytest.raises(TimeoutError):
        session.request("GET", "https://stripe.test/")
    assert wire.seen == []


def test_the_next_call_has_its_own_time(
    session: BoundedSession, clock: Seconds, wire: Wire
) -> None:
    session.start()
    clock.now += 60
    session.start()
    session.request("GET", "https://stripe.test/")
    assert wire.seen == [(2.0, 5.0)]


def test_three_calls_fit_into_a_function_that_people_wait_for() -> None:
    assert 3 * SHORT.total < 10 < PATIENT.total + 1
