"""How tasks find out: one request a user at a time, refreshes behind, alive after a fork."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import httpx

from billing_client import core, wire
from billing_client.attempts import Attempts, Pause
from billing_client.errors import BillingError, Unavailable
from billing_client.forks import renew_after_fork
from billing_client.model import Entitlements

_Read = TypeVar("_Read")


class TaskEngine:
    """Does the I/O of an `AsyncBilling`.

    It belongs to the event loop in which it is used, and begins anew in another one: what is
    known stays, connections and requests on their way do not.
    """

    def __init__(self, shared: core.Core, transport: httpx.AsyncBaseTransport | None) -> None:
        self._core = shared
        self._transport = transport
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin with fresh locks and connections: at first, in a forked child, in another loop."""
        self._core.renew_locks()
        self._flights: dict[str, asyncio.Task[Entitlements]] = {}
        self._http: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def close(self) -> None:
        """Give up what is on its way, and close what is open."""
        for flight in self._flights.values():
            flight.cancel()
        self._flights.clear()
        http, self._http = self._http, None
        if http:
            await http.aclose()

    async def known(self, user_id: str) -> tuple[Entitlements | None, bool]:
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
                # The flight is everybody's: who is cancelled leaves it to the others.
                return await asyncio.shield(self._flight(user_id)), False
            except Unavailable:
                return self._core.last_known(user_id), True
        if plan.next is core.Next.REFRESH:
            self._refresh(user_id)
        return plan.known, plan.is_stale

    async def learn(self, users: Sequence[str]) -> None:
        """Ask about up to a hundred users at once."""
        ticket, asked_at = self._core.cache.ticket(), self._core.clock.monotonic()
        results = await self._read(wire.post_batch(users), wire.batch)
        self._core.keep_batch(results, ticket, asked_at)

    def forget(self, user_id: str, revision: int | None) -> None:
        """Forget a user; who asks from now on does not wait for an answer from before."""
        self._core.cache.invalidate(user_id, revision, self._core.clock.monotonic())
        self._flights.pop(user_id, None)

    def _refresh(self, user_id: str) -> None:
        """Ask in the background, unless that is under way or not to be tried yet."""
        self._here()
        if user_id not in self._flights and self._core.breaker.may_try():
            self._flight(user_id).add_done_callback(core.log_refusal)

    def _flight(self, user_id: str) -> asyncio.Task[Entitlements]:
        loop = self._here()
        flight = self._flights.get(user_id)
        if flight is None:
            flight = self._flights[user_id] = loop.create_task(self._fetch(user_id))
            flight.add_done_callback(lambda done: self._land(user_id, done))
        return flight

    def _land(self, user_id: str, flight: asyncio.Task[Entitlements]) -> None:
        if self._flights.get(user_id) is flight:
            del self._flights[user_id]
        if not flight.cancelled():
            flight.exception()  # looked at: where all who waited were cancelled, nobody else does

    async def _fetch(self, user_id: str) -> Entitlements:
        old, ticket = self._core.cache.get(user_id), self._core.cache.ticket()
        asked_at = self._core.clock.monotonic()
        entry = await self._read(
            wire.get_entitlements(user_id, old.etag if old else None),
            lambda reply: self._core.entry(user_id, reply, old, asked_at),
        )
        self._core.cache.store(entry, ticket, self._core.clock.monotonic())
        return entry.known

    async def _read(self, request: wire.Request, how: Callable[[wire.Reply], _Read]) -> _Read:
        """Send a read, of whose failure the other reads are to know."""
        try:
            found = how(await self.run(self._core.reading(request)))
        except BillingError as error:
            self._core.failed(error)
            raise
        self._core.succeeded()
        return found

    async def run(self, work: Attempts) -> wire.Reply:
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
                await self._core.clock.pause_async(step.seconds)
                came = None
                continue
            sent, timeout = step.request, self._core.timeouts(step)
            try:
                got = await self._connection().request(
                    sent.method,
                    sent.path,
                    headers=sent.headers,
                    content=sent.content,
                    timeout=timeout,
                )
                came = wire.Reply(got.status_code, got.headers, got.content)
            except httpx.HTTPError as error:
                came = core.unreachable(error)

    def _here(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self.renew()
            self._loop = loop
        return loop

    def _connection(self) -> httpx.AsyncClient:
        self._here()
        if self._http is None:
            self._http = httpx.AsyncClient(transport=self._transport, **self._core.http_options())
        return self._http
