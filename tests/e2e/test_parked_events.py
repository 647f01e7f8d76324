"""What docs/operations.md says of parked events, done as it stands there on the running stack."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from stripe import StripeClient

from billing.domain.changes import ParkReason
from tests.support.by_the_document import (
    Json,
    Operator,
    a_price,
    an_event,
    blocks,
    created,
    features,
    parked,
    product_of,
    send,
    subscribe,
    wait_until,
)


@pytest.fixture
def operator(stack: Json, tmp_path: Path) -> Operator:
    return Operator(stack, tmp_path, {"USER_ID": f"parked-{uuid.uuid4().hex[:8]}"})


@pytest.fixture
def stripe(stack: Json) -> StripeClient:
    """Stripe's dashboard."""
    return StripeClient("sk_test_e2e", base_addresses={"api": stack["stripe_url"]})


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
    while event_id not in outcomes:
        body = {"reason": ParkReason.UNKNOWN_PRICE, "cursor": replayed["next_cursor"]}
        body["project_id"] = project_id
        (replayed,) = operator.types(f"admin events/replay -d '{json.dumps(body)}'")
        outcomes |= {event["event_id"]: event["outcome"] for event in replayed["events"]}
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
    wait_until(lambda: operator.get(f"accounts/{project_id}/{owner}").json["holdings"])
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


def test_what_is_none_of_our_business_is_dismissed(
    stack: Json, operator: Operator, stripe: StripeClient
) -> None:
    customer_id = subscribe(stripe, stack["prices"]["pro_monthly"])
    event_id = parked(operator, created(operator, customer_id), ParkReason.UNMATCHED)
    operator.sees(ParkReason.UNMATCHED, event_id)
    *_, dismisses = blocks("## Parked events")
    first, again = operator.types(dismisses + dismisses)
    assert first == again
    assert (first["outcome"], first["dismissal"]["reason"][:9]) == ("dismissed", "of an app")
    listed = operator.get("events?limit=100&state=dismissed").json["events"]
    assert event_id in [event["event_id"] for event in listed]
    waiting = operator.get("events?limit=100").json["events"]
    assert event_id not in [event["event_id"] for event in waiting]


def test_every_class_has_commands_that_are_tried() -> None:
    assert all(blocks(f"### `{reason}`") for reason in ParkReason)
