"""What a catalog must be, a case a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from billing.domain.catalog import Catalog, Feature, FeatureType, Merge, Price, PriceType, Product
from billing.domain.errors import InvalidInput
from billing.domain.policy import Policy
from billing.services.check_catalog import check_catalog, value_error

LIMIT = Feature("seats", type=FeatureType.LIMIT)
SETTING = Feature("theme", type=FeatureType.SETTING)
BOOLEAN = Feature("export")


def a_price(**fields: Any) -> Price:
    return Price(
        **{"id": "monthly", "currency": "usd", "unit_amount": 100, "interval": "month", **fields}
    )


def a_product(*prices: Price, **fields: Any) -> Product:
    return Product(**{"id": "pro", "name": "Pro", "prices": prices, **fields})


def a_catalog(*products: Product, **fields: Any) -> Catalog:
    features = (BOOLEAN, LIMIT, SETTING)
    return Catalog("acme", **{"features": features, "products": products, **fields})


def wrong_fields(catalog: Catalog) -> list[str]:
    try:
        check_catalog(catalog)
    except InvalidInput as error:
        return [e.field for e in error.errors]
    return []


def test_an_empty_catalog_can_be_put() -> None:
    assert wrong_fields(Catalog("acme")) == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"unit_amount": 0},
        {"unit_amount": 99_999_999},
        {"interval": "day", "interval_count": 1095},
        {"interval": "week", "interval_count": 156},
        {"interval": "month", "interval_count": 36},
        {"interval": "year", "interval_count": 3},
        {"type": PriceType.ONE_TIME, "interval": None},
        {"stripe_price_id": "price_1AbC"},
        {"stripe_price_id": "gold-monthly"},
        {"id": "a" * 64},
        {"id": "pro.monthly:v2_eur-1"},
    ],
)
def test_a_price_that_can_be(fields: dict[str, Any]) -> None:
    assert wrong_fields(a_catalog(a_product(a_price(**fields)))) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"unit_amount": -1}, "unit_amount"),
        ({"unit_amount": 100_000_000}, "unit_amount"),
        ({"currency": "USD"}, "currency"),
        ({"currency": "us"}, "currency"),
        ({"currency": "usdt"}, "currency"),
        ({"currency": "u$d"}, "currency"),
        ({"currency": "usd\n"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"interval": None}, "interval"),
        ({"interval": "quarter"}, "interval"),
        ({"interval": ""}, "interval"),
        ({"interval_count": 0}, "interval_count"),
        ({"interval_count": -1}, "interval_count"),
        ({"interval": "day", "interval_count": 1096}, "interval_count"),
        ({"interval": "week", "interval_count": 157}, "interval_count"),
        ({"interval": "month", "interval_count": 37}, "interval_count"),
        ({"interval": "year", "interval_count": 4}, "interval_count"),
        ({"type": PriceType.ONE_TIME}, "interval"),
        ({"type": PriceType.ONE_TIME, "interval": None, "interval_count": 2}, "interval_count"),
        ({"id": ""}, "id"),
        ({"id": "A"}, "id"),
        ({"id": "a b"}, "id"),
        ({"id": "_a"}, "id"),
        ({"id": "a" * 65}, "id"),
        ({"id": "a#b"}, "id"),
        ({"stripe_price_id": ""}, "stripe_price_id"),
        ({"stripe_price_id": "price#1"}, "stripe_price_id"),
        ({"stripe_price_id": "p" * 256}, "stripe_price_id"),
    ],
)
def test_a_price_that_cannot_be_is_named(fields: dict[str, Any], field: str) -> None:
    good = a_product(a_price(id="good"), id="good")
    bad = a_product(a_price(id="first"), a_price(**fields))
    assert wrong_fields(a_catalog(good, bad)) == [f"products[1].prices[1].{field}"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"id": "Pro"}, "id"),
        ({"name": ""}, "name"),
        ({"name": "x" * 251}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"validity_days": 0}, "validity_days"),
        ({"validity_days": -1}, "validity_days"),
        ({"validity_days": 36_501}, "validity_days"),
        ({"stripe_product_id": "prod 1"}, "stripe_product_id"),
        ({"features": {"nope": True}}, "features.nope"),
        ({"features": {"export": 1}}, "features.export"),
        ({"features": {"export": "yes"}}, "features.export"),
        ({"features": {"seats": True}}, "features.seats"),
        ({"features": {"seats": -1}}, "features.seats"),
        ({"features": {"seats": "many"}}, "features.seats"),
        ({"features": {"seats": 2**53}}, "features.seats"),
        ({"features": {"theme": ""}}, "features.theme"),
        ({"features": {"theme": 1}}, "features.theme"),
        ({"features": {"theme": "x" * 257}}, "features.theme"),
    ],
)
def test_a_product_that_cannot_be_is_named(fields: dict[str, Any], field: str) -> None:
    assert wrong_fields(a_catalog(a_product(**fields))) == [f"products[0].{field}"]


@pytest.mark.parametrize(
    ("feature", "field"),
    [
        (Feature("No"), "code"),
        (Feature(""), "code"),
        (Feature("x", name="a\nb"), "name"),
        (Feature("x", stripe_lookup_key=""), "stripe_lookup_key"),
        (Feature("x", stripe_lookup_key="\ud800"), "stripe_lookup_key"),
        (Feature("x", stripe_lookup_key="a\nb"), "stripe_lookup_key"),
        (Feature("x", stripe_lookup_key="x" * 81), "stripe_lookup_key"),
        (Feature("x", merge=Merge.SUM), "merge"),
        (Feature("x", type=FeatureType.SETTING, merge=Merge.SUM), "merge"),
    ],
)
def test_a_feature_that_cannot_be_is_named(feature: Feature, field: str) -> None:
    assert wrong_fields(Catalog("acme", features=(BOOLEAN, feature))) == [f"features[1].{field}"]


@pytest.mark.parametrize("lookup_key", [None, "x", "x" * 80, "Export to PDF"])
def test_a_feature_may_have_any_lookup_key_that_stripe_takes(lookup_key: str | None) -> None:
    feature = Feature("x", stripe_lookup_key=lookup_key)
    assert wrong_fields(Catalog("acme", features=(feature,))) == []


@pytest.mark.parametrize("merge", [Merge.MAX, Merge.ANY])
def test_a_boolean_may_say_any_or_nothing(merge: Merge) -> None:
    assert wrong_fields(Catalog("acme", features=(Feature("x", merge=merge),))) == []


@pytest.mark.parametrize(
    ("catalog", "field"),
    [
        (Catalog("acme", features=(BOOLEAN, BOOLEAN)), "features[1].code"),
        (a_catalog(a_product(), a_product()), "products[1].id"),
        (a_catalog(a_product(a_price(), a_price())), "products[0].prices[1].id"),
        (a_catalog(a_product(a_price()), a_product(a_price(), id="b")), "products[1].prices[0].id"),
        (
            a_catalog(
                a_product(stripe_product_id="prod_1"),
                a_product(id="b", stripe_product_id="prod_1"),
            ),
            "products[1].stripe_product_id",
        ),
        (
            a_catalog(
                a_product(a_price(stripe_price_id="p1"), a_price(id="b", stripe_price_id="p1"))
            ),
            "products[0].prices[1].stripe_price_id",
        ),
        (
            a_catalog(a_product(a_price(stripe_price_id="p1"), a_price(id="p1"))),
            "products[0].prices[1].id",
        ),
    ],
)
def test_what_is_there_twice_is_named_once(catalog: Catalog, field: str) -> None:
    assert wrong_fields(catalog) == [field]


@pytest.mark.parametrize(
    ("policy", "fields"),
    [
        (Policy(timedelta(0), timedelta(0)), []),
        (Policy(timedelta(days=30), timedelta(days=90)), []),
        (Policy(renewal_leeway=timedelta(seconds=-1)), ["policy.renewal_leeway_seconds"]),
        (Policy(renewal_leeway=timedelta(days=30, seconds=1)), ["policy.renewal_leeway_seconds"]),
        (Policy(grace=timedelta(seconds=-1)), ["policy.grace_seconds"]),
        (Policy(grace=timedelta(days=90, seconds=1)), ["policy.grace_seconds"]),
    ],
)
def test_leeway_and_grace_are_bounded(policy: Policy, fields: list[str]) -> None:
    assert wrong_fields(Catalog("acme", policy=policy)) == fields


def test_every_error_is_named_at_once() -> None:
    bad = a_product(a_price(currency="USD", unit_amount=-1), id="NO", features={"nope": 1})
    catalog = replace(a_catalog(bad), policy=Policy(grace=timedelta(days=99)))
    assert wrong_fields(catalog) == [
        "products[0].id",
        "products[0].features.nope",
        "products[0].prices[0].currency",
        "products[0].prices[0].unit_amount",
        "policy.grace_seconds",
    ]


@pytest.mark.parametrize(
    ("feature", "fitting"),
    [(BOOLEAN, [True, False]), (LIMIT, [0, 5, "unlimited"]), (SETTING, ["unlimited", "dark"])],
)
def test_a_value_fits_its_feature(feature: Feature, fitting: list[Any]) -> None:
    every: list[Any] = [True, False, 0, 5, "unlimited", "dark"]
    assert [value for value in every if value_error(feature, value) is None] == fitting
