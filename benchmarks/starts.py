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
from local.stripe import signing

Json = dict[str, Any]

ORIGIN = "https://app.example.com"


@dataclass(frozen=True)
class Started:
    """A function that is started, what it is compared with, and what it may take of that."""

    variant: Variant
    floor: str = "boto3_get"
    budget: float | None = None


def hot(ground: Ground) -> list[Started]:
    """Return the functions that have a budget."""
    stripe, sum_of = "boto3_get_stripe", 1.15
    return [
        Started(_of(ground, "EntitlementsFunction", checks(ground.world)["list"]), budget=0.6),
        Started(_of(ground, "CheckoutFunction", _checkout(ground)), stripe, sum_of),
        Started(_of(ground, "PortalFunction", _portal(ground)), stripe, sum_of),
        Started(_of(ground, "WebhookReceiveFunction", partial(_delivery, ground)), stripe, sum_of),
        Started(_of(ground, "WebhookProcessFunction", _messages(ground)), stripe, sum_of),
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


def _messages(ground: Ground) -> Json:
    said = messages(ground.world, 1)
    return {"Records": [{**said["record"], "messageId": "m1", "body": json.dumps(said["payload"])}]}
