"""Webhook delivery in the background: signed, retried, and on request disturbed."""

from __future__ import annotations

import heapq
import http.client
import json
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from local.stripe import shapes, signing
from local.stripe.events import opened
from local.stripe.lists import abridge
from local.stripe.state import CURRENT_VERSION, World
from local.stripe.tables import Obj

_MOST_WAITING = 200_000
_TIMEOUT = 20.0


@dataclass
class Endpoint:
    """Where webhooks go and how they are disturbed on the way.

    Attributes:
        duplicate: how many further times each event is sent.
        reorder: whether the events of one action are shuffled.
        delay: real seconds before an event is sent.
        drop: never sent: all (True), a fraction (0 to 1), or a list of event types.
        backoff: real seconds before each further attempt at a failed delivery.
    """

    url: str | None = None
    secrets: tuple[str, ...] = ()
    api_version: str = CURRENT_VERSION
    enabled_events: tuple[str, ...] = ("*",)
    duplicate: int = 0
    reorder: bool = False
    delay: float = 0.0
    drop: bool | float | list[str] = False
    backoff: tuple[float, ...] = (0.2, 0.6, 2.0, 5.0)
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - a test's shuffle

    def drops(self, kind: str) -> bool:
        """Whether this event gets lost."""
        if isinstance(self.drop, list):
            return kind in self.drop
        return self.chance.random() < float(self.drop)

    def wants(self, kind: str) -> bool:
        """Whether the endpoint is subscribed to a type."""
        return "*" in self.enabled_events or kind in self.enabled_events


class Delivery:
    """Sends what ``send`` is given; ``workers`` above one give up the order, as Stripe does."""

    def __init__(self, world: World, endpoint: Endpoint, workers: int = 1) -> None:
        self.endpoint = endpoint
        self._world = world
        self._ready = threading.Condition()
        self._waiting: list[tuple[float, int, str, int]] = []
        self._held: list[str] | None = None
        self._count = 0
        self._sending = 0
        self._stopped = False
        self._workers = workers
        self._threads: list[threading.Thread] = []

    def send(self, event_ids: Iterable[str]) -> None:
        """Take over new events; without an endpoint nothing is sent."""
        ids = [event_id for event_id in event_ids if self._accepts(event_id)]
        if not ids:
            return
        if self._held is not None:
            self._held.extend(ids)
            return
        if self.endpoint.reorder:
            self.endpoint.chance.shuffle(ids)
        self.resend(ids * (1 + self.endpoint.duplicate))

    def _accepts(self, event_id: str) -> bool:
        with self._world.lock:
            event = self._world.events.get(event_id)
            if event is None:
                return False
            wanted = self.endpoint.wants(event["type"])
            if wanted and self.endpoint.drop and self.endpoint.drops(event["type"]):
                event |= {"_delivery": "failed", "pending_webhooks": 1}
                return False
            if not wanted:
                event |= {"_delivery": "none", "pending_webhooks": 0}
            return wanted and self.endpoint.url is not None

    def resend(self, event_ids: Iterable[str]) -> None:
        """Queue deliveries whatever the mode is."""
        due = time.monotonic() + self.endpoint.delay
        with self._ready:
            self._start()
            for event_id in event_ids:
                self._push(due, event_id, 0)
            self._ready.notify_all()

    def hold(self) -> None:
        """Collect events from now on."""
        self._held = self._held or []

    def release(self, seed: int | None = None) -> list[str]:
        """Send what was collected, shuffled if there is a seed; answers the order."""
        ids, self._held = self._held or [], None
        if seed is not None:
            random.Random(seed).shuffle(ids)  # noqa: S311 - a test's shuffle
        self.resend(ids)
        return ids

    def _push(self, due: float, event_id: str, attempt: int) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            self._mark(event_id, "failed")
            return
        self._count += 1
        heapq.heappush(self._waiting, (due, self._count, event_id, attempt))

    def _start(self) -> None:
        while len(self._threads) < self._workers and not self._stopped:
            thread = threading.Thread(target=self._run, name="fake-stripe-webhooks", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is outstanding; False when the time is up first."""
        with self._ready:
            return self._ready.wait_for(lambda: not self._waiting and not self._sending, timeout)

    def stop(self) -> None:
        """End the threads; what is waiting is not sent."""
        with self._ready:
            self._stopped = True
            self._waiting.clear()
            self._ready.notify_all()
        for thread in self._threads:
            thread.join(_TIMEOUT)

    def _run(self) -> None:
        with_connection = _Connection()
        while (job := self._next()) is not None:
            event_id, attempt = job
            try:
                self._attempt(with_connection, event_id, attempt)
            finally:
                with self._ready:
                    self._sending -= 1
                    self._ready.notify_all()
        with_connection.close()

    def _next(self) -> tuple[str, int] | None:
        with self._ready:
            while not self._stopped:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    _, _, event_id, attempt = heapq.heappop(self._waiting)
                    self._sending += 1
                    return event_id, attempt
                self._ready.wait(wait)
        return None

    def _attempt(self, connection: _Connection, event_id: str, attempt: int) -> None:
        endpoint = self.endpoint
        with self._world.lock:
            event = self._world.events.get(event_id)
            body = None if event is None else payload(self._world, event, endpoint.api_version)
        if body is None or endpoint.url is None:
            return
        headers = signing.headers(body, endpoint.secrets, int(time.time()))
        if connection.post(endpoint.url, body, headers):
            self._mark(event_id, "succeeded")
        elif attempt < len(endpoint.backoff) and not self._stopped:
            with self._ready:
                self._push(time.monotonic() + endpoint.backoff[attempt], event_id, attempt + 1)
        else:
            self._mark(event_id, "failed")

    def _mark(self, event_id: str, outcome: str) -> None:
        with self._world.lock:
            mark(self._world, event_id, outcome)


def mark(world: World, event_id: str, outcome: str) -> None:
    """Record that an event was delivered (``succeeded``) or given up (``failed``)."""
    event = world.events.get(event_id)
    if event is not None and event["_delivery"] != "succeeded":
        event |= {"_delivery": outcome, "pending_webhooks": int(outcome != "succeeded")}


def payload(world: World, event: Obj, version: str = CURRENT_VERSION) -> bytes:
    """An event's body in the shape of an API version."""
    shown = opened(event)
    abridge(shown)
    shown = shapes.event_in(world, shown, version)
    return json.dumps(shown, ensure_ascii=False).encode()


class _Connection:
    """A kept-alive connection of one worker."""

    def __init__(self) -> None:
        self._open: http.client.HTTPConnection | None = None
        self._origin = ""

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> bool:
        """Whether the receiver took it: any answer of 200 to 299."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin != self._origin:
            self.close()
            self._origin = origin
        try:
            if self._open is None:
                kind = http.client.HTTPSConnection if parts.scheme == "https" else _HTTP
                self._open = kind(parts.netloc, timeout=_TIMEOUT)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            self._open.request("POST", target, body, headers)
            answer = self._open.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return False
        return 200 <= answer.status < 300

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._open is not None:
            self._open.close()
            self._open = None


_HTTP = http.client.HTTPConnection
