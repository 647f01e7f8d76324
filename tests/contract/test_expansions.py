"""Stripe expands four levels at most, and counts every dotted part, `data` of a list too."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import billing.adapters.stripe

MOST_LEVELS = 4

PACKAGE = billing.adapters.stripe
MODULES = [path.stem for path in sorted(Path(PACKAGE.__path__[0]).glob("*.py"))]


def expansions(module: ModuleType) -> Iterator[str]:
    """Every path that a module asks Stripe to expand, written in place or named there."""
    tree = ast.parse(Path(str(module.__file__)).read_text())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Dict):
            continue
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "expand":
                named = getattr(module, value.id) if isinstance(value, ast.Name) else None
                yield from named or ast.literal_eval(value)


def test_no_path_that_is_asked_for_is_deeper_than_stripe_expands() -> None:
    modules = [importlib.import_module(f"{PACKAGE.__name__}.{name}") for name in MODULES]
    asked = {path for module in modules for path in expansions(module)}
    assert {"discounts.source.coupon", "data.discounts.source.coupon", "payments"} <= asked
    assert {path for path in asked if len(path.split(".")) > MOST_LEVELS} == set()
