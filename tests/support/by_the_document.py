"""An operator who types what docs/operations.md says, and what happens at Stripe meanwhile."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stripe import StripeClient

from billing.domain.changes import ParkReason
from local import sign, web
from local.place import ROOT

PATIENCE_SECONDS = 30.0
DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
BLOCK = re.compile(r"^<!-- run -->\n```sh\n(.*?)^```$", re.M | re.S)

Json = dict[str, Any]


def blocks(begin: str, end: str = "\n### ", document: str = DOCUMENT) -> list[str]:
    """The commands between a heading and the next."""
    text = document.partition(f"\n{begin}\n")[2]
    return BLOCK.findall(re.split(f"{end}|\n## ", text)[0])


@dataclass
class Operator:
    """Has a shell as the document sets it up, and types what stands there."""

    stack: Json
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def types(self, commands: str) -> list[Json]:
        """Run commands; return what they answered, a line each."""
        return [json.loads(line) for line in self.reads(commands).splitlines() if line]

    def reads(self, commands: str) -> str:
        """Run commands; return what they printed."""
        (function,) = blocks("## The shell")
        environment = {
            **os.environ,
            "API": self.stack["api_url"],
            "ADMIN_KEY": self.stack["admin_key"],
            "no_proxy": "127.0.0.1",
            **self.variables,
        }
        done = subprocess.run(  # noqa: S603 - our own document
            ["/usr/bin/env", "bash", "-euo", "pipefail", "-c", function + commands],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sees(self, reason: ParkReason, event_id: str, project_id: str = "") -> Json:
        """Find the event in the list, and look at it, by the document's commands."""
        self.variables |= {"REASON": reason, "EVENT": event_id, "PROJECT": project_id}
        lists, looks, _ = blocks("## Parked events")
        if not project_id:
            lists = lists.replace("&project_id=$PROJECT", "")
        (listed,) = self.types(lists)
        while event_id not in [event["event_id"] for event in listed["events"]]:
            assert listed["next_cursor"], "it is on no page"
            (listed,) = self.types(lists.replace('"\n', f'&cursor={listed["next_cursor"]}"\n'))
        (shown,) = self.types(looks)
        assert (shown["event_id"], shown["reason"]) == (event_id, reason)
        return shown

    def get(self, path: str) -> web.Answer:
        url = f"{self.stack['api_url']}/api/v1/admin/{path}"
        return web.request("GET", url, key=self.stack["admin_key"])


def parked(operator: Operator, is_it: Callable[[Json], bool], reason: ParkReason) -> str:
    """Wait for an event to be parked, and return its id."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        page = operator.get(f"events?limit=100&reason={reason}").json["events"]
        found = [event["event_id"] for event in page if is_it(event)]
        if found:
            return str(found[0])
        assert time.monotonic() < deadline, "nothing was parked"
        time.sleep(0.2)


def subscribe(stripe: StripeClient, price_id: str, **metadata: str) -> str:
    """Sell something in the dashboard; return the customer's id."""
    person: Any = {"email": "ada@example.com", "name": "Ada Lovelace"}
    customer = stripe.v1.customers.create(person)
    created: Any = {
        "customer": customer.id,
        "items": [{"price": price_id}],
        "trial_period_days": 7,
        "metadata": metadata,
    }
    stripe.v1.subscriptions.create(created)
    return customer.id


def a_price(stripe: StripeClient) -> Any:
    product = stripe.v1.products.create({"name": "Made in the dashboard"})
    wanted: Any = {"product": product.id, "currency": "usd", "unit_amount": 700}
    wanted["recurring"] = {"interval": "month"}
    return stripe.v1.prices.create(wanted)


def created(operator: Operator, customer_id: str) -> Callable[[Json], bool]:
    """Tell the event of a customer's new subscription."""

    def is_it(event: Json) -> bool:
        if event["cause_name"] != "customer.subscription.created":
            return False
        shown = operator.get(f"events/{event['event_id']}").json
        return bool(shown["payload"]["data"]["object"]["customer"] == customer_id)

    return is_it


def product_of(price: Any) -> Json:
    """What an operator writes into the catalog."""
    sold = {"id": f"p-{uuid.uuid4().hex[:8]}", "currency": "usd", "unit_amount": 700}
    sold |= {"type": "recurring", "interval": "month", "interval_count": 1}
    return {
        "id": sold["id"],
        "name": "Made in the dashboard",
        "features": {"export": True},
        "stripe_product_id": price.product,
        "prices": [{**sold, "stripe_price_id": price.id}],
    }


def features(operator: Operator, project_id: str) -> set[str]:
    view = operator.get(f"accounts/{project_id}/{operator.variables['USER_ID']}").json
    return {entry["feature_code"] for entry in view["entitlements"] if entry["is_active"]}


def send(stack: Json, event: Json) -> None:
    """Send an event as Stripe does."""
    body = json.dumps(event).encode()
    status, text = sign.post(stack["webhook_url"], body, stack["webhook_secret"])
    assert status == 200, text


def an_event(type_: str, **obj: Any) -> Json:
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": type_,
        "created": int(time.time()),
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": obj},
    }


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait for what a queue delays."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)
