"""The stores of this process, built once. The hot read has its own reader and imports none."""

from __future__ import annotations

from billing.adapters.dynamo.catalog_cache import CachedCatalog
from billing.adapters.dynamo.catalog_store import CatalogStore
from billing.adapters.dynamo.connection import open_connection
from billing.adapters.dynamo.figures import FiguresStore
from billing.adapters.dynamo.ledger import ParkedCauses
from billing.adapters.dynamo.store import AccountStore
from billing.composition import once
from billing.settings import settings


def open_stores() -> None:
    """Compose the stores in init, which is faster than the first call and not waited for.

    Where no tables are named, as in a tool that only imports a handler, there is nothing to open.
    """
    if settings().accounts_table:
        cached_catalog()
        account_store()
        open_connection()


@once
def account_store() -> AccountStore:
    """Return the accounts, pointers, ledger and history."""
    return AccountStore(settings())


@once
def catalog_store() -> CatalogStore:
    """Return projects, keys and catalogs as they are this moment: for operators."""
    return CatalogStore(settings())


@once
def cached_catalog() -> CachedCatalog:
    """Return projects, keys and catalogs as of at most 30 s ago: for everybody else."""
    return CachedCatalog(catalog_store())


@once
def figures_store() -> FiguresStore:
    """Return the figures of projects."""
    return FiguresStore(settings())


@once
def parked_causes() -> ParkedCauses:
    """Return what waits for an operator."""
    return ParkedCauses(settings())
