"""Every sample of `events/` is accepted by its real handler, and nothing handled lacks a sample."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from billing import composition
from billing.domain.account import AccountKey
from billing.domain.delivery import DeliveryState
from billing.notifications import delivery_store, endpoint_store
from billing.services.apply_stripe_event import EVENT_HANDLERS
from billing.settings import Settings, settings
from billing.stores import account_store
from functions.notifications.deliver import lambda_handler as deliver
from functions.notifications.publish import lambda_handler as publish
from functions.reconciliation.handler import lambda_handler as reconciliation
from functions.webhooks.process import lambda_handler as process
from functions.webhooks.receive import lambda_handler as receive
from local import sign
from local.stripe import signing
from local.stripe.server import FakeStripeServer
from tests.integration.conftest import WEBHOOK_SECRET
from tests.support import samples, template
from tests.support.clock import Clock
from tests.support.push import a_pipeline
from tests.support.receiver import a_receiver
from tests.support.requests import LambdaContext, call, request
from tests.support.sample_story import know_what_is_named, the_catalog
from tests.support.world import World, a_world

API, STRIPE = samples.samples("api"), samples.samples("stripe")
NAME = {"ids": lambda path: path.stem}

STORY = (
    "checkout.session.expired",
    "customer.subscription.created",
    "invoice.paid",
    "invoice.payment_succeeded",
    "checkout.session.completed",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "charge.refunded",
    "invoice.payment_failed",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)
"""As `events/README.md` tells it."""

STARTED = (
    "admin-reconcile",
    "admin-endpoints-test",
    "admin-endpoints-retry",
    "admin-deliveries-retry",
)
"""Requests that are answered before what they start is done."""


@pytest.fixture(scope="module")
def stripe_server() -> Iterator[FakeStripeServer]:
    """A Stripe that knows what the samples name, as far as the handlers ask for it."""
    with FakeStripeServer(now=datetime(2026, 11, 2, 9, 5, tzinfo=UTC)) as server:
        yield server


@pytest.fixture
def world(
    deployment: Settings, stripe_server: FakeStripeServer, monkeypatch: pytest.MonkeyPatch
) -> World:
    """The samples' project, as it stands while their story happens."""
    stripe_server.reset()
    know_what_is_named(stripe_server)
    clock = Clock(datetime(2026, 12, 2, 11, tzinfo=UTC))
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="events.fifo", Attributes={"FifoQueue": "true"})
    monkeypatch.setenv("EVENTS_QUEUE_URL", queue["QueueUrl"])
    monkeypatch.setenv("STRIPE_API_BASE", stripe_server.url)
    a_pipeline(monkeypatch, clock)
    composition.use_clock(clock)
    return a_world(catalog=the_catalog())


# -- completeness


def test_every_handled_type_has_a_sample_of_its_name_and_no_other_has() -> None:
    assert {path.stem for path in STRIPE} == set(EVENT_HANDLERS)
    assert {samples.read(path)["type"] for path in STRIPE} == set(EVENT_HANDLERS)
    assert set(STORY) < set(EVENT_HANDLERS)


def test_every_route_of_the_template_has_a_sample_and_no_other_has() -> None:
    deployed = {route for function in template.functions() for route in function.routes}
    assert {samples.read(path)["routeKey"] for path in API} == deployed


def test_every_route_of_the_code_has_a_sample() -> None:
    events = [samples.read(path) for path in API]
    missing = [r for r in samples.code_routes() if not any(samples.is_of(r, e) for e in events)]
    assert missing == []


def test_the_samples_name_nobody() -> None:
    for path in sorted(samples.EVENTS.rglob("*.json")):
        text = path.read_text()
        assert text.count("@") == text.count("@example.com"), path
        assert "sk_" not in text, path
        assert "bk_" not in text, path


# -- requests


