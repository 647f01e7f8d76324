"""Every error that a caller can see, found in the code."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import billing
from billing.domain.errors import BillingError
from local.place import ROOT


def errors() -> list[type[BillingError]]:
    """Every error, by status and name; of several with one code the most general."""
    for module in pkgutil.walk_packages(billing.__path__, "billing."):
        importlib.import_module(module.name)
    for path in (ROOT / "functions").glob("*/*.py"):
        importlib.import_module(f"functions.{path.parent.name}.{path.stem}")
    by_code: dict[str, type[BillingError]] = {}
    ours = (e for e in _family(BillingError) if not e.__module__.startswith("tests."))
    for error in ours:
        by_code.setdefault(error.code, error)
    return sorted(by_code.values(), key=lambda error: (error.status, error.code))


def _family(root: type[BillingError]) -> Iterator[type[BillingError]]:
    yield root
    for child in root.__subclasses__():
        yield from _family(child)
