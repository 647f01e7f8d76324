"""The error table of `docs/api.md`, from the code. `python -m tests.support.error_table` writes it.

Run it with `PYTHONPATH=layers/billing`, from the project's root.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import billing
from billing.domain.errors import BillingError

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "api.md"
BEGIN, END = "<!-- errors -->\n", "<!-- /errors -->\n"


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


def table() -> str:
    """The table in Markdown."""
    lines = ["| status | code | meaning | remedy | Retry-After |", "|---|---|---|---|---|"]
    for error in errors():
        retry = "" if error.retry_after is None else f"{error.retry_after} s"
        lines.append(
            f"| {error.status} | `{error.code}` | {error.title} | {error.remedy} | {retry} |"
        )
    return "\n".join(lines) + "\n"


def written() -> str:
    """The table as it stands in the reference."""
    return REFERENCE.read_text().partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    """Bring the reference up to date."""
    text = REFERENCE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    REFERENCE.write_text(before + BEGIN + table() + END + after)


if __name__ == "__main__":
    write()
