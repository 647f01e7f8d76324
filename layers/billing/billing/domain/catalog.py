"""What a project sells: features, the products that carry them, the prices that buy them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from billing.domain.policy import Policy
from billing.domain.status import FeatureValue

PROJECT_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,47}")
CODE = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}")


class FeatureType(StrEnum):
    """What kind of answer a feature gives."""

    BOOLEAN = "boolean"
    LIMIT = "limit"
    SETTING = "setting"


class Merge(StrEnum):
    """How the values of several sources of one limit become one.

    `sum` counts every unit of a holding's quantity; `max` and `any` do not.
    `any` takes the value of the source that lasts longest.
    """

    MAX = "max"
    SUM = "sum"
    ANY = "any"


class PriceType(StrEnum):
    """How a price is charged, in Stripe's words."""

    RECURRING = "recurring"
    ONE_TIME = "one_time"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that a micro-app asks for by its code.

    Attributes:
        stripe_lookup_key: of the feature at Stripe whose active entitlements give this one too,
            for a catalog that uses Stripe's own features.
    """

    code: str
    name: str = ""
    type: FeatureType = FeatureType.BOOLEAN
    merge: Merge = Merge.MAX
    stripe_lookup_key: str | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """One way to buy a product.

    Attributes:
        id: the lookup key, by which apps name the price; unique in the project.
        unit_amount: in the currency's minor unit.
        currency: ISO 4217, lower case as Stripe writes it.
        interval: day, week, month or year for a recurring price.
        stripe_price_id: Stripe's id, `None` until the price exists there.
        active: whether a new checkout may use it; holders keep what they hold.
    """

    id: str
    currency: str
    unit_amount: int
    type: PriceType = PriceType.RECURRING
    interval: str | None = None
    interval_count: int = 1
    stripe_price_id: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Product:
    """What is bought, and the features that it carries.

    Attributes:
        features: feature code to the value that one unit gives.
        validity_days: how long a one-time purchase lasts; `None` is for life.
        allow_multiple: whether a user may hold several subscriptions to it at once.
    """

    id: str
    name: str
    features: dict[str, FeatureValue] = field(default_factory=dict)
    prices: tuple[Price, ...] = ()
    validity_days: int | None = None
    allow_multiple: bool = False
    stripe_product_id: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Catalog:
    """All that one project sells, and its policy. `version` counts its changes from 1."""

    project_id: str
    version: int = 0
    features: tuple[Feature, ...] = ()
    products: tuple[Product, ...] = ()
    policy: Policy = field(default_factory=Policy)

    def feature(self, code: str) -> Feature | None:
        """Find a feature by its code."""
        return next((feature for feature in self.features if feature.code == code), None)

    def product(self, product_id: str | None) -> Product | None:
        """Find a product by our id."""
        return next((product for product in self.products if product.id == product_id), None)

    def stripe_ids(self) -> frozenset[str]:
        """Every Stripe id, of products and prices, that this catalog names."""
        ids = {price.stripe_price_id for product in self.products for price in product.prices}
        return frozenset(filter(None, ids | {p.stripe_product_id for p in self.products}))

    def find_price(self, price_id: str) -> tuple[Product, Price] | None:
        """Find a price by Stripe's id or by its lookup key, with the product that it buys."""
        for product in self.products:
            for price in product.prices:
                if price_id in (price.stripe_price_id, price.id):
                    return product, price
        return None

    def product_of(self, price_id: str, stripe_product_id: str | None = None) -> Product | None:
        """Find what a Stripe price buys: by the price, else by Stripe's product.

        A price made in Stripe's dashboard for a known product therefore needs no catalog change.
        """
        found = self.find_price(price_id)
        if found:
            return found[0]
        if stripe_product_id is None:
            return None
        return next((p for p in self.products if p.stripe_product_id == stripe_product_id), None)


@dataclass(frozen=True, slots=True)
class CatalogVersion:
    """A catalog as it was put. Version 0, which is empty, was put by nobody."""

    catalog: Catalog
    put_at: datetime | None = None
    put_by: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """A micro-app, as the tenant that it is.

    Attributes:
        allowed_origins: the origins (scheme, host, port) to which checkout and portal may redirect.
    """

    id: str
    name: str
    allowed_origins: tuple[str, ...] = ()