@pytest.mark.parametrize("path", API, **NAME)  # type: ignore[arg-type]  # pytest's overloads
def test_a_request_is_accepted(path: Path, world: World) -> None:
    event = samples.read(path, **_placeholders(path, world))
    if "t=TIMESTAMP" in event["headers"].get("stripe-signature", ""):
        signed = signing.headers(event["body"].encode(), (WEBHOOK_SECRET,), _now())
        event["headers"]["stripe-signature"] = signed["Stripe-Signature"]
    status, body, _ = call(samples.handler_of(samples.function_of(event)), event)
    expected = 404 if path.stem == "no-route" else 202 if path.stem in STARTED else 200
    assert status == expected, body


def _now() -> int:
    return int(composition.now().timestamp())


def _placeholders(path: Path, world: World) -> dict[str, str]:
    """Make what the sample needs to be there, and say how it is called."""
    text = path.read_text()
    made = {"PROJECT_KEY": world.key, "ADMIN_KEY": world.admin_key}
    if "KEY_ID" in text:
        made = {"KEY_ID": _a_key_id(world), **made}
    if "GRANT_ID" in text:
        made["GRANT_ID"] = _admin(world, "admin-grant")["grant_id"]
    if "RUN_ID" in text:
        made["RUN_ID"] = _admin(world, "admin-reconcile")["run_id"]
    if "EVENT_ID" in text:
        made["EVENT_ID"] = samples.read(_apply("checkout.session.expired"))["id"]
    if "PARKED_ID" in text:
        made["PARKED_ID"] = _a_parked_event()
    if "ENDPOINT_ID" in text:
        made |= _a_failed_delivery(world)
    if path.stem == "portal-create-session":
        _apply("customer.subscription.created")
    return made


def _a_failed_delivery(world: World) -> dict[str, str]:
    """A ping that an endpoint did not take."""
    endpoint_id = _admin(world, "admin-endpoints-create")["endpoint_id"]
    sent = _admin(world, "admin-endpoints-test", ENDPOINT_ID=endpoint_id)["delivery_id"]
    delivery = delivery_store().get(endpoint_id, sent)
    assert delivery
    delivery_store().put(replace(delivery, state=DeliveryState.FAILED))
    return {"ENDPOINT_ID": endpoint_id, "DELIVERY_ID": sent}


def _a_parked_event() -> str:
    """An event that names nobody."""
    event = samples.read(samples.EVENTS / "stripe" / "customer.subscription.created.json")
    event["data"]["object"]["metadata"] = {}
    _process(event)
    return str(event["id"])


def _a_key_id(world: World) -> str:
    (key,) = _admin(world, "admin-keys-list")["keys"]
    found: str = key["key_id"]
    return found


def _admin(world: World, name: str, **placeholders: str) -> Any:
    path = samples.EVENTS / "api" / f"{name}.json"
    event = samples.read(path, ADMIN_KEY=world.admin_key, **placeholders)
    return call(samples.handler_of(samples.function_of(event)), event).body


# -- Stripe's events


@pytest.mark.parametrize("path", STRIPE, **NAME)  # type: ignore[arg-type]  # pytest's overloads
def test_an_event_is_received(path: Path, world: World) -> None:
    body = path.read_bytes()
    headers = signing.headers(body, (WEBHOOK_SECRET,), _now())
    asked = request("POST", "/api/v1/webhooks/stripe", body=body.decode(), headers=headers)
    status, received, _ = call(receive, asked)
    assert (status, received["outcome"]) == (200, "queued")


def test_the_story_is_applied_from_beginning_to_end(world: World) -> None:
    for type_ in STORY:
        event = samples.read(_apply(type_))
        entry = account_store().ledger_entry(event["id"])
        assert entry is not None, type_
        assert entry.outcome != "parked", (type_, entry.detail)
    account = account_store().load(AccountKey("demo", "user-1"))
    assert account.customer_id == "cus_demo1"
    assert {fact.status for fact in account.subscriptions.values()} == {"canceled"}
    assert [r.is_full for p in account.purchases.values() for r in p.refunds] == [True]


@pytest.mark.parametrize("type_", sorted(set(EVENT_HANDLERS) - set(STORY)))
def test_an_event_beside_the_story_is_applied(type_: str, world: World) -> None:
    for told in ("customer.subscription.created", "checkout.session.async_payment_succeeded"):
        _apply(told)
    entry = account_store().ledger_entry(samples.read(_apply(type_))["id"])
    assert entry is not None
    assert entry.outcome != "parked", entry.detail


