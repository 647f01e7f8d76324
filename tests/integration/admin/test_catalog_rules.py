"""What of a catalog is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.admin.handler import lambda_handler
from tests.integration.admin.conftest import Operator
from tests.support.documents import notes, notes_at_stripe
from tests.support.requests import call, request

AT = "projects/acme/catalog"


pytestmark = pytest.mark.usefixtures("acme")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "eur"}, "currency"),
        ({"unit_amount": 901}, "unit_amount"),
        ({"interval": "week"}, "interval"),
        ({"interval_count": 2}, "interval_count"),
        ({"type": "one_time", "interval": None}, "type"),
        ({"stripe_price_id": "price_other"}, "stripe_price_id"),
    ],
)
def test_a_price_at_stripe_is_fixed(ada: Operator, change: dict[str, Any], field: str) -> None:
    ada.catalog(notes_at_stripe())
    document = notes_at_stripe()
    document["products"][0]["prices"][0].update(change)
    answer = ada.catalog(document)
    assert answer.status == 422
    assert f"products[0].prices[0].{field}" in [e["field"] for e in answer.body["errors"]]
    assert "make a new price" in answer.body["errors"][0]["message"]
    assert ada.get(AT).body["version"] == 1


@pytest.mark.parametrize(("features", "status"), [(100, 200), (250, 422)])
def test_a_catalog_is_no_larger_than_an_item_can_be(
    ada: Operator, features: int, status: int
) -> None:
    """250 names of 250 characters are 250 KB in UTF-8, and three times that as they are stored."""
    named = [{"code": f"f{n}", "name": "\N{GRINNING FACE}" * 250} for n in range(features)]
    body = json.dumps({"features": named, "products": []}, ensure_ascii=False)
    event = request("PUT", f"/api/v1/admin/{AT}", body=body, key=ada.key)
    answer = call(lambda_handler, event)
    assert answer.status == status
    assert [e["field"] for e in answer.body.get("errors", ())] == ["body"] * (status == 422)
    assert ada.get(AT).body["version"] == (status == 200)


def test_a_price_stays_with_its_product(ada: Operator) -> None:
    ada.catalog(notes_at_stripe())
    document = notes_at_stripe()
    moved = document["products"][0]["prices"].pop()
    document["products"][1]["prices"].append(moved)
    answer = ada.catalog(document)
    assert [e["field"] for e in answer.body["errors"]] == ["products[1].prices[1].id"]


def test_a_product_at_stripe_and_a_features_type_are_fixed(ada: Operator) -> None:
    ada.catalog(notes_at_stripe())
    document = notes_at_stripe()
    document["products"][0]["stripe_product_id"] = "prod_other"
    document["features"][2]["type"] = "boolean"
    answer = ada.catalog(document)
    assert [e["field"] for e in answer.body["errors"]] == [
        "features[2].type",
        "products[0].stripe_product_id",
    ]


def test_some_prices_at_stripe_need_their_product_named(ada: Operator) -> None:
    document = notes()
    document["products"][0]["prices"][0]["stripe_price_id"] = "price_1"
    answer = ada.catalog(document)
    assert [e["field"] for e in answer.body["errors"]] == ["products[0].stripe_product_id"]


def test_prices_that_are_all_at_stripe_need_no_product(ada: Operator) -> None:
    document = notes_at_stripe()
    for product in document["products"]:
        del product["stripe_product_id"]
    assert ada.catalog(document).status == 200


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("products", 0, "prices", 1, "currency"), "USD", "products[0].prices[1].currency"),
        (("products", 0, "prices", 1, "currency"), 7, "products[0].prices[1].currency"),
        (("products", 0, "prices", 1, "unit_amount"), 9.5, "products[0].prices[1].unit_amount"),
        (("products", 0, "prices", 1, "unit_amount"), "9", "products[0].prices[1].unit_amount"),
        (("products", 0, "prices", 1, "unit_amount"), True, "products[0].prices[1].unit_amount"),
        (("products", 0, "prices", 1, "unit_amount"), 10**40, "products[0].prices[1].unit_amount"),
        (("products", 0, "prices", 1, "type"), "metered", "products[0].prices[1].type"),
        (("products", 0, "prices", 1, "tiers"), [], "products[0].prices[1].tiers"),
        (("products", 1, "features", "devices"), -1, "products[1].features.devices"),
        (("products", 1, "features", "devices"), [], "products[1].features.devices"),
        (("products", 1, "features", "devices"), 1.5, "products[1].features.devices"),
        (("products", 1, "features", "devices"), None, "products[1].features.devices"),
        (("products", 1, "features", "nope"), True, "products[1].features.nope"),
        (("products", 1, "validity_days"), 0, "products[1].validity_days"),
        (("features", 0, "type"), "toggle", "features[0].type"),
        (("features", 0, "merge"), "min", "features[0].merge"),
        (("features", 0, "code"), None, "features[0].code"),
        (("policy",), {"grace_seconds": -1}, "policy.grace_seconds"),
        (("policy",), {"grace_seconds": 10**30}, "policy.grace_seconds"),
        (("policy",), {"renewal_leeway_seconds": 2_592_001}, "policy.renewal_leeway_seconds"),
        (("policy",), None, "policy"),
        (("project_id",), "other", "project_id"),
        (("version",), -1, "version"),
        (("products",), None, "products"),
        (("extra",), 1, "extra"),
    ],
)
def test_every_wrong_field_is_named_by_its_path(
    ada: Operator, path: tuple[Any, ...], value: object, field: str
) -> None:
    document: Any = notes_at_stripe()
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    answer = ada.catalog(document)
    assert answer.status == 422
    assert [e["field"] for e in answer.body["errors"]] == [field]
    assert ada.get(AT).body["version"] == 0


def test_a_document_that_is_too_large_is_a_413(ada: Operator) -> None:
    document = {**notes_at_stripe(), "products": [{"id": "x" * 300_000}]}
    assert ada.catalog(document).status == 413


def test_too_much_at_once_for_stripe_is_refused(ada: Operator) -> None:
    document = notes()
    document["products"][0]["prices"] = [
        {"id": f"p{n}", "currency": "usd", "unit_amount": n, "interval": "day"} for n in range(30)
    ]
    answer = ada.catalog(document)
    assert [e["field"] for e in answer.body["errors"]] == ["products"]


def test_many_known_prices_go_in_one_transaction(ada: Operator) -> None:
    document = notes_at_stripe()
    prices = [
        {
            "id": f"p{n}",
            "currency": "usd",
            "unit_amount": n,
            "interval": "day",
            "stripe_price_id": f"price_{n}",
        }
        for n in range(92)
    ]
    document["products"][0]["prices"] = prices
    assert ada.catalog(document).status == 422
    document["products"][0]["prices"] = prices[:87]
    assert ada.catalog(document).status == 200
    document["products"][0]["prices"] = prices
    assert ada.catalog(document).status == 200
