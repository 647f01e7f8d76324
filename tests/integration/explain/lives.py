"""What happens in a life, through the real handlers: each act is drawn by its name and a number."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from stripe import StripeError

from functions.admin.handler import lambda_handler as admin
from functions.entitlements.handler import lambda_handler as entitlements
from tests.support.requests import call, request
from tests.support.shop import Json, Shop

USER = "user-1"
CODES = ("export", "seats", "quota", "theme", "nonsense")
DAY = 86_400

FORGOTTEN = 31
"""Seconds after which no process answers by a catalog of before."""


class Refused(Exception):
    """There is nothing to act on, or it is in no state for this."""


@dataclass
class Answers:
    """What the read path answered at an instant."""

    at: str
    entitlements: Json
    inactive: Json
    checks: dict[str, Json]
    etag: str


@dataclass
class Life:
    """One user of a shop, and what was answered of the user on the way."""

    shop: Shop
    delivered: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    answered: list[Answers] = field(default_factory=list)

    def act(self, name: str, number: int) -> None:
        """Let something happen, unless Stripe or the service refuses it."""
        try:
            ACTS[name](self, number)
        except (StripeError, Refused):
            return
        self.done.append(name)

    def ask(self) -> None:
        """Ask the read path, and remember what it says; then a second passes."""
        query = {"user_id": USER}
        listed = self._get("", query)
        everything = self._get("", {**query, "include": "inactive"})
        checks = {code: self._get("/check", {**query, "feature_code": code})[0] for code in CODES}
        at, etag = str(listed[0]["checked_at"]), listed[1]
        self.answered.append(Answers(at, listed[0], everything[0], checks, etag))
        self.shop.stripe.advance(seconds=1)

    def _get(self, path: str, query: dict[str, str]) -> tuple[Json, str]:
        url = f"/api/v1/entitlements{path}"
        status, body, headers = call(
            entitlements, request("GET", url, query=query, key=self.shop.key)
        )
        assert status == 200, body
        return body, headers["etag"]

    # -- an operator

    def operate(self, method: str, path: str, body: Any = None, **query: str) -> Json:
        """Call the admin API."""
        event = request(
            method,
            f"/api/v1/admin/{path}",
            json_body=body,
            query=query,
            key=self.shop.admin_key,
        )
        status, answer, _ = call(admin, event)
        if status == 409:
            raise Refused(answer["code"])
        assert status == 200, answer
        found: Json = answer
        return found

    def grant(self, number: int) -> None:
        code, value = [("export", None), ("quota", 7), ("theme", "dark")][number % 3]
        if not self._sells(code):
            raise Refused("no such feature")
        now = self.shop.stripe.now
        body: Json = {"user_id": USER, "project_id": "demo", "feature_code": code, "reason": "try"}
        if value is not None:
            body["value"] = value
        if number % 2:
            body["valid_from"] = _instant(now + (number % 5 - 2) * DAY)
        if number % 4:
            body["valid_to"] = _instant(now + (number % 4 + 2) * DAY)
        self.operate("POST", "grant", body)

    def _sells(self, code: str) -> bool:
        document = self.operate("GET", "projects/demo/catalog")
        return code in {feature["code"] for feature in document["features"]}

    def revoke(self, number: int) -> None:
        grants = sorted(self.shop.account(USER).grants)
        if not grants:
            raise Refused("no grant")
        body = {"grant_id": grants[number % len(grants)], "revoke_reason": "over"}
        self.operate("POST", "revoke", body)

    def put_catalog(self, number: int) -> None:
        """Change what products carry, or the policy; wait until every process knows."""
        document = self.operate("GET", "projects/demo/catalog")
        chance = random.Random(number)
        match number % 4:
            case 0:
                product = chance.choice(document["products"])
                wanted: Json = {"export": True, "quota": number, "seats": 2}
                known = {feature["code"] for feature in document["features"]}
                product["features"] = {c: v for c, v in wanted.items() if c in known}
            case 1:
                product = chance.choice(document["products"])
                product["features"] = {}
            case 2:
                document["policy"]["grace_seconds"] = chance.choice([0, DAY, 7 * DAY])
                document["policy"]["renewal_leeway_seconds"] = chance.choice([0, DAY])
                document["policy"]["full_refund"] = chance.choice(["keep", "end"])
            case _:
                gone = chance.choice(["theme", "seats"])
                document["features"] = [f for f in document["features"] if f["code"] != gone]
                for product in document["products"]:
                    product["features"].pop(gone, None)
        self.operate("PUT", "projects/demo/catalog", document)
        self.shop.stripe.advance(seconds=FORGOTTEN)

    # -- a person, a bank, Stripe's dashboard

    def buy(self, number: int) -> None:
        price = ("pro_monthly", "seat", "once", "pass_30", "pro_yearly")[number % 5]
        fields: Json = {"quantity": 3} if price == "seat" else {}
        status, body, _ = self.shop.checkout(USER, price, **fields)
        if status == 409:
            raise Refused(body["code"])
        assert status == 200, body
        self.shop.stripe.pay(body["session_id"], delayed=price == "once" and number > 500)

    def fail(self, number: int) -> None:
        subscription = self._one("subscriptions", number)
        self._control(f"subscriptions/{subscription}/fail_next_payment", times=number % 3 + 1)

    def pay(self, number: int) -> None:
        self._control(f"subscriptions/{self._one('subscriptions', number)}/pay")

    def cancel(self, number: int) -> None:
        id_ = self._one("subscriptions", number)
        if number % 2:
            self.shop.client.v1.subscriptions.cancel(id_)
        else:
            at_end: Any = {"cancel_at_period_end": True}
            self.shop.client.v1.subscriptions.update(id_, at_end)

    def switch(self, number: int) -> None:
        id_ = self._one("subscriptions", number)
        (item, *_) = self.shop.client.v1.subscriptions.retrieve(id_)["items"].data
        found = self.shop.catalog.find_price(("pro_monthly", "seat")[number % 2])
        assert found is not None
        price = found[1].stripe_price_id
        update: Any = {"items": [{"id": item.id, "price": price}]}
        self.shop.client.v1.subscriptions.update(id_, update)

    def refund(self, number: int) -> None:
        given: Any = {"charge": self._one("charges", number)}
        if number % 3 == 0:
            given["amount"] = 100
        self.shop.client.v1.refunds.create(given)

    def dispute(self, number: int) -> None:
        self._control(f"charges/{self._one('charges', number)}/dispute")

    def close(self, number: int) -> None:
        outcome = "won" if number % 2 else "lost"
        self._control(f"charges/{self._one('charges', number)}/dispute/close", outcome=outcome)

    def _control(self, path: str, **fields: Any) -> None:
        sent = requests.post(f"{self.shop.stripe.url}/_fake/{path}", json=fields, timeout=10)
        assert sent.status_code < 500, sent.text
        if not sent.ok:
            raise Refused(sent.text)

    def _one(self, kind: str, number: int) -> str:
        rows = sorted(getattr(self.shop.stripe.state, kind).rows)
        if not rows:
            raise Refused(f"no {kind}")
        return str(rows[number % len(rows)])

    # -- time and delivery

    def wait(self, number: int) -> None:
        seconds = (60, 3600, DAY, 4 * DAY, 9 * DAY, 31 * DAY)[number % 6]
        self.shop.stripe.advance(seconds=seconds)

    def deliver(self, number: int) -> None:
        """Deliver what is not delivered yet: all or some of it, in any order, some of it twice."""
        chance = random.Random(number)
        events = [e for e in self.shop.events() if e["id"] not in self.delivered]
        if number % 2:
            events = chance.sample(events, (len(events) + 1) // 2)
        self.delivered.update(event["id"] for event in events)
        again = [event for event in events if chance.random() < 0.2]
        assert not self.shop.deliver([*events, *again])


ACTS: dict[str, Callable[[Life, int], None]] = {
    "buy": Life.buy,
    "cancel": Life.cancel,
    "close": Life.close,
    "deliver": Life.deliver,
    "dispute": Life.dispute,
    "fail": Life.fail,
    "grant": Life.grant,
    "pay": Life.pay,
    "put_catalog": Life.put_catalog,
    "refund": Life.refund,
    "revoke": Life.revoke,
    "switch": Life.switch,
    "wait": Life.wait,
}


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
