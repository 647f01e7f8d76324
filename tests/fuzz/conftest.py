"""A project that sells, with one of everything that a request can name, behind the gateway."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug import Client

from functions.reconciliation import background
from tests.integration.conftest import bridge, deployment
from tests.integration.webhooks.conftest import OPENING, queue_url, shop, standing_stripe
from tests.support import samples
from tests.support.clock import Clock
from tests.support.gateway import Gateway
from tests.support.push import a_pipeline
from tests.support.shop import REDIRECTS, Json, Shop, process_records, queue_record

__all__ = ["bridge", "deployment", "queue_url", "shop", "standing_stripe"]


@dataclass
class Target:
    """What is fuzzed.

    Attributes:
        keys: who calls, and with which key: an operator, an app, and nobody that is known.
        known: values that fit what is there, by the field or parameter that they belong to.
        cases: how many made-up requests were sent, each by everybody.
    """

    gateway: Gateway
    keys: dict[str, str]
    known: dict[str, Any]
    cases: int = 0

    def tell(self, record: Callable[[str, object], None]) -> None:
        """Record how much was tried so far; what a test records last counts."""
        record("cases", self.cases)
        record("requests", self.gateway.answered)


@pytest.fixture
def target(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A shop with an account, a grant, a key, an endpoint, a parked event and a run."""
    a_pipeline(monkeypatch, Clock(OPENING))
    monkeypatch.setattr(background, "sleep", lambda _seconds: None)  # nobody empties the queue
    gateway = Gateway(lambda body: shop.sign(body)["Stripe-Signature"])
    ask = _asker(Client(gateway), shop.admin_key)
    shop.buy("user-1")
    shop.deliver_all()
    granted = ask(
        "POST",
        "/api/v1/admin/grant",
        {
            "project_id": "demo",
            "user_id": "user-1",
            "feature_code": "quota",
            "value": 5,
            "reason": "Beta",
        },
    )
    key = ask("POST", "/api/v1/admin/projects/demo/keys", {"name": "spare"})
    endpoints = "/api/v1/admin/projects/demo/endpoints"
    endpoint = ask("POST", endpoints, {"url": "http://localhost:9/hooks"})["endpoint_id"]
    ping = ask("POST", f"{endpoints}/{endpoint}/test", {})
    run = ask("POST", "/api/v1/admin/reconcile", {"project_id": "demo"})
    known = {
        "project_id": "demo",
        "user_id": "user-1",
        "user_ids": ["user-1", "nobody"],
        "feature_code": "export",
        "price_id": "once",
        "mode": "payment",
        "grant_id": granted["grant_id"],
        "key_id": key["key_id"],
        "endpoint_id": endpoint,
        "delivery_id": ping["delivery_id"],
        "run_id": run["run_id"],
        "event_id": _a_parked_event(),
        "return_url": REDIRECTS["cancel_url"],
        **REDIRECTS,
    }
    return Target(
        gateway, {"nobody": "bk_demo", "app": shop.key, "operator": shop.admin_key}, known
    )


def _asker(client: Client, key: str) -> Callable[[str, str, Json], Json]:
    def ask(method: str, path: str, body: Json) -> Json:
        answer = client.open(
            path, method=method, json=body, headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code < 300, answer.text
        made: Json = json.loads(answer.text)
        return made

    return ask


def _a_parked_event() -> str:
    """An event that names nobody."""
    event = samples.read(samples.EVENTS / "stripe" / "customer.subscription.created.json")
    event["data"]["object"] |= {"metadata": {}, "customer": "cus_of_nobody"}
    assert process_records(queue_record(event)) == []
    return str(event["id"])
