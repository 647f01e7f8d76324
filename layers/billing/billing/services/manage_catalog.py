"""Put a project's catalog: checked, compared, made in Stripe where it is new, then stored.

Stripe comes first and the document last. A crash in between leaves products at Stripe that nobody
sells; repeating the put finds them by the same idempotency keys and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from billing.adapters.plain import to_plain
from billing.domain.catalog import Catalog, Price, Product
from billing.domain.errors import FieldError, InvalidInput, VersionConflict
from billing.services.check_catalog import check_catalog
from billing.services.compare_catalogs import CatalogChange, compare_catalogs
from billing.services.manage_projects import known_project

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore

CREATIONS_LIMIT = 25
"""Products and prices that one put makes at Stripe, a quarter of a second each."""

CLAIMS_LIMIT = 90
"""New Stripe ids in one put: they are claimed in its transaction, which takes 100 items."""

LARGEST_STORED = 350_000
"""Bytes of a catalog as it is stored, which has 6 to 12 of them for a character beyond ASCII.

An item of DynamoDB's has 400 KB at most; what lies between is for the ids that a put makes.
"""


class CatalogGateway(Protocol):
    """What a catalog needs of Stripe. The same content asked for again gives the same id."""

    def create_product(self, project_id: str, product: Product) -> str:
        """Make a product, and return Stripe's id of it."""
        ...

    def create_price(self, project_id: str, stripe_product_id: str, price: Price) -> str:
        """Make a price of a product, and return Stripe's id of it."""
        ...


@dataclass(frozen=True, slots=True)
class CatalogPut:
    """What a put changed, or would change, and the catalog after it."""

    changes: list[CatalogChange]
    catalog: Catalog


def read_catalog(store: CatalogStore, project_id: str) -> Catalog:
    """Return a project's catalog as it is this moment.

    Raises:
        NotFound: there is no such project.
    """
    known_project(store, project_id)
    return store.catalog(project_id)


def put_catalog(
    store: CatalogStore,
    gateway: Callable[[], CatalogGateway],
    wanted: Catalog,
    *,
    by: str,
    now: datetime,
    expected_version: int | None = None,
    dry_run: bool = False,
) -> CatalogPut:
    """Make a catalog the project's next one. The same catalog again changes nothing.

    Args:
        store: where catalogs are kept.
        gateway: how to get at Stripe; asked only if something has to be made there.
        wanted: the whole catalog. Stripe ids that it leaves out are taken from the present one.
        by: the operator.
        now: the instant from which it holds.
        expected_version: the version on which the operator's work is based, if known.
        dry_run: whether to say only what would change.

    Raises:
        NotFound: there is no such project.
        VersionConflict: the present version is another than expected.
        InvalidInput: the catalog cannot work, or changes what is fixed.
        ClaimedElsewhere: a Stripe id belongs to another project.
        StripeRejected, StripeUnavailable: something could not be made.
    """
    before = read_catalog(store, wanted.project_id)
    if expected_version not in (None, before.version):
        raise VersionConflict(f"The present version is {before.version}.")
    wanted = replace(_with_known_ids(wanted, before), version=before.version)
    check_catalog(wanted)
    errors = (*_fixed_errors(wanted, before), *_size_errors(wanted, before))
    if errors:
        raise InvalidInput("The catalog cannot be put.", errors=errors)
    store.refuse_foreign_ids(wanted, before)
    changes = compare_catalogs(before, wanted)
    missing = any(map(_is_incomplete, wanted.products))
    if dry_run or not (changes or missing):
        return CatalogPut(changes, wanted)
    products = tuple(_made(wanted.project_id, product, gateway) for product in wanted.products)
    made = replace(wanted, products=products)
    return CatalogPut(changes, store.put_catalog(made, before, now=now, by=by))


