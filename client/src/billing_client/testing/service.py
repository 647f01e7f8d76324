"""The service's contract with apps, kept in memory: what it answers, without what is behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import httpx

from billing_client.clock import Clock
from billing_client.model import Value
from billing_client.testing.accounts import Account, Grant, Project
from billing_client.testing.clock import ManualClock
from billing_client.testing.replies import problem, success
from billing_client.testing.routes import ROUTES, Seen
from billing_client.wire import Reply

KEY = "bk_test_fake"


class ConnectionCut(Exception):
    """Nobody answers."""


class FakeService:
    """Answers as the service does, from what a test tells it.

    Attributes:
        seen: the requests that came, those that failed too.
        project: its users, orders and signing key.

    Args:
        project_id: of the one project that it has.
        prices: what each price gives, for `pay`: feature codes to values.
        clock: where its time comes from.
    """

    def __init__(
        self,
        project_id: str = "test",
        prices: Mapping[str, Mapping[str, Value]] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.seen: list[Seen] = []
        self.clock: Clock = clock or ManualClock()
        self.project = Project(project_id, prices or {}, self.clock)
        self._listeners: list[Callable[[str, int], None]] = []
        self._failing: list[Reply | None] = []
        self._fails_on: Reply | None = None
        self._is_cut = False
        self._lock = threading.RLock()

    # -- what a test tells it

    def grant(
        self,
        user_id: str,
        feature_code: str,
        value: Value = True,  # noqa: FBT002 - the value of a boolean feature
        *,
        begins_in: float = 0.0,
        lasts: float | None = None,
        source: str = "manual",
        state: str = "granted",
    ) -> int:
        """Give a user a feature, `begins_in` seconds from now, for `lasts` seconds or for ever.

        Returns:
            The account's revision.
        """
        begins = self.clock.now() + begins_in
        ends = None if lasts is None else begins + lasts
        given = Grant(value, begins, ends, source, f"{source}_{feature_code}", state)
        return self._change(user_id, {feature_code: given})

    def revoke(self, user_id: str, feature_code: str) -> int:
        """Take it back; the account's revision."""
        return self._change(user_id, {feature_code: None})

    def pay(self, session_id: str) -> int:
        """Pay a checkout as a person does: the user has what the price gives.

        Raises:
            KeyError: there is no such checkout.
        """
        order = self.project.orders[session_id]
        is_lasting = order["mode"] == "payment"
        source, state = ("purchase", "paid") if is_lasting else ("subscription", "active")
        begins = self.clock.now()
        given = self.project.prices.get(order["price_id"], {})
        grants = {
            code: Grant(value, begins, None, source, f"{source}_{session_id}", state)
            for code, value in given.items()
        }
        return self._change(order["user_id"], grants)

    def fail(
        self,
        status: int = 503,
        code: str = "try_again",
        *,
        times: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Answer with an error, so many times or until `heal`."""
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        reply = problem(status, code, headers)
        if times is None:
            self._fails_on = reply
        else:
            self._failing += [reply] * times

    def cut(self, times: int | None = None) -> None:
        """Answer nobody, so many times or until `heal`."""
        if times is None:
            self._is_cut = True
        else:
            self._failing += [None] * times

    def heal(self) -> None:
        """Answer again."""
        self._failing.clear()
        self._fails_on, self._is_cut = None, False

    def on_change(self, listener: Callable[[str, int], None]) -> None:
        """Call this with the user and the revision after each change, as a push does."""
        self._listeners.append(listener)

    def _change(self, user_id: str, changes: Mapping[str, Grant | None]) -> int:
        with self._lock:
            revision = self.project.accounts.setdefault(user_id, Account()).change(changes)
        for listener in self._listeners:
            listener(user_id, revision)
        return revision

    # -- what it answers

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of httpx, for `httpx.MockTransport`."""
        try:
            reply = self.respond(
                request.method,
                request.url.raw_path.decode("ascii"),
                {name.lower(): value for name, value in request.headers.items()},
                request.content,
            )
        except ConnectionCut:
            raise httpx.ConnectError("nobody answers", request=request) from None
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.content)

    def respond(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes
    ) -> Reply:
        """Answer a request; header names are lower case.

        Raises:
            ConnectionCut: nobody answers.
        """
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        seen = Seen(method, parts.path, query, headers, content)
        with self._lock:
            self.seen.append(seen)
            if self._is_cut:
                raise ConnectionCut
            if self._failing:
                failing = self._failing.pop(0)
                if failing is None:
                    raise ConnectionCut
                return failing
            return self._fails_on or self._answer(seen)

    def _answer(self, seen: Seen) -> Reply:
        if seen.path == "/.well-known/jwks.json":
            caching = {"cache-control": "public, max-age=300"}
            return success(self.project.signer.jwks(), caching)
        if seen.headers.get("authorization") != f"Bearer {KEY}":
            return problem(401, "unauthenticated")
        route = ROUTES.get((seen.method, seen.path))
        return route(self.project, seen) if route else problem(404, "no_such_route")
