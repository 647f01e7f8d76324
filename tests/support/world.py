"""A project with a catalog and keys in the tables, made through the services."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from billing.domain.catalog import Catalog, Project
from billing.services.manage_catalog import CatalogGateway, put_catalog
from billing.services.manage_keys import bootstrap_admin_key, create_key
from billing.services.manage_projects import create_project
from billing.stores import catalog_store
from tests.support.builders import a_catalog

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
ORIGIN = "https://app.example.com"


@dataclass(frozen=True)
class World:
    """One project as it stands in the tables.

    Attributes:
        key: a key of the project with every scope.
        admin_key: an operator's; the operator is called Ada.
    """

    project_id: str
    catalog: Catalog
    key: str
    admin_key: str

    @property
    def origin(self) -> str:
        """The one origin to which the project redirects."""
        return ORIGIN


def a_world(
    project_id: str = "demo", catalog: Catalog | None = None, *, at: datetime = BEGINNING
) -> World:
    """Make a project with `a_catalog`, or with another, as of an instant.

    The catalog's Stripe ids get the project's id appended, except those of `demo`: a Stripe id
    belongs to one project only.
    """
    store = catalog_store()
    create_project(
        store,
        Project(project_id, project_id.title(), allowed_origins=(ORIGIN,)),
        allow_localhost=True,
    )
    wanted = _own(catalog or a_catalog(), project_id)
    put = put_catalog(store, _no_stripe, wanted, by="Ada", now=at)
    issued = create_key(store, project_id, name="tests", by="Ada", now=at)
    return World(project_id, put.catalog, issued.key, bootstrap_admin_key(store, "Ada", at))


def _own(catalog: Catalog, project_id: str) -> Catalog:
    def own(id_: str | None) -> str | None:
        return id_ if id_ is None or project_id == "demo" else f"{id_}_{project_id}"

    products = tuple(
        replace(
            product,
            stripe_product_id=own(product.stripe_product_id),
            prices=tuple(
                replace(price, stripe_price_id=own(price.stripe_price_id))
                for price in product.prices
            ),
        )
        for product in catalog.products
    )
    return replace(catalog, project_id=project_id, products=products)


def _no_stripe() -> CatalogGateway:
    raise AssertionError("the catalog of a test names its Stripe ids, or is put with a gateway")