def _with_known_ids(wanted: Catalog, before: Catalog) -> Catalog:
    product_ids = {product.id: product.stripe_product_id for product in before.products}
    price_ids = {p.id: p.stripe_price_id for product in before.products for p in product.prices}

    def price_with_id(price: Price) -> Price:
        return replace(price, stripe_price_id=price.stripe_price_id or price_ids.get(price.id))

    def product_with_ids(product: Product) -> Product:
        id_ = product.stripe_product_id or product_ids.get(product.id)
        prices = tuple(map(price_with_id, product.prices))
        return replace(product, stripe_product_id=id_, prices=prices)

    return replace(wanted, products=tuple(map(product_with_ids, wanted.products)))


def _fixed_errors(wanted: Catalog, before: Catalog) -> Iterator[FieldError]:
    """Find changes of what Stripe, or what was bought, holds fast."""
    for index, feature in enumerate(wanted.features):
        was = before.feature(feature.code)
        if was and was.type is not feature.type:
            yield FieldError(f"features[{index}].type", f"is {was.type}; make a new feature")
    for index, product in enumerate(wanted.products):
        path = f"products[{index}]"
        known = before.product(product.id)
        if known and known.stripe_product_id not in (None, product.stripe_product_id):
            yield FieldError(
                f"{path}.stripe_product_id", f"is {known.stripe_product_id}; make a new product"
            )
        for number, price in enumerate(product.prices):
            yield from _fixed_price_errors(f"{path}.prices[{number}]", product, price, before)
        ids_given = [price for price in product.prices if price.stripe_price_id]
        if ids_given and _missing(product) and product.stripe_product_id is None:
            yield FieldError(
                f"{path}.stripe_product_id", "is needed, since some of its prices are at Stripe"
            )


def _fixed_price_errors(
    path: str, product: Product, price: Price, before: Catalog
) -> Iterator[FieldError]:
    found = before.find_price(price.id)
    if found is None or found[1].id != price.id or found[1].stripe_price_id is None:
        return
    owner, was = found
    if owner.id != product.id:
        yield FieldError(f"{path}.id", f"belongs to the product '{owner.id}'; make a new price")
    for name in (
        "currency",
        "unit_amount",
        "type",
        "interval",
        "interval_count",
        "stripe_price_id",
    ):
        known = getattr(was, name)
        if getattr(price, name) != known:
            yield FieldError(f"{path}.{name}", f"is {known} at Stripe for ever; make a new price")


def _size_errors(wanted: Catalog, before: Catalog) -> Iterator[FieldError]:
    creations = sum(
        len(_missing(product)) + (product.stripe_product_id is None)
        for product in wanted.products
        if _is_incomplete(product)
    )
    if creations > CREATIONS_LIMIT:
        yield FieldError(
            "products",
            f"would make {creations} things at Stripe; put at most {CREATIONS_LIMIT} at a time",
        )
    claims = len(wanted.stripe_ids() - before.stripe_ids()) + creations
    if claims > CLAIMS_LIMIT:
        yield FieldError(
            "products", f"names {claims} new Stripe ids; put at most {CLAIMS_LIMIT} at a time"
        )
    stored = len(json.dumps(to_plain(wanted)))
    if stored > LARGEST_STORED:
        yield FieldError(
            "body", f"takes {stored} bytes to store; at most {LARGEST_STORED} are kept"
        )


def _missing(product: Product) -> list[Price]:
    return [price for price in product.prices if price.stripe_price_id is None]


def _made(project_id: str, product: Product, gateway: Callable[[], CatalogGateway]) -> Product:
    """Make at Stripe what of a product is not there. One with given prices only needs nothing."""
    if not _is_incomplete(product):
        return product
    stripe = gateway()
    product_id = product.stripe_product_id or stripe.create_product(project_id, product)
    prices = (
        price
        if price.stripe_price_id
        else replace(price, stripe_price_id=stripe.create_price(project_id, product_id, price))
        for price in product.prices
    )
    return replace(product, stripe_product_id=product_id, prices=tuple(prices))


def _is_incomplete(product: Product) -> bool:
    return bool(_missing(product)) or not (product.stripe_product_id or product.prices)