def test_the_story_ends_the_same_way_backwards(world: World) -> None:
    subscriptions = [type_ for type_ in STORY if type_.startswith("customer.subscription")]
    for type_ in reversed(subscriptions):
        _apply(type_)
    account = account_store().load(AccountKey("demo", "user-1"))
    assert {fact.status for fact in account.subscriptions.values()} == {"canceled"}


def _apply(type_: str) -> Path:
    path = samples.EVENTS / "stripe" / f"{type_}.json"
    _process(samples.read(path))
    return path


def _process(event: samples.Json) -> None:
    batch = samples.read(samples.EVENTS / "queue" / "stripe-events.json")
    record = {**batch["Records"][0], "body": json.dumps(event)}
    answer = process({"Records": [record]}, LambdaContext())
    assert answer == {"batchItemFailures": []}


# -- queue, schedule, stream


CONSUMERS: dict[str, Any] = {
    "stripe-events": process,
    "deliveries": deliver,
    "wake-ups": publish,
}
"""Who takes the batches of each queue."""


def test_a_batch_of_each_queue_is_processed_whole(world: World) -> None:
    made = _a_failed_delivery(world)
    with a_receiver() as receiver:
        _lead_to(receiver.url, made["ENDPOINT_ID"])
        for path in samples.samples("queue"):
            answer = CONSUMERS[path.stem](samples.read(path, **made), LambdaContext())
            assert answer == {"batchItemFailures": []}, path
        assert [each.id for each in receiver.received] == [made["DELIVERY_ID"]]


def _lead_to(url: str, endpoint_id: str) -> None:
    endpoint_store().change("demo", endpoint_id, lambda each: replace(each, url=url))


def test_the_clock_starts_a_run_and_the_function_goes_on_with_one(world: World) -> None:
    started = _admin(world, "admin-reconcile")["run_id"]
    for path in samples.samples("schedule"):
        made = reconciliation(samples.read(path, RUN_ID=started), _Minutes())  # type: ignore[arg-type]  # stands in
        assert made["status"] == "completed", path


class _Minutes(LambdaContext):
    """Beside an event in the background, where there are minutes of time."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 900_000


def test_a_stream_record_shows_the_item_as_it_is_stored(world: World) -> None:
    _apply("customer.subscription.created")
    (path,) = samples.samples("stream")
    (record,) = samples.read(path)["Records"]
    stored = boto3.client("dynamodb").get_item(
        TableName=settings().accounts_table, Key=record["dynamodb"]["Keys"]
    )["Item"]
    assert record["dynamodb"]["NewImage"].keys() == stored.keys()


def test_a_change_of_the_stream_is_announced(world: World) -> None:
    (path,) = samples.samples("stream")
    (record,) = samples.read(path)["Records"]
    happened = datetime.fromtimestamp(record["dynamodb"]["ApproximateCreationDateTime"], UTC)
    composition.use_clock(lambda: happened - timedelta(minutes=5))  # an endpoint of before
    made = _admin(world, "admin-endpoints-create")
    answer = publish(samples.read(path), LambdaContext())  # type: ignore[arg-type]  # stands in
    assert answer == {"batchItemFailures": []}
    (delivery,) = delivery_store().page(made["endpoint_id"]).items
    assert json.loads(delivery.body)["data"]["feature_codes"] == ["devices", "export"]


# -- signing a sample


def test_a_sample_is_posted_signed_and_moved_to_the_present(world: World) -> None:
    (path,) = [path for path in STRIPE if path.stem == "customer.subscription.created"]
    original = samples.read(path)
    words = sign.words_of("acme-notes", {"pro_monthly": "price_1"})
    event = sign.prepared(original, words=words, event_id="evt_2", now=_now())
    item = event["data"]["object"]["items"]["data"][0]
    assert (event["id"], event["created"]) == ("evt_2", _now())
    assert item["price"]["id"] == "price_1"
    assert item["current_period_end"] > _now()
    assert event["data"]["object"]["metadata"]["project_id"] == "acme-notes"
    assert sign.prepared(original, words={}) == original
