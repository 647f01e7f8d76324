"""The webhook endpoint answers at once, and takes only what Stripe signed."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from billing.settings import settings
from functions.webhooks.receive import lambda_handler as receive
from tests.support.requests import Answer, call, request
from tests.support.shop import Shop


def messages(queue_url: str) -> list[Any]:
    sqs = boto3.client("sqs", region_name="eu-west-1")
    found = sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    )
    return list(found.get("Messages", []))


def an_event(shop: Shop) -> Any:
    shop.buy("user-1")
    (event,) = shop.events("invoice.paid")
    return event


def post(body: str | bytes, headers: dict[str, str], path: str = "/") -> Answer:
    sent: Any = {"raw": body} if isinstance(body, bytes) else {"body": body}
    return call(receive, at_url(request("POST", path, headers=headers, **sent)))


def at_url(event: Any) -> Any:
    """As the function URL sends it, which has one route."""
    return {**event, "requestContext": {**event["requestContext"], "routeKey": "$default"}}


@pytest.mark.parametrize("path", ["/", "/api/v1/webhooks/stripe"])
def test_a_signed_event_is_queued_by_customer_once(shop: Shop, queue_url: str, path: str) -> None:
    event = an_event(shop)
    body, headers = shop.stripe.signed(event, timestamp=shop.stripe.now)
    for _ in range(3):
        status, answer, _ = post(body, headers, path)
        assert (status, answer["outcome"]) == (200, "queued")
    (message,) = messages(queue_url)
    assert json.loads(message["Body"])["id"] == event["id"]
    assert message["Attributes"]["MessageGroupId"] == event["data"]["object"]["customer"]
    assert message["Attributes"]["MessageDeduplicationId"] == event["id"]


SIGNATURES: dict[str, tuple[dict[str, Any], int]] = {
    "of another secret": ({"secrets": ("whsec_wrong",)}, 401),
    "too old": ({"age": 301}, 401),
    "from the future": ({"age": -301}, 401),
    "just old enough": ({"age": 299}, 200),
    "of two secrets, one of them ours": ({"secrets": ("whsec_old", "whsec_integration")}, 200),
}


@pytest.mark.parametrize("case", SIGNATURES)
def test_only_a_good_and_recent_signature_is_taken(shop: Shop, queue_url: str, case: str) -> None:
    signing, expected = dict(SIGNATURES[case][0]), SIGNATURES[case][1]
    signing["timestamp"] = shop.stripe.now - signing.pop("age", 0)
    status, _, _ = shop.receive(an_event(shop), **signing)
    assert status == expected
    assert len(messages(queue_url)) == (1 if expected == 200 else 0)


@pytest.mark.parametrize(
    "header",
    [None, "", "t=1", "v1=abc", "t=x,v1=abc", "t=1,v1=", "nonsense", "t=1,v1=caf\u00e9"],
)
def test_a_missing_or_unreadable_signature_is_refused(
    shop: Shop, queue_url: str, header: str | None
) -> None:
    headers = {} if header is None else {"Stripe-Signature": header}
    status, body, _ = post(json.dumps(an_event(shop)), headers)
    assert status in (400, 401)
    assert body["code"] in ("unreadable_signature", "invalid_signature")
    assert messages(queue_url) == []


def test_a_changed_body_is_refused(shop: Shop) -> None:
    body, headers = shop.stripe.signed(an_event(shop), timestamp=shop.stripe.now)
    assert post(body.replace(b"user-1", b"user-2"), headers).status == 401


def test_the_previous_secret_is_taken_while_it_is_rolled(shop: Shop) -> None:
    set_secret({"current": "whsec_new", "previous": "whsec_integration"})
    assert shop.receive(an_event(shop)).status == 200


@pytest.mark.parametrize("value", [{}, {"current": ""}, {"current": "  "}, []])
def test_without_a_secret_it_refuses_to_serve(shop: Shop, value: object) -> None:
    set_secret(value)
    status, body, headers = shop.receive(an_event(shop))
    assert (status, body["code"]) == (503, "not_configured")
    assert headers["retry-after"]


def test_without_a_queue_it_refuses_to_serve(shop: Shop, queue_url: str) -> None:
    boto3.client("sqs", region_name="eu-west-1").delete_queue(QueueUrl=queue_url)
    assert shop.receive(an_event(shop)).status == 503


def set_secret(value: object) -> None:
    secrets = boto3.client("secretsmanager", region_name="eu-west-1")
    secrets.put_secret_value(
        SecretId=settings().stripe_webhook_secret, SecretString=json.dumps(value)
    )


THIN = b'{"id": "evt_1", "type": "invoice.paid", "object": "v2.core.event"}'
ODD_ID = '{"id": "evt \U0001f4a9", "type": "invoice.paid", "livemode": false}'.encode()


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        (b"not json", 400, None),
        (b"\xff\xfe", 400, None),
        (b"[]", 400, None),
        (b"{}", 400, None),
        (b'{"id": 5, "type": "invoice.paid"}', 400, None),
        (b"[" * 100_000, 400, None),
        (THIN, 200, "ignored_thin"),
        (b'{"id": "evt_1", "type": "payout.paid", "livemode": false}', 200, "ignored_type"),
        (b'{"id": "evt_1", "type": "invoice.paid", "livemode": true}', 200, "ignored_mode"),
        (b'{"id": "evt_1", "type": "invoice.paid"}', 200, "ignored_mode"),
        (ODD_ID, 200, "queued"),
        (b"{" + b" " * (1024 * 1024), 413, None),
    ],
)
def test_what_is_signed_but_odd_is_answered_on_purpose(
    shop: Shop, body: bytes, status: int, outcome: str | None
) -> None:
    headers = shop.sign(body)
    answer = post(body, headers)
    assert (answer.status, answer.body.get("outcome")) == (status, outcome)


def test_a_large_event_is_queued_by_reference(shop: Shop, queue_url: str) -> None:
    event = {
        "id": "evt_large",
        "type": "invoice.paid",
        "livemode": False,
        "created": 1,
        "data": {"object": {"id": "in_1", "customer": "cus_1", "text": "x" * 300_000}},
    }
    body = json.dumps(event).encode()
    assert post(body, shop.sign(body)).status == 200
    (message,) = messages(queue_url)
    assert json.loads(message["Body"]) == {
        "object": "event_reference",
        "id": "evt_large",
        "type": "invoice.paid",
    }
    assert message["Attributes"]["MessageGroupId"] == "cus_1"


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/x"), ("PUT", "/")])
def test_another_method_or_path_is_no_route(shop: Shop, method: str, path: str) -> None:
    assert call(receive, at_url(request(method, path))).status == 404
    assert call(receive, request(method, path)).status == 404
