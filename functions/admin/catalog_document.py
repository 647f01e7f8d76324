"""A catalog as a document: what is put is what is got."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from billing.domain.catalog import (
    Catalog,
    Feature,
    FeatureType,
    Merge,
    Price,
    PriceType,
    Product,
)
from billing.domain.policy import EFFECTS, Effect, Policy
from billing.presentation import shown
from billing.services.compare_catalogs import policy_document
from functions.admin.schemas import Body, Value

Seconds = Annotated[int, Field(ge=0, le=10**9)]  # the service knows the tighter bounds
EffectWord = Literal["keep", "end"]
DEFAULT = Policy()


class FeatureDocument(Body):
    """A feature."""

    code: str
    name: str = ""
    type: Literal["boolean", "limit", "setting"] = "boolean"
    merge: Literal["max", "sum", "any"] = "max"
    stripe_lookup_key: str | None = None

    def to_feature(self) -> Feature:
        """Say it as the domain does."""
        type_, merge = FeatureType(self.type), Merge(self.merge)
        return Feature(self.code, self.name, type_, merge, self.stripe_lookup_key)


class PriceDocument(Body):
    """A price."""

    id: str
    currency: str
    unit_amount: int
    type: Literal["recurring", "one_time"] = "recurring"
    interval: str | None = None
    interval_count: int = 1
    stripe_price_id: str | None = None
    active: bool = True

    def to_price(self) -> Price:
        """Say it as the domain does."""
        return Price(**{**self.model_dump(), "type": PriceType(self.type)})


class ProductDocument(Body):
    """A product with its prices."""

    id: str
    name: str
    features: dict[str, Value] = Field(default_factory=dict)
    prices: list[PriceDocument] = Field(default_factory=list)
    validity_days: int | None = None
    allow_multiple: bool = False
    stripe_product_id: str | None = None
    active: bool = True

    def to_product(self) -> Product:
        """Say it as the domain does."""
        prices = tuple(price.to_price() for price in self.prices)
        return Product(**{**self.model_dump(), "prices": prices})


class PolicyDocument(Body):
    """What a project decides about access."""

    renewal_leeway_seconds: Seconds = int(DEFAULT.renewal_leeway.total_seconds())
    grace_seconds: Seconds = int(DEFAULT.grace.total_seconds())
    full_refund: EffectWord = DEFAULT.full_refund.value
    partial_refund: EffectWord = DEFAULT.partial_refund.value
    open_dispute: EffectWord = DEFAULT.open_dispute.value
    lost_dispute: EffectWord = DEFAULT.lost_dispute.value
    unpaid: EffectWord = DEFAULT.unpaid.value
    paused_collection: EffectWord = DEFAULT.paused_collection.value

    def to_policy(self) -> Policy:
        """Say it as the domain does."""
        return Policy(
            timedelta(seconds=self.renewal_leeway_seconds),
            timedelta(seconds=self.grace_seconds),
            **{name: Effect(getattr(self, name)) for name in EFFECTS},
        )


class CatalogDocument(Body):
    """A whole catalog. With a version, it is put only upon that version."""

    project_id: str | None = None
    version: Annotated[int, Field(ge=0)] | None = None
    features: list[FeatureDocument]
    products: list[ProductDocument]
    policy: PolicyDocument = PolicyDocument()

    def to_catalog(self, project_id: str) -> Catalog:
        """Say it as the domain does."""
        return Catalog(
            project_id,
            features=tuple(feature.to_feature() for feature in self.features),
            products=tuple(product.to_product() for product in self.products),
            policy=self.policy.to_policy(),
        )


def document_of(catalog: Catalog) -> dict[str, Any]:
    """Write a catalog as the document that a put takes."""
    return {**shown(catalog), "policy": policy_document(catalog.policy)}
