"""What an app sends to start a checkout, and what the tests make of the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from billing import composition
from billing.stores import catalog_store
from functions.checkout.handler import lambda_handler
from tests.support.requests import Answer, call, request
from tests.support.shop import REDIRECTS, Shop, clock_of

USER = "user-1"


def body_of(price_id: str = "pro_monthly", **changes: Any) -> dict[str, Any]:
    body = {
        "user_id": USER,
        "price_id": price_id,
        "mode": "subscription",
        **REDIRECTS,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not ...}


def start(shop: Shop, body: object, *, key: str | None = None, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    event = request(
        "POST", "/api/v1/checkout/create", json_body=body, key=key or shop.key, headers=sent
    )
    return call(lambda_handler, event)


def fields_of(answer: Answer) -> list[str]:
    assert answer.status == 422, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["field"] for error in answer.body["errors"]]


def session_of(shop: Shop, answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    row: dict[str, Any] = shop.stripe.state.sessions.rows[answer.body["session_id"]]
    return row


def change_catalog(shop: Shop, product_id: str, **changes: Any) -> None:
    """Change a product as an operator does, some time ago."""
    store = catalog_store()
    before = store.catalog(shop.project_id)
    products = tuple(replace(p, **changes) if p.id == product_id else p for p in before.products)
    after = replace(before, products=products)
    store.put_catalog(after, before, now=composition.now(), by="Ada")
    composition.reset()
    composition.use_clock(lambda: clock_of(shop.stripe))
