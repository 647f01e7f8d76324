from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stripe

from local.stripe.server import FakeStripeServer

from .conftest import NOON, Shop

SECRET = "whsec_test"


class Receiver:
    """A webhook endpoint that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, dict[str, str]]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((body, dict(self.headers)))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/hook"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.got]

    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for body, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def hooked(receiver: Receiver) -> Iterator[FakeStripeServer]:
    with FakeStripeServer(now=NOON, webhook_url=receiver.url, webhook_secret=SECRET) as running:
        yield running


@pytest.fixture
def api(hooked: FakeStripeServer) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_x", base_addresses={"api": hooked.url})


def configure(server: FakeStripeServer, **given: Any) -> dict[str, Any]:
    answer = requests.post(f"{server.url}/_fake/webhooks", json=given, timeout=5)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def test_a_delivery_is_signed_as_stripe_signs(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    customer = api.v1.customers.create({"name": "Ünï ☃"})
    assert hooked.wait_delivered(5)
    body, headers = receiver.got[0]
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET)
    assert (event.type, event.data.object["id"]) == ("customer.created", customer.id)
    assert (event.api_version, event.pending_webhooks) == ("2026-10-28.endive", 1)
    assert headers["User-Agent"].startswith("Stripe/1.0")
    assert hooked.events()[0]["pending_webhooks"] == 0


def test_events_come_in_order_unless_asked_otherwise(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    for name in "abc":
        api.v1.customers.create({"name": name})
    assert hooked.wait_delivered(5)
    assert receiver.ids() == [event["id"] for event in hooked.events()]


def test_a_failed_delivery_is_retried(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    configure(hooked, mode={"backoff": [0.01, 0.01]})
    receiver.answers = [500, 500]
    api.v1.customers.create({})
    assert hooked.wait_delivered(5)
    assert len(receiver.got) == 3
    assert api.v1.events.list({"delivery_success": False}).data == []


def test_what_was_never_delivered_can_be_listed_and_resent(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    configure(hooked, mode={"backoff": []})
    receiver.answers = [500]
    api.v1.customers.create({})
    api.v1.products.create({"name": "P"})
    assert hooked.wait_delivered(5)
    failed = api.v1.events.list({"delivery_success": False}).data
    assert [event.type for event in failed] == ["customer.created"]
    requests.post(f"{hooked.url}/_fake/events/{failed[0].id}/resend", timeout=5)
    assert hooked.wait_delivered(5)
    assert receiver.types()[-1] == "customer.created"
    assert api.v1.events.list({"delivery_success": False}).data == []
    assert len(api.v1.events.list({"delivery_success": True}).data) == 2


def test_a_dropped_event_is_never_sent(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    configure(hooked, mode={"drop": ["customer.created"]})
    api.v1.customers.create({})
    api.v1.products.create({"name": "P"})
    assert hooked.wait_delivered(5)
    assert receiver.types() == ["product.created"]
    assert [e.type for e in api.v1.events.list({"delivery_success": False}).data] == [
        "customer.created"
    ]


def test_events_can_be_duplicated(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    configure(hooked, mode={"duplicate": 2})
    api.v1.customers.create({})
    assert hooked.wait_delivered(5)
    assert len(receiver.ids()) == 3
    assert len(set(receiver.ids())) == 1


def test_held_events_are_released_in_a_seeded_order(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    requests.post(f"{hooked.url}/_fake/webhooks/hold", timeout=5)
    for _ in range(8):
        api.v1.customers.create({})
    assert receiver.got == []
    answer = requests.post(f"{hooked.url}/_fake/webhooks/release", json={"seed": 7}, timeout=5)
    released = answer.json()["released"]
    assert requests.post(f"{hooked.url}/_fake/webhooks/wait", timeout=9).json()["delivered"]
    in_order = [event["id"] for event in hooked.events()]
    assert receiver.ids() == released
    assert sorted(released) == sorted(in_order)
    assert released != in_order


def test_the_events_of_one_action_can_be_shuffled(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    configure(hooked, mode={"reorder": True, "seed": 3})
    customer = api.v1.customers.create({})
    price = api.v1.prices.create(
        {
            "product_data": {"name": "P"},
            "currency": "usd",
            "unit_amount": 1,
            "recurring": {"interval": "day"},
        }
    )
    api.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    assert hooked.wait_delivered(5)
    in_order = [event["id"] for event in hooked.events()]
    assert sorted(receiver.ids()) == sorted(in_order)
    assert receiver.ids() != in_order


def test_an_older_endpoint_gets_older_shapes_under_two_secrets(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    shown = configure(
        hooked, api_version="2024-06-20", secrets=["whsec_new", "whsec_old"], enabled_events=["*"]
    )
    assert shown["api_version"] == "2024-06-20"
    api.v1.products.create({"name": "P"})
    assert hooked.wait_delivered(5)
    body, headers = receiver.got[0]
    assert json.loads(body)["api_version"] == "2024-06-20"
    for secret in ("whsec_new", "whsec_old"):
        stripe.WebhookSignature.verify_header(body.decode(), headers["Stripe-Signature"], secret)


def test_an_endpoint_gets_only_what_it_is_subscribed_to(
    hooked: FakeStripeServer, api: stripe.StripeClient, receiver: Receiver
) -> None:
    configure(hooked, enabled_events=["product.created"])
    api.v1.customers.create({})
    api.v1.products.create({"name": "P"})
    assert hooked.wait_delivered(5)
    assert receiver.types() == ["product.created"]


def test_a_test_can_sign_without_a_receiver(shop: Shop) -> None:
    shop.subscribe()
    event = shop.server.events("invoice.paid")[0]
    body, headers = shop.server.signed(event, secrets=("whsec_mine",))
    parsed = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], "whsec_mine")
    assert parsed.id == event["id"]
    assert json.loads(body)["created"] < time.time()
    stale, headers = shop.server.signed(event, timestamp=1)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(
            stale, headers["Stripe-Signature"], "whsec_fake_stripe_local_secret"
        )


def test_a_test_can_say_that_an_event_was_lost(shop: Shop) -> None:
    shop.subscribe()
    lost = shop.server.events("invoice.paid")[0]["id"]
    shop.server.mark_delivery(lost, "failed")
    found = shop.client.v1.events.list({"delivery_success": False}).data
    assert [event.id for event in found] == [lost]
    shop.server.advance(days=31)
    recent = shop.client.v1.events.list({"delivery_success": False})
    assert recent.data == []
