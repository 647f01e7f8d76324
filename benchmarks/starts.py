"""What is started cold: every function of the template with a first request, and the floors."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.cold import Variant
from benchmarks.ground import Ground
from benchmarks.requests import checks, messages, request
from benchmarks.world import WEBHOOK_SECRET
from local.place import ROOT
from local.stripe import signing

Json = dict[str, Any]

ORIGIN = "https://app.example.com"


@dataclass(frozen=True)
class Started:
    """A function that is started, and what it may take of what it is compared with.

    Attributes:
        asks_stripe: it is compared with the boto3 handler and `import stripe` together.
    """

    variant: Variant
    budget: float | None = None
    asks_stripe: bool = False


def hot(ground: Ground) -> list[Started]:
    """Return the functions that have a budget."""
    beside_stripe: dict[str, Json | Callable[[], Json]] = {
        "CheckoutFunction": _checkout(ground),
        "PortalFunction": _portal(ground),
        "WebhookReceiveFunction": partial(_delivery, ground),
        "WebhookProcessFunction": _messages(ground),
    }
    return [
        Started(_of(ground, "EntitlementsFunction", checks(ground.world)["list"]), 0.6),
        *(
            Started(_of(ground, name, event), 1.15, asks_stripe=True)
            for name, event in beside_stripe.items()
        ),
    ]


def others(ground: Ground) -> list[Started]:
    """Return the rest: nobody waits for them who pays for it."""
    admin = ground.world.admin_key
    projects = request("GET", "/api/v1/admin/projects", key=admin)
    run = request("GET", "/api/v1/admin/reconcile/{run_id}", key=admin)
    run |= {"rawPath": "/api/v1/admin/reconcile/run_1", "pathParameters": {"run_id": "run_1"}}
    asked = {
        "AdminFunction": {**projects, "routeKey": "ANY /api/v1/admin/{command+}"},
        "ReconciliationFunction": run,
        "MetricsFunction": request("GET", "/api/v1/metrics/project/demo", key=ground.world.key),
        "HealthFunction": request("GET", "/live"),
        "NotificationPublishFunction": _sample("stream/account-changed.json"),
        "NotificationDeliverFunction": _sample("queue/deliveries.json"),
    }
    return [Started(_of(ground, name, event)) for name, event in asked.items()]


def _of(ground: Ground, function: str, event: Json | Callable[[], Json]) -> Variant:
    make = event if callable(event) else partial(dict, event)
    name = function.removesuffix("Function")
    return Variant(name, ground.handler(function), (ground.artifact(function),), make)


def _checkout(ground: Ground) -> Json:
    body = {
        "user_id": "bench-new",
        "price_id": "price_lifetime",
        "mode": "payment",
        "success_url": f"{ORIGIN}/done",
        "cancel_url": f"{ORIGIN}/pricing",
    }
    return request("POST", "/api/v1/checkout/create", key=ground.world.key, body=body)


def _portal(ground: Ground) -> Json:
    body = {"user_id": "user-1", "return_url": f"{ORIGIN}/settings"}
    return request("POST", "/api/v1/portal/create-session", key=ground.world.key, body=body)


def _delivery(ground: Ground) -> Json:
    """A delivery that was signed this very moment."""
    asked = request("POST", "/api/v1/webhooks/stripe", body=ground.world.event)
    signed = signing.headers(asked["body"].encode(), (WEBHOOK_SECRET,), int(time.time()))
    return {**asked, "headers": {**asked["headers"], **{k.lower(): v for k, v in signed.items()}}}


def _sample(name: str) -> Json:
    """Return an invocation of `events/`."""
    found: Json = json.loads((ROOT / "events" / name).read_text())
    return found


def _messages(ground: Ground) -> Json:
    said = messages(ground.world, 1)
    return {"Records": [{**said["record"], "messageId": "m1", "body": json.dumps(said["payload"])}]}
