"""The deployed stack as an app, a person, an operator and Stripe meet it: over HTTP alone."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter

from local.place import ROOT
from local.stripe import signing
from tests.support import described

Json = dict[str, Any]
_Found = TypeVar("_Found")
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

PATIENCE = 60.0
"""Seconds for what a queue or a cold function delays."""

TIMEOUT = 30.0
THREADS = 2
"""Each further call at once makes the emulator start a further worker, which takes a second."""
STRIPE_KEY = "sk_test_local"

HANDLED = frozenset(path.stem for path in (ROOT / "events" / "stripe").glob("*.json"))
"""The event types that the service handles: there is a sample of each."""

PROBLEM_FIELDS = {"type", "title", "status", "detail", "code", "request_id"}
TRACES = ("Traceback", 'File "', "site-packages", "/var/task", "botocore", "pydantic")
"""What no answer may show of our insides."""


@dataclass(frozen=True)
class Answer:
    """What came back; redirects are not followed. Header names are lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.text)

    def ok(self, status: int = 200) -> Any:
        """The body of an answer that is to have this status."""
        assert self.status == status, f"{self.status}: {self.text[:600]}"
        return self.json

    def problem(self, status: int, code: str | None = None, *fields: str) -> Json:
        """The body of an answer that is to be this problem, as RFC 9457 and the reference say."""
        assert self.status == status, f"{self.status}: {self.text[:600]}"
        assert self.headers["content-type"].partition(";")[0] == "application/problem+json"
        body: Json = self.json
        assert body.keys() >= PROBLEM_FIELDS, body
        assert body["status"] == status
        assert all(
            isinstance(body[name], str) and body[name] for name in PROBLEM_FIELDS - {"status"}
        )
        assert body["type"] == f"urn:billing:problem:{body['code']}"
        assert not [trace for trace in TRACES if trace in self.text], self.text
        assert (status in (429, 502, 503)) == ("retry-after" in self.headers)
        assert (status == 401) == ("www-authenticate" in self.headers)
        if code is not None:
            assert body["code"] == code, body
        if body["code"] == "invalid_input":
            assert all(error.keys() == {"field", "message"} for error in body["errors"]), body
        named = {error["field"] for error in body.get("errors", ())}
        assert named.issuperset(fields), body
        return body


