"""The gateway through the real SDK, with the fake Stripe at the other end of the wire."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from urllib3.util import connection

from billing.adapters.stripe.breaker import FAILURES
from billing.adapters.stripe.gateway import StripeGateway
from billing.adapters.stripe.listed import Listed, Window
from billing.adapters.stripe.orders import SessionOrder
from billing.adapters.stripe.transport import Timeouts
from billing.adapters.stripe.trouble import CustomerGone
from billing.domain.account import AccountKey
from billing.domain.catalog import Price, PriceType, Product
from billing.domain.errors import (
    BillingError,
    IdempotencyKeyReused,
    InvalidInput,
    NotConfigured,
    StripeRejected,
    StripeUnavailable,
)
from local.stripe.server import FakeStripeServer
from tests.integration.stripe.conftest import NOON

KEY = AccountKey("shop", "u-1")
PRO = Product("pro", "Pro")
MONTHLY = Price("pro_monthly", "usd", 1200, interval="month")
LIFETIME = Price("once", "usd", 9900, PriceType.ONE_TIME)


def sold(gateway: StripeGateway, price: Price = MONTHLY) -> str:
    return gateway.create_price("shop", gateway.create_product("shop", PRO), price)


def an_order(gateway: StripeGateway, **changes: Any) -> SessionOrder:
    one_time = changes.get("mode") == "payment"
    return SessionOrder(
        **{
            "key": KEY,
            "customer_id": gateway.create_customer(KEY),
            "stripe_price_id": sold(gateway, LIFETIME if one_time else MONTHLY),
            "mode": "subscription",
            "success_url": "https://app.example.com/{CHECKOUT_SESSION_ID}",
            "cancel_url": "https://app.example.com/",
            **changes,
        }
    )


def stored(server: FakeStripeServer, session_id: str) -> dict[str, Any]:
    row: dict[str, Any] = server.state.sessions.rows[session_id]
    return row


# -- customers


def test_a_customer_says_whose_it_is(gateway: StripeGateway) -> None:
    found = gateway.customer(gateway.create_customer(KEY))
    assert found
    assert found["metadata"] == {"project_id": "shop", "user_id": "u-1"}


def test_twenty_at_once_make_one_customer(gateway: StripeGateway) -> None:
    with ThreadPoolExecutor(20) as pool:
        made = set(pool.map(lambda _: gateway.create_customer(KEY), range(20)))
    assert len(made) == 1


def test_accounts_have_customers_of_their_own(gateway: StripeGateway) -> None:
    keys = [KEY, AccountKey("shop", "u-2"), AccountKey("shop2", "u-1")]
    assert len({gateway.create_customer(key) for key in keys}) == 3


def test_a_customer_instead_of_one_that_is_gone_is_a_new_one(gateway: StripeGateway) -> None:
    first = gateway.create_customer(KEY)
    second = gateway.create_customer(KEY, instead_of=first)
    assert first != second
    assert gateway.create_customer(KEY, instead_of=first) == second


def test_an_email_address_is_set(gateway: StripeGateway) -> None:
    customer_id = gateway.create_customer(KEY)
    gateway.set_customer_email(customer_id, "ada@example.com")
    found = gateway.customer(customer_id)
    assert found
    assert found["email"] == "ada@example.com"


# -- checkout and portal


def test_a_subscription_session_carries_the_account_everywhere(
    gateway: StripeGateway, stripe_server: FakeStripeServer
) -> None:
    order = an_order(
        gateway, quantity=3, trial_days=14, allow_promotion_codes=True, metadata={"ref": "42"}
    )
    session = gateway.create_checkout_session(order)
    assert session.url.startswith(stripe_server.url)
    assert session.expires_at == NOON + timedelta(days=1)
    row = stored(stripe_server, session.id)
    noted = {
        "ref": "42",
        "project_id": "shop",
        "user_id": "u-1",
        "price_id": order.stripe_price_id,
        "quantity": "3",
    }
    assert row["metadata"] == noted
    assert row["client_reference_id"] == "shop:u-1"
    assert row["success_url"] == "https://app.example.com/{CHECKOUT_SESSION_ID}"
    paid = stripe_server.pay(session.id)
    subscription = gateway.subscription(paid["subscription"])
    assert subscription
    assert subscription["metadata"] == noted
    assert subscription["status"] == "trialing"
    assert subscription["items"]["data"][0]["quantity"] == 3


def test_a_payment_session_carries_the_account_to_the_charge(
    gateway: StripeGateway, stripe_server: FakeStripeServer
) -> None:
    order = an_order(gateway, mode="payment")
    paid = stripe_server.pay(gateway.create_checkout_session(order).id)
    intent = stripe_server.state.intents.rows[paid["payment_intent"]]
    charge = gateway.charge(intent["latest_charge"])
    assert charge
    assert charge["metadata"]["user_id"] == "u-1"
    fetched = gateway.session(paid["id"])
    assert fetched
    assert fetched["line_items"]["data"][0]["price"]["id"] == order.stripe_price_id
    (line,) = gateway.session_lines(paid["id"])
    assert line["price"]["id"] == order.stripe_price_id


def test_one_idempotency_key_makes_one_session(gateway: StripeGateway) -> None:
    order = an_order(gateway)
    first = gateway.create_checkout_session(order, "key-1")
    assert gateway.create_checkout_session(order, "key-1") == first
    assert gateway.create_checkout_session(order) != first
    with pytest.raises(IdempotencyKeyReused):
        gateway.create_checkout_session(an_order(gateway, quantity=2), "key-1")


def test_a_long_user_id_has_no_mark(
    gateway: StripeGateway, stripe_server: FakeStripeServer
) -> None:
    key = AccountKey("shop", "ü" * 256)
    session = gateway.create_checkout_session(an_order(gateway, key=key))
    row = stored(stripe_server, session.id)
    assert row["client_reference_id"] is None
    assert row["metadata"]["user_id"] == key.user_id


def test_a_customer_that_is_gone_is_told(gateway: StripeGateway) -> None:
    with pytest.raises(CustomerGone):
        gateway.create_checkout_session(an_order(gateway, customer_id="cus_gone"))
    with pytest.raises(CustomerGone):
        gateway.create_portal_session("cus_gone", "https://app.example.com/")


def test_a_portal_is_opened(gateway: StripeGateway, stripe_server: FakeStripeServer) -> None:
    customer_id = gateway.create_customer(KEY)
    portal = gateway.create_portal_session(customer_id, "https://app.example.com/")
    assert portal.url.startswith(stripe_server.url)
    assert portal.created_at == NOON


# -- what is there


@pytest.mark.parametrize(
    "read", ["subscription", "session", "invoice", "charge", "customer", "event", "price"]
)
def test_what_is_gone_is_nothing(gateway: StripeGateway, read: str) -> None:
    assert getattr(gateway, read)("gone_1") is None


def test_an_invoice_is_found_by_the_payment_that_paid_it(
    gateway: StripeGateway, stripe_server: FakeStripeServer
) -> None:
    paid = stripe_server.pay(gateway.create_checkout_session(an_order(gateway)).id)
    invoice = gateway.invoice(paid["invoice"])
    assert invoice
    (payment,) = invoice["payments"]["data"]
    intent = payment["payment"]["payment_intent"]
    assert gateway.invoice_of_payment(intent) == paid["invoice"]
    assert gateway.invoice_of_payment("pi_gone") is None


def test_all_subscriptions_are_gone_through(
    gateway: StripeGateway, stripe_server: FakeStripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.adapters.stripe.calls.PAGE", 2)
    made = []
    for _ in range(5):
        session = gateway.create_checkout_session(an_order(gateway))
        made.append(stripe_server.pay(session.id)["subscription"])
    first = gateway.page(Listed.SUBSCRIPTIONS)
    second = gateway.page(Listed.SUBSCRIPTIONS, after=first.cursor)
    third = gateway.page(Listed.SUBSCRIPTIONS, after=second.cursor)
    assert [s["id"] for page in (first, second, third) for s in page.objects] == made[::-1]
    assert third.cursor is None
    tomorrow = NOON + timedelta(days=1)
    assert gateway.page(Listed.SUBSCRIPTIONS, Window(begin=tomorrow)).objects == []
    assert len(gateway.page(Listed.SUBSCRIPTIONS, Window(end=tomorrow)).objects) == 2


def test_a_subscription_of_many_items_is_fetched_whole(
    gateway: StripeGateway, stripe_server: FakeStripeServer
) -> None:
    session = gateway.create_checkout_session(an_order(gateway))
    subscription_id = stripe_server.pay(session.id)["subscription"]
    items = gateway._v1.subscription_items
    for number in range(11):
        price = sold(gateway, Price(f"extra_{number}", "usd", 100, interval="month"))
        items.create({"subscription": subscription_id, "price": price})
    found = gateway.subscription(subscription_id)
    assert found
    assert len(found["items"]["data"]) == 12
    assert not found["items"]["has_more"]
    assert len(gateway.subscription_items(subscription_id)) == 12


def test_events_are_listed_and_fetched(
    gateway: StripeGateway, stripe_server: FakeStripeServer
) -> None:
    stripe_server.pay(gateway.create_checkout_session(an_order(gateway)).id)
    lost = stripe_server.events("checkout.session.completed")[0]["id"]
    since = Window(NOON - timedelta(days=1))
    listed = [event["id"] for event in gateway.page(Listed.EVENTS, since).objects]
    assert lost in listed
    assert len(listed) == len(stripe_server.events())
    event = gateway.event(lost)
    assert event
    assert event["data"]["object"]["object"] == "checkout.session"


# -- what is sold


def test_products_and_prices_are_made_once(gateway: StripeGateway) -> None:
    assert gateway.create_product("shop", PRO) == gateway.create_product("shop", PRO)
    price_id = sold(gateway)
    assert sold(gateway) == price_id
    found = gateway.find_price("shop", "pro_monthly")
    assert found
    assert (found["id"], found["lookup_key"]) == (price_id, "shop:pro_monthly")
    assert found["recurring"]["interval"] == "month"
    assert gateway.find_price("other", "pro_monthly") is None


def test_a_new_price_takes_the_name_over(gateway: StripeGateway) -> None:
    sold(gateway)
    dearer = sold(gateway, Price("pro_monthly", "usd", 1500, interval="month"))
    found = gateway.find_price("shop", "pro_monthly")
    assert found
    assert found["id"] == dearer


# -- trouble


@pytest.mark.parametrize(
    ("fault", "expected", "retry_after"),
    [
        ({"status": 500}, StripeUnavailable, 2),
        ({"status": 503, "headers": {"Retry-After": "7"}}, StripeUnavailable, 7),
        ({"status": 503, "headers": {"Retry-After": "soon"}}, StripeUnavailable, 2),
        ({"status": 429, "headers": {"Retry-After": "0"}}, StripeUnavailable, 1),
        ({"status": 409}, StripeUnavailable, 2),
        ({"status": 400, "error": {"code": "rate_limit"}}, StripeUnavailable, 2),
        ({"drop": True}, StripeUnavailable, 2),
        ({"status": 401}, NotConfigured, 60),
        ({"status": 403}, NotConfigured, 60),
        ({"status": 402}, StripeRejected, 5),
        ({"status": 404}, StripeRejected, 5),
        ({"status": 418}, StripeRejected, 5),
        ({"status": 400, "error": {"type": "idempotency_error"}}, IdempotencyKeyReused, None),
    ],
)
def test_every_trouble_has_one_of_our_errors(
    gateway: StripeGateway,
    stripe_server: FakeStripeServer,
    fault: dict[str, Any],
    expected: type[BillingError],
    retry_after: int | None,
) -> None:
    stripe_server.add_fault(**fault)
    with pytest.raises(expected) as raised:
        gateway.create_customer(KEY)
    assert raised.value.retry_after == retry_after


def test_what_stripe_says_is_not_passed_on_but_its_code_is(
    gateway: StripeGateway, stripe_server: FakeStripeServer
) -> None:
    said = {"message": "No such thing: ada@example.com sk_test_123", "code": "x", "param": "y[z]"}
    stripe_server.add_fault(status=400, error=said)
    with pytest.raises(StripeRejected) as raised:
        gateway.create_customer(KEY)
    assert raised.value.detail.startswith("Stripe said 'x' about 'y[z]'.")
    stripe_server.add_fault(status=400, error={"code": "ada@example.com", "param": "a b"})
    with pytest.raises(StripeRejected) as raised:
        gateway.create_customer(KEY)
    assert raised.value.detail.startswith("Stripe said 'invalid_request'.")


@pytest.mark.parametrize(
    ("param", "field"),
    [
        ("success_url", "success_url"),
        ("metadata[colour]", "metadata"),
        ("line_items[0][quantity]", "quantity"),
        ("subscription_data[trial_period_days]", "trial_days"),
    ],
)
def test_what_the_caller_said_wrong_is_the_callers_error(
    gateway: StripeGateway, stripe_server: FakeStripeServer, param: str, field: str
) -> None:
    order = an_order(gateway)
    stripe_server.add_fault(status=400, error={"code": "parameter_invalid", "param": param})
    with pytest.raises(InvalidInput) as raised:
        gateway.create_checkout_session(order)
    assert [error.field for error in raised.value.errors] == [field]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", b"<hi>"),
        ("500 Oh", b"<hi>"),
        ("502 Bad Gateway", b'{"error": "bad gateway"}'),
        ("503 No", b'["error"]'),
        ("504 No", b'{"message": "Endpoint request timed out"}'),
        ("500 Oh", b"\xff\xfe\xfd"),
    ],
)
def test_an_answer_that_is_not_stripes_is_an_outage(status: str, body: bytes) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer() -> None:
            connected, _ = listener.accept()
            with connected:
                connected.recv(65536)
                connected.sendall(head.encode() + body)

        gateway = StripeGateway("sk_test_x", f"http://127.0.0.1:{port}", Timeouts(retries=0))
        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(answer)
            with pytest.raises(StripeUnavailable, match="failing"):
                gateway.create_customer(KEY)
            served.result()


def test_nobody_there_is_an_outage_and_soon_not_even_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    gateway = StripeGateway("sk_test_x", f"http://127.0.0.1:{port}", Timeouts(retries=0))
    for _ in range(FAILURES):
        with pytest.raises(StripeUnavailable, match="did not answer"):
            gateway.create_customer(KEY)
    with pytest.raises(StripeUnavailable, match="has been failing") as raised:
        gateway.create_customer(KEY)
    assert raised.value.retry_after == 10


def test_a_lost_answer_is_asked_for_again_and_nothing_is_made_twice(
    stripe_server: FakeStripeServer,
) -> None:
    gateway = StripeGateway("sk_test_x", stripe_server.url, Timeouts(total=5, retries=1))
    stripe_server.add_fault(method="POST", path="/v1/customers", drop=True, when="after")
    gateway.create_customer(KEY)
    assert len(stripe_server.state.customers) == 1


def test_one_connection_serves_many_calls(
    gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    connect = connection.create_connection

    def watched(*args: Any, **kwargs: Any) -> socket.socket:
        opened.append(args)
        return connect(*args, **kwargs)

    monkeypatch.setattr(connection, "create_connection", watched)
    for _ in range(5):
        gateway.create_customer(KEY)
    assert len(opened) == 1
