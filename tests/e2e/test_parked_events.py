"""What docs/operations.md says of parked events, done as it stands there on the running stack."""

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

import pytest
from stripe import StripeClient

from billing.domain.changes import ParkReason
from local import sign, web
from local.place import ROOT

PATIENCE_SECONDS = 30.0
DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
BLOCK = re.compile(r"^<!-- run -->\n```sh\n(.*?)^```$", re.M | re.S)

Json = dict[str, Any]


def blocks(begin: str, end: str = "\n### ") -> list[str]:
    """The commands between a heading and the next."""
    text = DOCUMENT.partition(f"\n{begin}\n")[2]
    return BLOCK.findall(re.split(f"{end}|\n## ", text)[0])


@dataclass
class Operator:
    """Has a shell as the document sets it up, and types what stands there."""

    stack: Json
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def types(self, commands: str) -> list[Json]:
        """Run commands; return what they answered, a line each."""
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
        return [json.loads(line) for line in done.stdout.splitlines() if line]

    def sees(self, reason: ParkReason, event_id: str, project_id: str = "") -> Json:
        """Find the event in the list, and look at it, by the document's commands."""
        self.variables |= {"REASON": reason, "EVENT": event_id, "PROJECT": project_id}
        lists, looks = blocks("## Parked events")
        if not project_id:
            lists = lists.replace("&project_id=$PROJECT", "")
        (listed,) = self.types(lists)
        assert event_id in [event["event_id"] for event in listed["events"]]
        (shown,) = self.types(looks)
        assert (shown["event_id"], shown["reason"]) == (event_id, reason)
        return shown

    def get(self, path: str) -> web.Answer:
        url = f"{self.stack['api_url']}/api/v1/admin/{path}"
        return web.request("GET", url, key=self.stack["admin_key"])


@pytest.fixture
def operator(stack: Json, tmp_path: Path) -> Operator:
    return Operator(stack, tmp_path, {"USER_ID": f"parked-{uuid.uuid4().hex[:8]}"})


@pytest.fixture
def stripe(stack: Json) -> StripeClient:
    """Stripe's dashboard."""
    return StripeClient("sk_test_e2e", base_addresses={"api": stack["stripe_url"]})


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


# -- the six classes


def test_an_unmatched_event_is_linked(
    stack: Json, operator: Operator, stripe: StripeClient
) -> None:
    customer_id = subscribe(stripe, stack["prices"]["pro_monthly"])
    event_id = parked(operator, created(operator, customer_id), ParkReason.UNMATCHED)
    shown = operator.sees(ParkReason.UNMATCHED, event_id)
    assert "ada@example.com" not in json.dumps(shown)
    operator.variables["PROJECT"] = stack["project_id"]
    (linked,) = operator.types(*blocks("### `unmatched`"))
    assert (linked["outcome"], linked["linked_ids"]) == ("applied", [customer_id])
    assert features(operator, stack["project_id"]) == {"export", "sync", "devices"}
    (again,) = operator.types(*blocks("### `unmatched`"))
    assert again["outcome"] == "duplicate"


def test_an_event_of_an_unknown_project_is_replayed_once_there_is_one(
    operator: Operator, stripe: StripeClient
) -> None:
    project_id, price = f"later-{uuid.uuid4().hex[:8]}", a_price(stripe)
    user_id = operator.variables["USER_ID"]
    customer_id = subscribe(stripe, price.id, project_id=project_id, user_id=user_id)
    event_id = parked(operator, created(operator, customer_id), ParkReason.UNKNOWN_PROJECT)
    assert operator.sees(ParkReason.UNKNOWN_PROJECT, event_id, project_id)
    catalog = {"features": [{"code": "export"}], "products": [product_of(price)]}
    catalog["features"][0] |= {"name": "Export", "type": "boolean", "merge": "any"}
    (operator.folder / "catalog.json").write_text(json.dumps(catalog))
    *_, replayed = operator.types(*blocks("### `unknown_project`"))
    assert replayed["outcome"] == "applied", replayed
    assert features(operator, project_id) == {"export"}


