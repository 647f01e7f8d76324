"""Products and prices."""

from __future__ import annotations

from local.stripe.call import Call, Route, listing, retrieval
from local.stripe.changes import merge_metadata
from local.stripe.errors import ApiError, invalid
from local.stripe.events import changed, clone, emit
from local.stripe.objects import catalog as build
from local.stripe.params import (
    boolean,
    by_currency,
    filled,
    integer,
    metadata,
    positive,
    text,
)
from local.stripe.tables import Obj

_PRODUCT = {
    "id": filled,
    "name": filled,
    "active": boolean,
    "description": text,
    "images": [text],
    "marketing_features": [{"name": text}],
    "metadata": metadata,
    "statement_descriptor": text,
    "tax_code": text,
    "unit_label": text,
    "url": text,
}
_INTERVALS = ("day", "week", "month", "year")
_PRICE = {
    "currency": filled,
    "unit_amount": integer,
    "unit_amount_decimal": filled,
    "transform_quantity": {"divide_by": positive, "round": ("down", "up")},
    "currency_options": by_currency({"unit_amount": integer, "unit_amount_decimal": filled}),
    "product": filled,
    "product_data": {"name": filled, "metadata": metadata, "id": filled},
    "recurring": {"interval": _INTERVALS, "interval_count": positive},
    "active": boolean,
    "lookup_key": text,
    "transfer_lookup_key": boolean,
    "metadata": metadata,
    "nickname": text,
    "tax_behavior": ("exclusive", "inclusive", "unspecified"),
}
_PRICE_CHANGES = {
    key: _PRICE[key]
    for key in (
        "active", "lookup_key", "transfer_lookup_key", "metadata", "nickname", "tax_behavior"
    )
}  # fmt: skip


def create_product(call: Call) -> Obj:
    """Create a product."""
    world = call.world
    if call.params.get("id") in world.products.rows:
        raise invalid("Product already exists.", "id", "resource_already_exists")
    product = world.products.add(build.product(world, call.params))
    emit(world, "product.created", product)
    return product


def update_product(call: Call, object_id: str) -> Obj:
    """Change a product."""
    world = call.world
    product = world.need(world.products, object_id)
    before = clone(product)
    if call.params.get("default_price"):
        world.need(world.prices, call.params["default_price"], "default_price")
    merge_metadata(product, call.params)
    product.update({key: value for key, value in call.params.items() if key != "metadata"})
    product["updated"] = world.now
    changed(world, "product.updated", before, product)
    return product


def delete_product(call: Call, object_id: str) -> Obj:
    """Delete a product that has no prices."""
    world = call.world
    product = world.need(world.products, object_id)
    if next(world.prices.where(product=object_id), None) is not None:
        raise invalid(
            "This product cannot be deleted because it has one or more user-created prices."
        )
    emit(world, "product.deleted", product)
    gone: Obj = {"id": object_id, "object": "product", "deleted": True}
    world.products.rows[object_id] = gone | {"created": product["created"]}
    return gone


def list_products(call: Call) -> Obj:
    """List products."""
    ids = call.params.get("ids")
    also = (lambda product: product["id"] in ids) if ids else None
    return call.page(call.world.products, {"active": call.params.get("active")}, also)


def create_price(call: Call) -> Obj:
    """Create a price of a product, which may be made along with it."""
    world, given = call.world, call.params
    if given.get("unit_amount") is None and given.get("unit_amount_decimal") is None:
        raise invalid("The fake Stripe needs `unit_amount`.", "unit_amount")
    if given.get("product_data"):
        product = create_product(Call(world, given["product_data"], call.path))
    else:
        product = world.need(world.products, given.get("product"), "product")
    price = build.price(world, given, product["id"])
    _take_lookup_key(call, price, given.get("lookup_key"))
    world.prices.add(price)
    options = {price["currency"]: given, **(given.get("currency_options") or {})}
    shown = {currency: build.amounts(option) for currency, option in options.items()}
    world.shown_when_asked[price["id"]] = {"currency_options": shown}
    emit(world, "price.created", price)
    return price


def _take_lookup_key(call: Call, price: Obj, key: str | None) -> None:
    """A lookup key belongs to one price; ``transfer_lookup_key`` takes it away from another."""
    world = call.world
    holder = world.prices.get(world.lookup_keys.get(key, "")) if key else None
    if holder is not None and holder is not price:
        if not call.params.get("transfer_lookup_key"):
            raise ApiError(
                f"A price (`{holder['id']}`) already uses that lookup key.",
                param="lookup_key",
                code="resource_already_exists",
            )
        before = clone(holder)
        holder["lookup_key"] = None
        changed(world, "price.updated", before, holder)
    if price["lookup_key"] and price["lookup_key"] != key:
        world.lookup_keys.pop(price["lookup_key"], None)
    price["lookup_key"] = key
    if key:
        world.lookup_keys[key] = price["id"]


def update_price(call: Call, object_id: str) -> Obj:
    """Change what may be changed of a price; its amount may not."""
    world, given = call.world, call.params
    price = world.need(world.prices, object_id)
    before = clone(price)
    if "lookup_key" in given:
        _take_lookup_key(call, price, given["lookup_key"])
    merge_metadata(price, given)
    kept = {"metadata", "lookup_key", "transfer_lookup_key"}
    price.update({key: value for key, value in given.items() if key not in kept})
    changed(world, "price.updated", before, price)
    return price


def list_prices(call: Call) -> Obj:
    """List prices, for example by lookup keys."""
    world, given = call.world, call.params
    wanted = {name: given.get(name) for name in ("active", "currency", "product", "type")}
    wanted["recurring.interval"] = (given.get("recurring") or {}).get("interval")
    keys = given.get("lookup_keys")
    if keys and len(keys) > 10:
        raise invalid("You may only specify up to 10 lookup_keys.", "lookup_keys")
    also = (lambda price: price["lookup_key"] in keys) if keys else None
    return call.page(world.prices, wanted, also)


_PRICE_FILTERS = {
    "active": boolean,
    "currency": text,
    "product": text,
    "type": ("one_time", "recurring"),
    "lookup_keys": [text],
    "recurring": {"interval": _INTERVALS},
}

ROUTES = [
    Route("POST", "/v1/products", create_product, _PRODUCT, ("name",)),
    Route("POST", "/v1/products/<object_id>", update_product, _PRODUCT | {"default_price": filled}),
    Route("DELETE", "/v1/products/<object_id>", delete_product),
    retrieval("/v1/products", "product", "products"),
    listing("/v1/products", list_products, {"active": boolean, "ids": [text]}),
    Route("POST", "/v1/prices", create_price, _PRICE, ("currency",)),
    Route("POST", "/v1/prices/<object_id>", update_price, _PRICE_CHANGES),
    retrieval("/v1/prices", "price", "prices"),
    listing("/v1/prices", list_prices, _PRICE_FILTERS),
]
