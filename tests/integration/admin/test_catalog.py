"""Catalogs, and what of them is made at Stripe."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from billing.adapters.plain import to_plain
from billing.composition import now
from billing.domain.errors import VersionConflict
from billing.settings import settings
from billing.stores import catalog_store
from local.stripe.server import FakeStripeServer
from tests.integration.admin.conftest import Operator
from tests.integration.conftest import dynamodb, put_secret
from tests.support.clock import Clock
from tests.support.documents import notes, notes_at_stripe

AT = "projects/acme/catalog"


pytestmark = pytest.mark.usefixtures("acme")


def calls_to_stripe(stripe: FakeStripeServer) -> int:
    with stripe.state.lock:
        return len(stripe.state.products.rows) + len(stripe.state.prices.rows)


def test_a_project_sells_nothing_at_first(ada: Operator) -> None:
    answer = ada.get(AT)
    assert answer.headers["etag"] == '"0"'
    assert answer.body == {
        "project_id": "acme",
        "version": 0,
        "features": [],
        "products": [],
        "policy": {
            "renewal_leeway_seconds": 86_400,
            "grace_seconds": 7 * 86_400,
            "full_refund": "end",
            "partial_refund": "keep",
            "open_dispute": "keep",
            "lost_dispute": "end",
            "unpaid": "end",
            "paused_collection": "keep",
        },
    }


def test_what_is_got_can_be_put_and_changes_nothing(ada: Operator) -> None:
    put = ada.catalog(notes_at_stripe())
    got = ada.get(AT)
    again = ada.catalog(got.body)

    assert (put.status, put.body["version"], len(put.body["changes"])) == (200, 1, 5)
    assert got.body == put.body["catalog"]
    assert got.headers["etag"] == '"1"'
    assert (again.status, again.body["changes"], again.body["version"]) == (200, [], 1)


def test_products_and_prices_are_made_at_stripe_once(
    ada: Operator, stripe: FakeStripeServer
) -> None:
    put = ada.catalog(notes())
    again = ada.catalog(notes())

    assert put.status == 200, put.body
    assert again.body["changes"] == []
    assert again.body["catalog"] == put.body["catalog"]
    assert calls_to_stripe(stripe) == 5
    with stripe.state.lock:
        prices = {p["lookup_key"]: p for p in stripe.state.prices.rows.values()}
    assert set(prices) == {"acme:pro_monthly", "acme:pro_yearly", "acme:once"}
    product = put.body["catalog"]["products"][0]
    monthly = prices["acme:pro_monthly"]
    assert monthly["id"] == product["prices"][0]["stripe_price_id"]
    assert monthly["product"] == product["stripe_product_id"]
    assert (monthly["unit_amount"], monthly["currency"]) == (900, "usd")


def test_a_new_price_joins_its_product_at_stripe(ada: Operator, stripe: FakeStripeServer) -> None:
    before = ada.catalog(notes()).body["catalog"]
    document = notes()
    price = {"id": "pro_weekly", "currency": "eur", "unit_amount": 300, "interval": "week"}
    document["products"][0]["prices"].append(price)
    put = ada.catalog(document).body

    assert [(c["op"], c["path"]) for c in put["changes"]] == [
        ("add", "products[pro].prices[pro_weekly]")
    ]
    product = put["catalog"]["products"][0]
    assert product["stripe_product_id"] == before["products"][0]["stripe_product_id"]
    assert product["prices"][2]["stripe_price_id"].startswith("price_")
    assert put["version"] == 2


def test_a_dry_run_lists_the_same_changes_and_makes_none(
    ada: Operator, stripe: FakeStripeServer
) -> None:
    dry = ada.catalog(notes(), dry_run="true").body
    assert calls_to_stripe(stripe) == 0
    assert ada.get(AT).body["version"] == 0
    assert dry["version"] == 0
    assert dry["changes"] == ada.catalog(notes()).body["changes"]


@pytest.mark.parametrize("query", [{"dry_run": "yes"}, {"dry_run": ""}, {"dryrun": "true"}])
def test_a_dry_run_that_is_not_understood_is_refused(ada: Operator, query: dict[str, str]) -> None:
    assert ada.catalog(notes_at_stripe(), **query).status == 422
    assert ada.get(AT).body["version"] == 0


def test_a_crash_between_stripe_and_the_table_is_repaired_by_repeating(
    ada: Operator, stripe: FakeStripeServer
) -> None:
    stripe.add_fault(method="POST", path="/v1/prices", skip=1, times=5, status=500)
    first = ada.catalog(notes())
    stripe.api.faults.planned.clear()
    made = calls_to_stripe(stripe)
    second = ada.catalog(notes())

    assert (first.status, first.body["code"]) == (503, "stripe_unavailable")
    assert ada.get(AT).body["version"] == 1
    assert 0 < made < 5
    assert second.status == 200
    assert calls_to_stripe(stripe) == 5


def test_without_a_stripe_key_nothing_is_made_but_the_rest_works(ada: Operator) -> None:
    put_secret("stripe-api-key", {})
    assert ada.catalog(notes()).body["code"] == "not_configured"
    assert ada.catalog(notes_at_stripe()).status == 200


def test_a_version_that_is_not_the_present_one_is_a_conflict(ada: Operator) -> None:
    ada.catalog(notes_at_stripe())
    document = {**notes_at_stripe(), "policy": {"grace_seconds": 60}}
    stale = ada.catalog({**document, "version": 0})
    assert (stale.status, stale.body["code"]) == (409, "version_conflict")
    assert ada.catalog({**document, "version": 1}).body["version"] == 2


def test_a_writer_that_is_overtaken_does_not_overwrite(ada: Operator) -> None:
    store = catalog_store()
    before = store.catalog("acme")
    ada.catalog(notes_at_stripe())
    with pytest.raises(VersionConflict):
        store.put_catalog(before, before, now=now(), by="Bob")
    assert ada.get(AT).body["version"] == 1


def test_a_price_can_be_withdrawn_and_a_product_changed(ada: Operator) -> None:
    ada.catalog(notes_at_stripe())
    document = notes_at_stripe()
    document["products"][0]["prices"][0]["active"] = False
    document["products"][0]["features"]["devices"] = 10
    put = ada.catalog(document).body
    assert [c["summary"] for c in put["changes"]] == [
        "change products[pro].features[devices]: 5 -> 10",
        "change products[pro].prices[pro_monthly].active: True -> False",
    ]


def test_removing_a_product_is_loud(ada: Operator) -> None:
    ada.catalog(notes_at_stripe())
    document = notes_at_stripe()
    del document["products"][1]
    (change,) = ada.catalog(document, dry_run="true").body["changes"]
    assert (change["op"], change["path"]) == ("remove", "products[lifetime]")
    assert "LOSES" in change["summary"]
    assert change["before"]["name"] == "For life"


def test_every_version_is_kept_as_it_was(ada: Operator, clock: Clock) -> None:
    ada.catalog(notes_at_stripe())
    first = clock.at
    clock.advance(timedelta(days=1))
    ada.catalog({"features": [], "products": []})
    store = catalog_store()
    assert store.catalog_at("acme", first - timedelta(seconds=1)).version == 0
    assert len(store.catalog_at("acme", first).products) == 2
    assert len(store.catalog_at("acme", clock.at - timedelta(seconds=1)).products) == 2
    assert store.catalog_at("acme", clock.at).products == ()


def test_the_hot_reads_layout_is_kept(ada: Operator) -> None:
    ada.catalog(notes_at_stripe())
    key = {"pk": {"S": "project#acme"}, "sk": {"S": "catalog"}}
    item = dynamodb().get_item(TableName=settings().catalog_table, Key=key)["Item"]
    assert item["version"] == {"N": "1"}
    assert json.loads(item["data"]["S"]) == to_plain(catalog_store().catalog("acme"))