class Service(AbstractContextManager["Service"]):
    """One running stack. Build it from what stack.json says."""

    def __init__(self, stack: Mapping[str, Any]) -> None:
        self.stack = stack
        self.project_id: str = stack["project_id"]
        self.key: str = stack["project_key"]
        self.admin_key: str = stack["admin_key"]
        self.other_project_id: str = stack["other_project_id"]
        self.other_key: str = stack["other_project_key"]
        self.prices: dict[str, str] = stack["prices"]
        self.app: str = f"{stack['allowed_origins'][0]}/billing"
        self._session = requests.Session()
        self._session.trust_env = False  # a stack on this machine is reached without a proxy
        self._session.mount("http://", HTTPAdapter(pool_connections=8, pool_maxsize=32))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._session.close()

    # -- HTTP

    def send(
        self,
        method: str,
        url: str,
        *,
        data: bytes | Mapping[str, str] | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Answer:
        """Send anything anywhere."""
        got = self._session.request(
            method, url, data=data, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
        return Answer(
            got.status_code,
            {name.lower(): value for name, value in got.headers.items()},
            got.content.decode("utf-8", "replace"),
        )

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        raw: bytes | None = None,
        query: Mapping[str, str] | str = "",
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Answer:
        """Call a route of the API, with a key or without one; the answer has to be as described."""
        asked = query if isinstance(query, str) else urlencode(query, quote_via=quote)
        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        if body is not None or raw is not None:
            sent.setdefault("Content-Type", "application/json")
        data = raw if body is None else json.dumps(body).encode()
        url = f"{self.stack['api_url']}{path}{'?' if asked else ''}{asked}"
        got = self.send(method, url, data=data, headers=sent)
        is_json = got.text and "json" in got.headers.get("content-type", "")
        told = got.json if is_json else got.text
        described.check(method, self._path_in(url), got.status, got.headers, told)
        return got

    def _path_in(self, url: str) -> str:
        """The path as a function gets it: its dots are resolved before it is sent."""
        sent = requests.Request("GET", url).prepare().url
        base = urlsplit(self.stack["api_url"]).path
        return unquote(urlsplit(str(sent)).path.removeprefix(base))

    # -- what an app does

    def order(self, user_id: str, price: str = "pro_monthly", **fields: Any) -> Json:
        """The body of a checkout."""
        return {
            "user_id": user_id,
            "price_id": price,
            "mode": "payment" if price in ("lifetime", "minutes_100") else "subscription",
            "success_url": f"{self.app}/thanks?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self.app}/plans",
            **fields,
        }

    def checkout(
        self, user_id: str, price: str = "pro_monthly", *, key: str | None = None, **fields: Any
    ) -> Json:
        """Start a checkout; its answer."""
        body = self.order(user_id, price, **fields)
        got: Json = self.call("POST", "/api/v1/checkout/create", body, key=key or self.key).ok()
        return got

    def buy(
        self,
        user_id: str,
        price: str = "pro_monthly",
        *,
        key: str | None = None,
        action: str = "pay",
        **fields: Any,
    ) -> str:
        """Check out, press a button of Stripe's page, and return the session's id."""
        started = self.checkout(user_id, price, key=key, **fields)
        assert self.press(started["checkout_url"], action).status == 303
        return str(started["session_id"])

    def entitlements(self, user_id: str, *, key: str | None = None, **query: str) -> Json:
        """What the service answers an app about a user now."""
        asked = {"user_id": user_id, **query}
        got: Json = self.call("GET", "/api/v1/entitlements", query=asked, key=key or self.key).ok()
        return got

    def features(self, user_id: str, *, key: str | None = None) -> Json:
        """What a user may use now, and how much of it."""
        found = self.entitlements(user_id, key=key)["entitlements"]
        return {e["feature_code"]: e["value"] for e in found}

    def portal(self, user_id: str, *, key: str | None = None) -> str:
        """Open the customer portal; the address of its page."""
        body = {"user_id": user_id, "return_url": f"{self.app}/settings"}
        got = self.call("POST", "/api/v1/portal/create-session", body, key=key or self.key).ok()
        return str(got["portal_url"])

    # -- what a person does on Stripe's pages

    def press(self, page: str, action: str, **fields: str) -> Answer:
        """Press a button: each form posts to the page's own address."""
        return self.send("POST", page, data={"action": action, **fields})

    # -- what an operator sees

    def account(
        self, user_id: str, *, project_id: str | None = None, at: str | None = None
    ) -> Json:
        """The account with its facts, its history and what it gives at an instant."""
        asked = {"project_id": project_id or self.project_id, "user_id": user_id}
        query = asked | ({"at": at} if at else {})
        got: Json = self.call("GET", "/api/v1/admin/accounts", query=query, key=self.admin_key).ok()
        return got

    def features_at(self, user_id: str, at: str) -> Json:
        """What a user may use at another instant, if nothing more is heard."""
        found = self.account(user_id, at=at)["entitlements"]
        return {e["feature_code"]: e["value"] for e in found}

    def event(self, event_id: str) -> Json | None:
        """What the ledger says of an event or a command; nothing if it was never heard of."""
        got = self.call("GET", f"/api/v1/admin/events/{event_id}", key=self.admin_key)
        return None if got.status == 404 else got.ok()

    # -- Stripe

    def fake(self, path: str, **fields: Any) -> Any:
        """Tell the fake Stripe something; see `local.stripe.control`."""
        url, body = f"{self.stack['stripe_url']}/_fake/{path}", json.dumps(fields).encode()
        headers = {"Content-Type": "application/json"}
        return self.send("POST", url, data=body, headers=headers).ok()

    def stripe(self, method: str, path: str, **form: str) -> Any:
        """Call Stripe's own API, as somebody at its dashboard does."""
        headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
        url = f"{self.stack['stripe_url']}/v1/{path}"
        return self.send(method, url, data=form or None, headers=headers).ok()

    def end_subscriptions(self) -> None:
        """Cancel all at Stripe, untold: so that a clock that is advanced renews none of them."""
        with self.disturbed(drop=True):
            for subscription in self.stripe("GET", "subscriptions?limit=100")["data"]:
                self.stripe("DELETE", f"subscriptions/{subscription['id']}")

    def now(self, **further: float) -> str:
        """Stripe's instant, or so many `days` or `hours` later, as the admin API takes it."""
        url = f"{self.stack['stripe_url']}/_fake/clock"
        seconds = further.get("days", 0) * 86_400 + further.get("hours", 0) * 3600
        at = self.send("GET", url).ok()["now"] + seconds
        return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")

    @contextmanager
    def disturbed(self, version: str | None = None, **mode: Any) -> Iterator[None]:
        """Deliver webhooks in another way, and in another API version's shape, for a while."""
        calm = {"duplicate": 0, "reorder": False, "delay": 0.0, "drop": False}
        usual = self.send("GET", f"{self.stack['stripe_url']}/_fake/webhooks").ok()["api_version"]
        self.fake("webhooks", mode=calm | mode, api_version=version or usual)
        try:
            yield
        finally:
            self.fake("webhooks/wait", timeout=TIMEOUT)
            self.fake("webhooks", mode=calm, api_version=usual)

    def heard(self, customer_id: str) -> list[Json]:
        """Wait until every event of a customer that matters was applied; they, oldest first."""
        events = self.events_of(customer_id, *HANDLED)
        for event in events:
            eventually(partial(self.event, event["id"]))
        return events

    def caught_up(self) -> None:
        """Wait until the newest hundred events that matter were applied or parked, whosever."""
        self.heard("")

    def events_of(self, customer_id: str, *types: str) -> list[Json]:
        """A customer's events at Stripe, oldest first; those of some types, if any are named."""
        listed = self.stripe("GET", "events?limit=100")["data"][::-1]
        return [
            event
            for event in listed
            if customer_id in json.dumps(event["data"]["object"])
            and (not types or event["type"] in types)
        ]

    def post_event(
        self,
        event: Any,
        *,
        url: str | None = None,
        secret: str | None = None,
        at: float | None = None,
    ) -> Answer:
        """Post an event that is signed as Stripe signs it, now unless told."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        signed_at = int(time.time() if at is None else at)
        key = self.stack["webhook_secret"] if secret is None else secret
        headers = signing.headers(body, (key,), signed_at)
        return self.send("POST", url or self.stack["webhook_url"], data=body, headers=headers)

    @property
    def webhook_urls(self) -> dict[str, str]:
        """Both doors of the webhook."""
        return {
            "function URL": self.stack["webhook_url"],
            "API route": f"{self.stack['api_url']}/api/v1/webhooks/stripe",
        }


def a_user(name: str = "user") -> str:
    """An id that no other test has."""
    return f"{name}-{uuid.uuid4().hex[:12]}"


def eventually(
    look: Callable[[], _Found],
    holds: Callable[[_Found], object] = bool,
    *,
    within: float = PATIENCE,
) -> _Found:
    """Look until it holds, and return what was seen then; a queue lies between."""
    deadline = time.monotonic() + within
    while not holds(seen := look()):
        assert time.monotonic() < deadline, f"not within {within:.0f} s; the last seen: {seen!r}"
        time.sleep(0.05)
    return seen


def at_once(
    do: Callable[[_Item], _Result], items: Iterable[_Item], threads: int = THREADS
) -> list[_Result]:
    """Do it for all items on a few threads; results in the order of the items."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(do, items))
