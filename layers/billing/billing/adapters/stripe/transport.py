"""One HTTP call to Stripe, with its retries, inside a bound of time.

The SDK gives each attempt the whole time-out again, and three of them would outlast the function.
Here all attempts share one budget. The connection is kept between calls.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import stripe

from billing.adapters.traces import line, marks_of
from billing.settings import environment


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that Stripe is waited for.

    The functions that people wait for have 10 s, in which a first checkout makes three calls.

    Attributes:
        connect: for a connection.
        total: for one call with all its retries, and the waits between them.
        worthwhile: less than this left, and another attempt is not begun.
        retries: how often the SDK may try again. Every POST has an idempotency key.
    """

    connect: float = 2.0
    total: float = 3.0
    worthwhile: float = 0.5
    retries: int = 2


SHORT = Timeouts()
"""For what people wait for."""

PATIENT = Timeouts(total=10.0)
"""For what nobody waits for: webhooks and reconciliation."""


class BoundedClient(stripe.RequestsClient):
    """The SDK's own HTTP client, with a deadline for each call."""

    def __init__(self, timeouts: Timeouts, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the bounds and a clock that counts seconds."""
        self._bounded = BoundedSession(timeouts, clock)
        super().__init__(session=self._bounded)

    def request_with_retries(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: object = None,
        max_network_retries: int | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Start the clock for one call and all its attempts.

        Raises:
            stripe.APIError: the answer is an error, but not one of Stripe's.
        """
        self._bounded.start()
        host, path = urlsplit(url).netloc, urlsplit(url).path  # a query may name a person
        asked = {"method": method.upper(), "url": f"https://{host}{path}"}
        with line(environment(), host, namespace="remote", http={"request": asked}) as traced:
            body, status, answered = super().request_with_retries(
                method, url, headers, post_data, max_network_retries, _usage=_usage
            )
            traced["http"]["response"] = {"status": status}
            traced.update(marks_of(status))
        if status >= 400 and not _is_stripes(body):
            raise stripe.APIError(
                "The error is not Stripe's.", http_status=status, headers=dict(answered)
            )
        return body, status, answered


def _is_stripes(body: str | bytes) -> bool:
    """Whether it is an error as Stripe writes it; on others the SDK fails with AttributeError."""
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return isinstance(answer, dict) and isinstance(answer.get("error"), dict)


class BoundedSession(requests.Session):
    """A pool of kept connections, whose time-outs are what is left of the present call's time."""

    def __init__(self, timeouts: Timeouts, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the bounds and a clock that counts seconds."""
        super().__init__()
        self._timeouts = timeouts
        self._clock = clock
        self._call = threading.local()

    def start(self) -> None:
        """Begin the time of this thread's call."""
        self._call.deadline = self._clock() + self._timeouts.total

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - passed on
        """Make one attempt.

        Raises:
            TimeoutError: too little time is left for it; the SDK does not try again after this.
        """
        left = self._call.deadline - self._clock()
        if left < self._timeouts.worthwhile:
            raise TimeoutError("no time is left for another attempt")
        kwargs["timeout"] = (min(self._timeouts.connect, left), left)
        return super().request(*args, **kwargs)
