"""The catalog follows Stripe, and so do the features that Stripe itself gives out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from billing.domain.catalog import Catalog, Feature, Price, Product
from billing.services.manage_catalog import put_catalog
from billing.stores import catalog_store
from tests.support.shop import CATALOG_EVENTS, Shop, clock_of


def catalog_of(shop: Shop) -> Catalog:
    return catalog_store().catalog(shop.project_id)


def pro(shop: Shop) -> Product:
    product = catalog_of(shop).product("pro")
    assert product is not None
    return product


def price_named(shop: Shop, price_id: str) -> Price:
    found = catalog_of(shop).find_price(price_id)
    assert found is not None
    return found[1]


def heard_of(shop: Shop) -> None:
    """Deliver what Stripe said of products and prices, twice and backwards."""
    said = shop.events(*CATALOG_EVENTS)
    assert shop.deliver([*said, *reversed(said)]) == []


def test_a_put_catalog_is_not_changed_by_its_own_events(shop: Shop) -> None:
    before = catalog_of(shop)
    heard_of(shop)
    assert catalog_of(shop) == before


def test_a_product_is_renamed_and_archived(shop: Shop) -> None:
    product_id = str(pro(shop).stripe_product_id)
    shop.client.v1.products.update(product_id, {"name": "Professional"})
    heard_of(shop)
    assert (pro(shop).name, pro(shop).active) == ("Professional", True)
    shop.client.v1.products.update(product_id, {"active": False})
    heard_of(shop)
    assert not pro(shop).active
    shop.restart()
    assert shop.checkout("user-1").status == 422, "it is not sold any more"


def test_a_price_is_archived_and_sold_again(shop: Shop) -> None:
    stripe_id = str(price_named(shop, "pro_monthly").stripe_price_id)
    shop.client.v1.prices.update(stripe_id, {"active": False})
    heard_of(shop)
    assert not price_named(shop, "pro_monthly").active
    shop.client.v1.prices.update(stripe_id, {"active": True})
    heard_of(shop)
    assert price_named(shop, "pro_monthly").active


def test_a_new_price_of_a_known_product_can_be_bought(shop: Shop) -> None:
    made = shop.client.v1.prices.create(
        {
            "product": str(pro(shop).stripe_product_id),
            "currency": "eur",
            "unit_amount": 1100,
            "recurring": {"interval": "month"},
            "lookup_key": "pro_monthly_eur",
        }
    )
    heard_of(shop)
    price = price_named(shop, "pro_monthly_eur")
    assert (price.stripe_price_id, price.unit_amount, price.currency) == (made.id, 1100, "eur")
    shop.restart()
    shop.buy("user-1", "pro_monthly_eur")
    shop.deliver_all()
    assert shop.features("user-1") == {"export": True, "quota": 100}


def test_what_belongs_to_no_catalog_changes_nothing(shop: Shop) -> None:
    before = catalog_of(shop)
    shop.client.v1.products.create({"name": "Another team's"})
    heard_of(shop)
    assert catalog_of(shop) == before


def test_a_holder_keeps_what_is_no_longer_sold(shop: Shop) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    shop.client.v1.products.update(str(pro(shop).stripe_product_id), {"active": False})
    heard_of(shop)
    shop.restart()
    assert shop.features("user-1") == {"export": True, "quota": 100}


def with_stripes_features(shop: Shop, count: int) -> None:
    """Let the catalog name features of Stripe's own."""
    catalog = catalog_of(shop)
    more = tuple(Feature(f"f{n}", stripe_lookup_key=f"key-{n}") for n in range(count))
    wanted = replace(catalog, features=(*catalog.features, *more))
    put_catalog(catalog_store(), shop.gateway, wanted, by="Ada", now=clock_of(shop.stripe))
    shop.restart()


def test_stripes_own_features_are_given_and_taken(shop: Shop) -> None:
    with_stripes_features(shop, 12)
    shop.checkout("user-1")
    customer = shop.account("user-1").customer_id
    keys = [f"key-{n}" for n in range(12)]
    shop.control(f"customers/{customer}/features", lookup_keys=[*keys, "not-ours"])
    (summary,) = shop.events("entitlements.active_entitlement_summary.updated")
    assert summary["data"]["object"]["entitlements"]["has_more"], "so the rest has to be fetched"
    shop.deliver_all()
    assert shop.features("user-1") == {f"f{n}": True for n in range(12)}
    shop.stripe.advance(seconds=5)
    shop.control(f"customers/{customer}/features", lookup_keys=["key-3"])
    shop.deliver_all()
    assert shop.features("user-1") == {"f3": True}
    shop.deliver([summary])
    assert shop.features("user-1") == {"f3": True}


def test_a_catalog_without_them_ignores_stripes_own_features(shop: Shop) -> None:
    shop.checkout("user-1")
    customer: Any = shop.account("user-1").customer_id
    shop.control(f"customers/{customer}/features", lookup_keys=["key-1"])
    shop.deliver_all()
    assert shop.features("user-1") == {}
