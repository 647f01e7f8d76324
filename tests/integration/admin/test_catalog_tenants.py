"""A Stripe id belongs to one project."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.adapters.dynamo.catalog_store import ClaimedElsewhere
from billing.composition import now
from billing.stores import catalog_store
from local.stripe.server import FakeStripeServer
from tests.integration.admin.conftest import Operator
from tests.support.documents import notes, notes_at_stripe

pytestmark = pytest.mark.usefixtures("acme")


def calls_to_stripe(stripe: FakeStripeServer) -> int:
    with stripe.state.lock:
        return len(stripe.state.products.rows) + len(stripe.state.prices.rows)


def test_a_stripe_id_of_another_project_is_refused(ada: Operator) -> None:
    ada.project("other")
    ada.catalog(notes_at_stripe())
    for dry_run in ("true", "false"):
        answer = ada.catalog(notes_at_stripe(), "other", dry_run=dry_run)
        assert (answer.status, answer.body["code"]) == (409, "stripe_id_taken")
    assert ada.get("projects/other/catalog").body["version"] == 0


def test_one_foreign_price_is_enough_and_nothing_is_made(
    ada: Operator, stripe: FakeStripeServer
) -> None:
    ada.project("other")
    ada.catalog(notes_at_stripe())
    document = notes()
    del document["products"][1]
    (product,) = document["products"]
    product["stripe_product_id"] = "prod_mine"
    product["prices"][0]["stripe_price_id"] = "price_pro_monthly"
    answer = ada.catalog(document, "other")
    assert answer.status == 409
    assert "price_pro_monthly" in answer.body["detail"]
    assert calls_to_stripe(stripe) == 0


def test_the_transaction_itself_refuses_what_was_claimed_meanwhile(ada: Operator) -> None:
    ada.project("other")
    ada.catalog(notes_at_stripe("_other"), "other")
    store = catalog_store()
    theirs, mine = store.catalog("other"), store.catalog("acme")
    stolen = replace(theirs, project_id="acme")
    with pytest.raises(ClaimedElsewhere):
        store.put_catalog(stolen, mine, now=now(), by="Mallory")
    assert store.catalog("acme").version == 0


def test_an_id_once_claimed_is_never_free_again(ada: Operator) -> None:
    ada.project("other")
    ada.catalog(notes_at_stripe())
    ada.catalog({"features": [], "products": []})
    assert ada.catalog(notes_at_stripe(), "other").status == 409
    assert ada.catalog(notes_at_stripe()).status == 200


def test_the_same_price_names_are_apart(ada: Operator, stripe: FakeStripeServer) -> None:
    ada.project("other")
    ours = ada.catalog(notes()).body["catalog"]["products"]
    theirs = ada.catalog(notes(), "other").body["catalog"]["products"]
    assert {p["stripe_product_id"] for p in ours}.isdisjoint(p["stripe_product_id"] for p in theirs)
