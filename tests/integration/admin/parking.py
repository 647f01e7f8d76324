"""Events of each kind that cannot be applied, and how an operator looks at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billing.domain.changes import Cause, CauseType, ParkReason
from billing.services.commit import park
from billing.stores import account_store
from functions.admin.handler import lambda_handler
from tests.integration.admin.conftest import Operator
from tests.support.clock import Clock
from tests.support.requests import Answer, LambdaContext, call, request
from tests.support.shop import Json, Shop, process_records, queue_record

PERSON = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "phone": "+441234567",
    "address": {"line1": "12 St James's Square", "country": "GB"},
}


def a_parked_cause(
    event_id: str,
    clock: Clock,
    reason: ParkReason = ParkReason.UNMATCHED,
    project_id: str | None = None,
) -> None:
    """Park an event of which nothing matters but why, since when and for whom."""
    payload = {"id": event_id, "object": "event", "type": "invoice.paid"}
    cause = Cause(
        event_id,
        CauseType.STRIPE_EVENT,
        "invoice.paid",
        clock.at,
        "stripe",
        payload=payload,
        project_id=project_id,
    )
    park(account_store(), cause, reason, "for a reason", now=clock.at)


def a_subscription_of(shop: Shop, price_id: str | None = None, **metadata: str) -> Json:
    """Subscribe a new customer in Stripe's dashboard; return the event, not delivered yet."""
    person: Any = PERSON
    customer = shop.client.v1.customers.create(person)
    return a_subscription_for(shop, customer.id, price_id, **metadata)


def a_subscription_for(
    shop: Shop, customer_id: str, price_id: str | None = None, **metadata: str
) -> Json:
    """Subscribe a customer in Stripe's dashboard; return the event, not delivered yet."""
    found = shop.catalog.find_price("pro_monthly")
    assert found is not None
    created: Any = {
        "customer": customer_id,
        "items": [{"price": price_id or found[1].stripe_price_id}],
        "trial_period_days": 7,
        "metadata": metadata,
    }
    shop.client.v1.subscriptions.create(created)
    return shop.events("customer.subscription.created")[-1]


def unmatched(shop: Shop) -> Json:
    return a_subscription_of(shop)


def unknown_project(shop: Shop) -> Json:
    return a_subscription_of(shop, a_price(shop), project_id="later", user_id="user-1")


def unknown_price(shop: Shop) -> Json:
    return a_subscription_of(shop, a_price(shop), project_id=shop.project_id, user_id="user-1")


def unreadable(shop: Shop) -> Json:
    obj = {"id": "sub_x", "object": "subscription", "metadata": a_name(shop), "items": "none"}
    return {
        "id": "evt_unreadable",
        "object": "event",
        "type": "customer.subscription.created",
        "created": shop.stripe.now,
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": obj},
    }


def belongs_to_other_account(shop: Shop) -> Json:
    session = shop.buy("user-1")
    shop.deliver_all()
    shop.stripe.advance(seconds=1)
    update: Any = {"metadata": {"user_id": "user-2"}}
    shop.client.v1.subscriptions.update(session["subscription"], update)
    return shop.events("customer.subscription.updated")[-1]


def gone_at_stripe(shop: Shop) -> Json:
    return {
        "object": "event_reference",
        "id": "evt_gone",
        "type": "customer.subscription.created",
    }


PARKED: dict[ParkReason, Callable[[Shop], Json]] = {
    ParkReason.UNMATCHED: unmatched,
    ParkReason.UNKNOWN_PROJECT: unknown_project,
    ParkReason.UNKNOWN_PRICE: unknown_price,
    ParkReason.UNREADABLE: unreadable,
    ParkReason.OTHER_ACCOUNT: belongs_to_other_account,
    ParkReason.GONE_AT_STRIPE: gone_at_stripe,
}


def parked(shop: Shop, reason: ParkReason = ParkReason.UNMATCHED) -> str:
    """Let an event of this kind come, and return its id."""
    return let_come(shop, PARKED[reason](shop), reason)


def let_come(shop: Shop, event: Json, reason: str) -> str:
    """Let `process` have an event that is going to be parked."""
    is_stripes = any(event["id"] == known["id"] for known in shop.stripe.events())
    body = shop.payload(event) if is_stripes else event
    assert process_records(queue_record(body)) == []
    assert shop.outcome(event) == reason
    return str(event["id"])


def a_price(shop: Shop) -> str:
    """A price at Stripe that no catalog has."""
    product = shop.client.v1.products.create({"name": "Unknown"})
    wanted: Any = {
        "product": product.id,
        "currency": "usd",
        "unit_amount": 100,
        "recurring": {"interval": "month"},
    }
    return shop.client.v1.prices.create(wanted).id


def a_catalog_with(shop: Shop, event_id: str) -> Json:
    """A catalog that has what a subscription's event is about."""
    (event,) = [each for each in shop.stripe.events() if each["id"] == event_id]
    price = event["data"]["object"]["items"]["data"][0]["price"]
    sold = {
        "id": "extra",
        "currency": "usd",
        "unit_amount": 100,
        "type": "recurring",
        "interval": "month",
        "stripe_price_id": price["id"],
    }
    product = {
        "id": "extra",
        "name": "Extra",
        "features": {"export": True},
        "stripe_product_id": price["product"],
        "prices": [sold],
    }
    return {"features": [{"code": "export", "type": "boolean"}], "products": [product]}


def a_name(shop: Shop) -> dict[str, str]:
    return {"project_id": shop.project_id, "user_id": "user-1"}


def in_a_hurry(path: str, body: Json, key: str) -> Answer:
    """Post where hardly any of the function's time is left."""

    class NoTime(LambdaContext):
        @staticmethod
        def get_remaining_time_in_millis() -> int:
            return 1_000

    event = request("POST", f"/api/v1/admin/{path}", json_body=body, key=key)
    return call(lambda_handler, event, NoTime())


def listed(operator: Operator, **query: str) -> list[str]:
    """The ids of all pages."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = operator.get("events", **query, **cursor)
        assert page.status == 200, page.body
        found += [event["event_id"] for event in page.body["events"]]
        if page.body["next_cursor"] is None:
            return found
        cursor = {"cursor": page.body["next_cursor"]}