def test_events_of_an_unknown_price_are_replayed_once_the_catalog_has_it(
    stack: Json, operator: Operator, stripe: StripeClient
) -> None:
    project_id, price = stack["project_id"], a_price(stripe)
    user_id = operator.variables["USER_ID"]
    customer_id = subscribe(stripe, price.id, project_id=project_id, user_id=user_id)
    event_id = parked(operator, created(operator, customer_id), ParkReason.UNKNOWN_PRICE)
    assert price.id in operator.sees(ParkReason.UNKNOWN_PRICE, event_id, project_id)["detail"]
    reads, puts = blocks("### `unknown_price`")
    operator.types(reads)
    file = operator.folder / "catalog.json"
    catalog = json.loads(file.read_text())
    catalog["products"].append(product_of(price))
    file.write_text(json.dumps(catalog))
    dry, put, replayed = operator.types(puts)
    assert dry["changes"] == put["changes"] != []
    outcomes = {event["event_id"]: event["outcome"] for event in replayed["events"]}
    assert outcomes[event_id] == "applied", replayed
    assert features(operator, project_id) == {"export"}


def test_an_unreadable_event_stays_parked_and_is_reconciled(
    stack: Json, operator: Operator
) -> None:
    event = an_event(
        "customer.subscription.updated", id="sub_x", object="subscription", items="none"
    )
    send(stack, event)
    parked(operator, lambda each: each["event_id"] == event["id"], ParkReason.UNREADABLE)
    assert operator.sees(ParkReason.UNREADABLE, event["id"])["detail"]
    replayed, run = operator.types(*blocks("### `unreadable`"))
    assert (replayed["outcome"], replayed["reason"]) == ("parked", "unreadable")
    assert run["run_id"]


def test_an_id_of_another_account_is_never_moved(
    stack: Json, operator: Operator, stripe: StripeClient
) -> None:
    project_id, user_id = stack["project_id"], operator.variables["USER_ID"]
    owner = f"{user_id}-owner"
    price_id = stack["prices"]["pro_monthly"]
    customer_id = subscribe(stripe, price_id, project_id=project_id, user_id=owner)
    (subscription,) = stripe.v1.subscriptions.list({"customer": customer_id}).data
    update: Any = {"metadata": {"user_id": user_id}}
    _wait_until(lambda: operator.get(f"accounts/{project_id}/{owner}").json["holdings"])
    stripe.v1.subscriptions.update(subscription.id, update)

    def is_it(event: Json) -> bool:
        shown = operator.get(f"events/{event['event_id']}").json
        return bool(shown["payload"]["data"]["object"]["id"] == subscription.id)

    event_id = parked(operator, is_it, ParkReason.OTHER_ACCOUNT)
    operator.sees(ParkReason.OTHER_ACCOUNT, event_id, project_id)
    looks, grants, replays = blocks("### `belongs_to_other_account`")
    shown, account = operator.types(looks)
    assert shown["payload"]["data"]["object"]["metadata"]["user_id"] == user_id
    assert account["account"]["subscriptions"] == []
    (granted,) = operator.types(grants)
    assert granted["grant_id"]
    (replayed,) = operator.types(replays)
    assert (replayed["outcome"], replayed["reason"]) == ("parked", "belongs_to_other_account")
    assert features(operator, project_id) == {"export"}


def test_what_is_gone_at_stripe_stays_parked(stack: Json, operator: Operator) -> None:
    named = {"project_id": stack["project_id"], "user_id": operator.variables["USER_ID"]}
    event = an_event(
        "checkout.session.completed",
        id="cs_gone",
        object="checkout.session",
        mode="subscription",
        subscription="sub_gone",
        metadata=named,
    )
    send(stack, event)
    parked(operator, lambda each: each["event_id"] == event["id"], ParkReason.GONE_AT_STRIPE)
    operator.sees(ParkReason.GONE_AT_STRIPE, event["id"], stack["project_id"])
    (replayed,) = operator.types(*blocks("### `gone_at_stripe`"))
    assert (replayed["outcome"], replayed["reason"]) == ("parked", "gone_at_stripe")


def test_every_class_has_commands_that_are_tried() -> None:
    assert all(blocks(f"### `{reason}`") for reason in ParkReason)


def _wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)
