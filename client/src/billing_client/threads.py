"""How threads find out: one request a user at a time, refreshes behind, alive after a fork."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import httpx

from billing_client import core, wire
from billing_client.attempts import Attempts, Pause
from billing_client.errors import BillingError, Unavailable
from billing_client.forks import renew_after_fork
from billing_client.model import Entitlements

_Read = TypeVar("_Read")

REFRESHING_THREADS = 4
"""More refreshes than these wait for one another."""


class ThreadEngine:
    """Does the I/O of a `Billing`."""

    def __init__(self, shared: core.Core, transport: httpx.BaseTransport | None) -> None:
        self._core = shared
        self._transport = transport
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin with fresh locks, connections and workers: at first, and in a forked child.

        What the parent has open is let go without a word, since the sockets are the parent's.
        """
        self._core.renew_locks()
        self._lock = threading.Lock()
        self._flights: dict[str, Future[Entitlements]] = {}
        self._http: httpx.Client | None = None
        self._workers: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """Close what is open, after the refreshes that are under way."""
        with self._lock:
            http, self._http = self._http, None
            workers, self._workers = self._workers, None
        if workers:
            workers.shutdown(wait=True, cancel_futures=True)
        if http:
            http.close()

    def known(self, user_id: str) -> tuple[Entitlements | None, bool]:
        """Find what is known, asking for it where that is due; and whether it is stale.

        Raises:
            BillingError: the service refuses the question.
        """
        fresh = self._core.fresh(user_id)
        if fresh is not None:
            return fresh, False
        plan = self._core.plan(user_id)
        if plan.next is core.Next.ASK:
            try:
                return self._ask(user_id), False
            except Unavailable:
                return self._core.last_known(user_id), True
        if plan.next is core.Next.REFRESH:
            self._refresh(user_id)
        return plan.known, plan.is_stale

    def learn(self, users: Sequence[str]) -> None:
        """Ask about up to a hundred users at once."""
        ticket, asked_at = self._core.cache.ticket(), self._core.clock.monotonic()
        results = self._read(wire.post_batch(users), wire.batch)
        self._core.keep_batch(results, ticket, asked_at)

    def forget(self, user_id: str, revision: int | None) -> None:
        """Forget a user; who asks from now on does not wait for an answer from before."""
        self._core.cache.invalidate(user_id, revision, self._core.clock.monotonic())
        with self._lock:
            self._flights.pop(user_id, None)

    def _ask(self, user_id: str) -> Entitlements:
        """Ask the service, or wait for the thread that is asking already."""
        flight, is_ours = self._board(user_id)
        if is_ours:
            self._fly(user_id, flight)
        return flight.result()

    def _refresh(self, user_id: str) -> None:
        """Ask in the background, unless that is under way or not to be tried yet."""
        if user_id in self._flights or not self._core.breaker.may_try():
            return
        flight, is_ours = self._board(user_id)
        if not is_ours:
            return
        flight.add_done_callback(core.log_refusal)
        try:
            self._background().submit(self._fly, user_id, flight)
        except RuntimeError:  # the interpreter is on its way out
            self._land(user_id, flight)

    def _board(self, user_id: str) -> tuple[Future[Entitlements], bool]:
        with self._lock:
            flight = self._flights.get(user_id)
            if flight is not None:
                return flight, False
            flight = self._flights[user_id] = Future()
            return flight, True

    def _fly(self, user_id: str, flight: Future[Entitlements]) -> None:
        try:
            flight.set_result(self._fetch(user_id))
        except Exception as error:  # noqa: BLE001 - whoever waits for the flight raises it
            flight.set_exception(error)
        finally:
            self._land(user_id, flight)

    def _land(self, user_id: str, flight: Future[Entitlements]) -> None:
        if not flight.done():  # an exit or a greenlet's end, which is not that of those who wait
            flight.set_exception(Unavailable("who asked was interrupted", code="interrupted"))
        with self._lock:
            if self._flights.get(user_id) is flight:
                del self._flights[user_id]

    def _fetch(self, user_id: str) -> Entitlements:
        old, ticket = self._core.cache.get(user_id), self._core.cache.ticket()
        asked_at = self._core.clock.monotonic()
        entry = self._read(
            wire.get_entitlements(user_id, old.etag if old else None),
            lambda reply: self._core.entry(user_id, reply, old, asked_at),
        )
        self._core.cache.store(entry, ticket, self._core.clock.monotonic())
        return entry.known

    def _read(self, request: wire.Request, how: Callable[[wire.Reply], _Read]) -> _Read:
        """Send a read, of whose failure the other reads are to know."""
        try:
            found = how(self.run(self._core.reading(request)))
        except BillingError as error:
            self._core.failed(error)
            raise
        self._core.succeeded()
        return found

    def run(self, work: Attempts) -> wire.Reply:
        """Do the attempts of a request.

        Raises:
            BillingError: none succeeded.
        """
        came: wire.Reply | Unavailable | None = None
        while True:
            try:
                step = work.send(came)
            except StopIteration as end:
                reply: wire.Reply = end.value
                return reply
            if isinstance(step, Pause):
                self._core.clock.pause(step.seconds)
                came = None
                continue
            sent, timeout = step.request, self._core.timeouts(step)
            try:
                got = self._connection().request(
                    sent.method,
                    sent.path,
                    headers=sent.headers,
                    content=sent.content,
                    timeout=timeout,
                )
                came = wire.Reply(got.status_code, got.headers, got.content)
            except httpx.HTTPError as error:
                came = core.unreachable(error)

    def _connection(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                self._http = httpx.Client(transport=self._transport, **self._core.http_options())
            return self._http

    def _background(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._workers is None:
                self._workers = ThreadPoolExecutor(REFRESHING_THREADS, "billing-refresh")
            return self._workers
