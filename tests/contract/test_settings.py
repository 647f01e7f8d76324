"""The settings against the template and against their documentation."""

from __future__ import annotations

import ast
import re
from dataclasses import fields

from billing.settings import Settings
from tests.support import template
from tests.support.template import ROOT

FIELDS = {field.name.upper() for field in fields(Settings)}
DEPLOYED = {name for function in template.functions() for name in function.environment}
DOCUMENTED = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.M)


def test_what_is_deployed_is_documented_and_nothing_else_is() -> None:
    assert sorted(DOCUMENTED) == sorted(DEPLOYED)


def test_every_setting_is_documented() -> None:
    assert set(DOCUMENTED) >= FIELDS


def test_a_default_is_documented_as_it_is() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    assert f"`{Settings.read({}).stripe_api_base}` by default" in text
    defaults = Settings.read({})
    numbers = (
        defaults.ledger_ttl_days,
        defaults.management_requests_per_hour,
        defaults.page_requests_per_hour,
        defaults.checks_per_second,
    )
    for number in numbers:
        assert re.search(rf"\b{number} by default", text)


def test_nothing_else_reads_the_environment() -> None:
    sources = [
        *(ROOT / "layers/billing/billing").rglob("*.py"),
        *(ROOT / "functions").rglob("*.py"),
    ]
    readers = [path.name for path in sources if _reads_environment(path.read_text())]
    assert set(readers) <= {"settings.py"}


def _reads_environment(source: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(ast.parse(source))
    )
