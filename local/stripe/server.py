"""The server: the API, the pages and the control calls on one port, with its webhooks.

In a test::

    with FakeStripeServer() as stripe_server:
        client = stripe.StripeClient("sk_test_x", base_addresses={"api": stripe_server.url})
        ...
        body, headers = stripe_server.signed(stripe_server.events("invoice.paid")[-1])

The control calls are described in ``local.stripe.control``; the methods here do the same from
Python.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flask import Flask

from local.stripe import checkout, lifecycle, signing
from local.stripe.api import Api
from local.stripe.clock import unix
from local.stripe.control import Control
from local.stripe.delivery import Delivery, Endpoint, mark, payload
from local.stripe.events import clone, opened
from local.stripe.faults import Fault
from local.stripe.idempotency import IdempotencyKeys
from local.stripe.pages import Pages
from local.stripe.state import CURRENT_VERSION, Settings, World
from local.stripe.tables import Obj
from local.stripe.wire import Server

DEFAULT_SECRET = "whsec_fake_stripe_local_secret"  # noqa: S105 - of a fake


class FakeStripeServer:
    """A Stripe account on 127.0.0.1.

    Args:
        port: 0 for any free one.
        webhook_url: where events go; without it they are only collected.
        webhook_secret: what they are signed with.
        now: pins the clock, which then only moves when it is advanced.
        workers: how many webhooks are sent at once; more than one gives up their order.
        settings: the account's choices.
    """

    def __init__(
        self,
        port: int = 0,
        webhook_url: str | None = None,
        webhook_secret: str = DEFAULT_SECRET,
        now: int | datetime | None = None,
        *,
        workers: int = 1,
        settings: Settings | None = None,
    ) -> None:
        self._now = now
        self.state = World(now, settings)
        self.delivery = Delivery(
            self.state, Endpoint(url=webhook_url, secrets=(webhook_secret,)), workers
        )
        self.state.has_endpoint = webhook_url is not None
        self.api = Api(self.state, self.flush)
        self._http = Server(port, self._application())
        self.port: int = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self.state.base_url = self.url
        self._thread: threading.Thread | None = None

    def _application(self) -> Flask:
        app = Flask(__name__, template_folder=str(Path(__file__).parent / "templates"))
        self.api.register(app)
        Pages(self.state, self.flush).register(app)
        Control(self).register(app)
        return app

    def start(self) -> Self:
        """Serve in a background thread."""
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.01,), name="fake-stripe", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and sending."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join(5)
            self._thread = None
        self._http.close_all()
        self._http.server_close()
        self.delivery.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def reset(self) -> None:
        """Forget everything but the endpoint and the settings; the clock starts anew."""
        with self.state.lock:
            fresh = World(self._now, self.state.settings)
            kept = {"lock", "base_url", "has_endpoint", "settings", "api_version"}
            for name, value in vars(fresh).items():
                if name not in kept:
                    setattr(self.state, name, value)
            self.api.keys = IdempotencyKeys()
            self.api.faults.planned.clear()

    @contextmanager
    def acting(self) -> Iterator[World]:
        """The state, locked and up to date; what happens inside is delivered afterwards."""
        with self.state.lock:
            lifecycle.run_due(self.state)
            yield self.state
        self.flush()

    def flush(self) -> None:
        """Hand new events to the delivery."""
        with self.state.lock:
            ids, self.state.outbox = self.state.outbox, []
        self.delivery.send(ids)

    def use_endpoint(self, endpoint: Endpoint) -> None:
        """Send webhooks elsewhere or otherwise from now on."""
        self.delivery.endpoint = endpoint
        self.state.has_endpoint = endpoint.url is not None

    def add_fault(self, **fields: Any) -> None:  # noqa: ANN401 - the fields of Fault
        """Let the next calls fail; see ``faults.Fault``."""
        self.api.faults.planned.append(Fault(**fields))

    @property
    def now(self) -> int:
        """The fake instant, in seconds since the epoch."""
        return self.state.now

    def advance(
        self, *, seconds: float = 0, days: float = 0, to: int | datetime | None = None
    ) -> int:
        """Move the clock forwards; everything due on the way happens. Answers the new instant."""
        with self.acting() as world:
            step = int(timedelta(days=days, seconds=seconds).total_seconds())
            lifecycle.advance(world, world.now + step if to is None else unix(to))
            return world.now

    def pay(self, session_id: str, *, email: str | None = None, delayed: bool = False) -> Obj:
        """Do what a person does on the checkout page; answers the session."""
        with self.acting() as world:
            session = world.need(world.sessions, session_id)
            checkout.complete(world, session, email=email, delayed=delayed)
            paid: Obj = clone(session)
            return paid

    def events(self, kind: str | None = None) -> list[Obj]:
        """Events, oldest first, as the API shows them."""
        with self.state.lock:
            found = self.state.events.where(**({"type": kind} if kind else {}))
            return [opened(event) for event in found]

    def mark_delivery(self, event_id: str, outcome: str) -> None:
        """Pretend that an event was (``succeeded``) or was not (``failed``) delivered."""
        with self.state.lock:
            self.state.events.rows[event_id]["_delivery"] = "pending"
            mark(self.state, event_id, outcome)

    def signed(
        self,
        event: Obj | str,
        *,
        version: str = CURRENT_VERSION,
        secrets: tuple[str, ...] | None = None,
        timestamp: int | None = None,
    ) -> tuple[bytes, dict[str, str]]:
        """(body, headers) of a delivery of an event, in the shape of an API version.

        Args:
            event: an event or its id.
            version: the endpoint's API version.
            secrets: to sign with; the endpoint's unless given.
            timestamp: of the signature; the real now unless given.
        """
        event_id = event if isinstance(event, str) else event["id"]
        with self.state.lock:
            body = payload(self.state, self.state.events.rows[event_id], version)
        used = secrets or self.delivery.endpoint.secrets
        when = int(time.time()) if timestamp is None else timestamp
        return body, signing.headers(body, used, when)

    def wait_delivered(self, timeout: float = 10.0) -> bool:
        """Wait until no delivery is outstanding; False when the time is up first."""
        return self.delivery.wait(timeout)
