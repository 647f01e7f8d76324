"""The documents against each other, the template, the Makefile and the tests that they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.backup_tables import TABLES
from tests.support import template
from tests.support.template import ROOT

GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAME = {"ids": lambda path: path.name}
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```$", re.M | re.S)
MAKEFILE = (ROOT / "Makefile").read_text()


def anchors(path: Path) -> set[str]:
    """The headings of a document as its links name them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("path", GUIDES, **NAME)  # type: ignore[arg-type]  # pytest's overloads
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(FENCED.sub("", path.read_text())):
        file, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


@pytest.mark.parametrize("path", GUIDES, **NAME)  # type: ignore[arg-type]  # pytest's overloads
def test_every_make_target_that_is_typed_exists(path: Path) -> None:
    typed = re.findall(r"^ *(?:until )?make ([a-z-]+)", path.read_text(), re.M)
    targets = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.M))
    assert set(typed) <= targets


@pytest.mark.parametrize("path", GUIDES, **NAME)  # type: ignore[arg-type]  # pytest's overloads
def test_every_test_that_is_named_exists(path: Path) -> None:
    missing = [
        n for n in re.findall(r"`(tests/[^`]+)`", path.read_text()) if not (ROOT / n).exists()
    ]
    assert missing == []


def test_every_parameter_is_explained() -> None:
    text = (ROOT / "docs" / "deployment.md").read_text()
    table = text.partition("\n## Parameters\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(template.template()["Parameters"])


def test_every_table_is_among_what_is_kept() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    kept = text.partition("\n## What is kept, and for how long\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| `(\w+)`", kept, re.M))
    assert named == set(template.tables().values())


def test_what_is_backed_up_is_every_table_that_is_not_made_of_others() -> None:
    assert {*TABLES, "MetricsTable"} == set(template.tables().values())
