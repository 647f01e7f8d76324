"""What both clients share: everything between a question and the decision to do I/O."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import httpx

from billing_client import wire
from billing_client.attempts import Attempts, Breaker, Send, attempts
from billing_client.cache import Cache, Entry, Standing, standing_of
from billing_client.clock import Clock, SystemClock
from billing_client.errors import BillingError, Unavailable
from billing_client.model import UNAVAILABLE, Decision, Entitlements, decide
from billing_client.policy import Policy

logger = logging.getLogger("billing_client")

USER_AGENT = "billing-client/0.1"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Next(Enum):
    """What to do about a question."""

    SERVE = "answer from what is known"
    REFRESH = "answer from what is known, and ask behind"
    ASK = "ask, and answer by what comes"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a user, and what to do; `known` is `None` where nothing may be used."""

    known: Entitlements | None
    next: Next
    is_stale: bool = True


class Core:
    """The state of a client and its rules; `Billing` and `AsyncBilling` add the I/O."""

    def __init__(
        self, base_url: str, api_key: str, policy: Policy | None, clock: Clock | None
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"base_url is not an http(s) address: {base_url!r}")
        if not api_key or not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            raise ValueError("api_key is empty, or has what no key has")
        self.base_url = base_url.rstrip("/")
        self.policy = policy or Policy()
        self.clock: Clock = clock or SystemClock()
        self.cache = Cache(self.policy.most_users)
        self.breaker = Breaker(self.policy.cool_down, self.clock)
        self._api_key = api_key

    def http_options(self) -> dict[str, Any]:
        """Return what the HTTP client is built with."""
        return {
            "base_url": self.base_url,
            "headers": {"Authorization": f"Bearer {self._api_key}", "User-Agent": USER_AGENT},
            "trust_env": not is_local(self.base_url),
        }

    def timeouts(self, send: Send) -> httpx.Timeout:
        """Return how long one attempt may take to connect, to send, and to answer."""
        return httpx.Timeout(send.timeout)

    def reading(self, request: wire.Request) -> Attempts:
        """Send a read with its attempts."""
        policy = self.policy
        return attempts(
            request, budget=policy.read_budget, timeout=policy.attempt_timeout, clock=self.clock
        )

    def writing(self, request: wire.Request) -> Attempts:
        """Send a checkout or a portal with its attempts: Stripe is asked behind, which is slow."""
        budget = self.policy.write_budget
        return attempts(request, budget=budget, timeout=budget, clock=self.clock)

    # -- questions

    def fresh(self, user_id: str) -> Entitlements | None:
        """Return what is known of a user where nothing is to be asked: the common case, first."""
        entry = self.cache.get(user_id)
        if entry is None or self.clock.monotonic() - entry.asked_at >= entry.max_age:
            return None
        return entry.known

    def plan(self, user_id: str) -> Plan:
        """Decide how to answer a question about a user of whom nothing fresh is known."""
        entry = self.cache.get(user_id)
        standing = self._standing(entry)
        known = entry.known if entry and standing is not Standing.UNUSABLE else None
        if standing is Standing.FRESH:  # another thread was faster
            return Plan(known, Next.SERVE, is_stale=False)
        if standing is Standing.STALE:
            return Plan(known, Next.REFRESH)
        if known and self.breaker.is_failing:
            return Plan(known, Next.REFRESH)
        return Plan(known, Next.ASK if self.breaker.may_try() else Next.SERVE)

    def last_known(self, user_id: str) -> Entitlements | None:
        """Return the answer to be used while the service gives none, if there is one."""
        entry = self.cache.get(user_id)
        return entry.known if entry and self._standing(entry) is not Standing.UNUSABLE else None

    def _standing(self, entry: Entry | None) -> Standing:
        return standing_of(entry, self.policy, self.clock.monotonic(), self.clock.now())

    def decision(self, known: Entitlements | None, feature_code: str, *, stale: bool) -> Decision:
        """Decide by what is known, or by the feature's fail policy where nothing is."""
        if known is None:
            is_open = feature_code in self.policy.fail_open
            return Decision(is_open, None, UNAVAILABLE, None, stale=True)
        return decide(known, feature_code, self.clock.now(), stale=stale)

    def as_of_now(self, known: Entitlements | None, *, stale: bool) -> Entitlements:
        """Return what is active of what is known.

        Raises:
            Unavailable: nothing is known.
        """
        if known is None:
            raise Unavailable("the service does not answer, and nothing is known of the user")
        return known.at(self.clock.now(), is_stale=stale)

    # -- answers

    def entry(self, user_id: str, reply: wire.Reply, old: Entry | None, asked_at: float) -> Entry:
        """Turn an answer about a user into an entry.

        Raises:
            Unavailable: the answer cannot be read.
        """
        age = wire.max_age(reply)
        if reply.status == 304:
            if old is None:
                raise Unavailable("304 to a question without a tag", code="unreadable_answer")
            return Entry(old.known, old.etag, asked_at, age)
        known = wire.entitlements(reply, user_id)
        return Entry(known, reply.headers.get("etag"), asked_at, age)

    def to_learn(self, user_ids: Iterable[str]) -> Iterator[Sequence[str]]:
        """Cut those of whom nothing fresh is known into as many as one batch takes."""
        users = [user for user in dict.fromkeys(user_ids) if self.fresh(user) is None]
        for start in range(0, len(users), wire.BATCH):
            if not self.breaker.may_try():
                return
            yield users[start : start + wire.BATCH]

    def keep_batch(self, results: Iterable[wire.Batched], ticket: int, asked_at: float) -> None:
        """Keep what a batch answered."""
        for each in results:
            entry = Entry(each.known, each.etag, asked_at, each.max_age)
            self.cache.store(entry, ticket, self.clock.monotonic())

    def succeeded(self) -> None:
        """Take note of a read that was answered."""
        if self.breaker.is_failing:
            logger.warning("the billing service answers again")
            self.breaker.succeeded()

    def failed(self, error: BillingError) -> None:
        """Take note of a read that failed."""
        if not isinstance(error, Unavailable):  # it refuses, so it is there
            self.succeeded()
            return
        if not self.breaker.is_failing:
            logger.warning("the billing service does not answer: %s", error)
        self.breaker.failed(error)

    def renew_locks(self) -> None:
        """Make what a fork may have left locked anew, in the child."""
        self.cache.renew_locks()
        self.breaker.renew_lock()


def is_local(url: str) -> bool:
    """Whether a service is on this machine, so that no proxy stands before it."""
    return urlsplit(url).hostname in LOOPBACK


def unreachable(error: httpx.HTTPError) -> Unavailable:
    """Name what kept an answer from coming."""
    is_late = isinstance(error, httpx.TimeoutException)
    word = "did not answer in time" if is_late else "cannot be reached"
    code = "timeout" if is_late else "unreachable"
    return Unavailable(f"the billing service {word} ({type(error).__name__})", code=code)


def log_refusal(flight: Future[Entitlements] | asyncio.Future[Entitlements]) -> None:
    """Tell of a refresh that was refused, which nobody waits for and may hear of otherwise."""
    error = None if flight.cancelled() else flight.exception()
    if error is not None and not isinstance(error, Unavailable):
        logger.error("the billing service refuses a refresh: %s", error)
