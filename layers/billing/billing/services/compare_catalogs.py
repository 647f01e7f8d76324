"""What would change from one catalog to the next, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from billing.domain.catalog import Catalog, Product
from billing.domain.policy import EFFECTS, Policy


class Op(StrEnum):
    """What is done at a path."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """One difference, as plain values; `before` is `None` for what is new, `after` for what goes.

    Attributes:
        path: where, by code or id: `products[pro].prices[pro_monthly].active`.
        summary: the same in a line for a person; a removal is loud.
    """

    op: Op
    path: str
    before: Any
    after: Any
    summary: str


_KEYED = frozenset({"features", "products", "prices"})
_LOSS = {
    "products": ": whoever holds it LOSES ITS FEATURES; 'active: false' only stops selling it",
    "prices": ": it is forgotten; 'active: false' only stops selling it",
    "features": ": whoever has it LOSES IT",
}


def compare_catalogs(before: Catalog, after: Catalog) -> list[CatalogChange]:
    """List the differences; things are told apart by their code or id, not by their place."""
    return list(_differences("", "", _document(before), _document(after)))


def _differences(path: str, kind: str, before: Any, after: Any) -> Iterator[CatalogChange]:  # noqa: ANN401 - JSON values
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        if before != after:
            yield CatalogChange(
                Op.CHANGE, path, before, after, f"change {path}: {before!r} -> {after!r}"
            )
        return
    for name in [*before, *(name for name in after if name not in before)]:
        here = f"{path}[{name}]" if kind in _KEYED else f"{path}.{name}".lstrip(".")
        if name not in after:
            line = f"REMOVE {here}{_LOSS.get(kind, '')}"
            yield CatalogChange(Op.REMOVE, here, before[name], None, line)
        elif name not in before:
            yield CatalogChange(Op.ADD, here, None, after[name], f"add {here}")
        else:
            yield from _differences(here, name, before[name], after[name])


def _document(catalog: Catalog) -> dict[str, Any]:
    return {
        "features": {f.code: _without(asdict(f), "code") for f in catalog.features},
        "products": {p.id: _product(p) for p in catalog.products},
        "policy": policy_document(catalog.policy),
    }


def policy_document(policy: Policy) -> dict[str, Any]:
    """Write a policy as the catalog document shows it; times are in seconds."""
    return {
        "renewal_leeway_seconds": int(policy.renewal_leeway.total_seconds()),
        "grace_seconds": int(policy.grace.total_seconds()),
        **{name: getattr(policy, name).value for name in EFFECTS},
    }


def _product(product: Product) -> dict[str, Any]:
    prices = {price.id: _without(asdict(price), "id") for price in product.prices}
    return {**_without(asdict(product), "id"), "prices": prices}


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}
