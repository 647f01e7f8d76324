"""The console against the code, and its document against the pictures."""

from __future__ import annotations

import re

import pytest

from billing.auth import PROJECT_SCOPES
from billing.domain import money
from billing.domain.changes import ParkReason
from billing.domain.delivery import Problem
from billing.domain.drift import FOR_PEOPLE
from billing.domain.notification import NotificationType
from billing.domain.roles import Permission, Role
from billing.domain.shards import Stage
from functions.console.handler import ASSETS
from tests.support import template
from tests.support.template import ROOT

DOCUMENT = (ROOT / "docs" / "console.md").read_text()
PICTURES = re.findall(r"!\[.+\]\(images/(.+)\)", DOCUMENT)
LARGEST = 150_000
"""Bytes of a picture."""


def listed(file: str, name: str) -> list[str]:
    """A list of words that a module of the console holds."""
    found = re.search(rf"const {name} = \[(.+?)\];", ASSETS.files[file].text, re.S)
    assert found, name
    return re.findall(r'"([\w.]+)"', found[1])


def spaced(file: str, name: str) -> set[str]:
    """The same of words in one text."""
    found = re.search(rf'const {name} = new Set\("(.+?)"', ASSETS.files[file].text)
    assert found, name
    return set(found[1].split())


def named(file: str, name: str) -> list[str]:
    """The names of what a module of the console has words for."""
    found = re.search(rf"const {name} = \{{(.+?)\n\}};", ASSETS.files[file].text, re.S)
    assert found, name
    return re.findall(r"^  (\w+):", found[1], re.M)


def test_the_console_knows_what_the_code_knows() -> None:
    assert listed("view-events.js", "REASONS") == list(ParkReason)
    assert named("view-event.js", "CURES") == list(ParkReason)
    assert listed("endpoint-forms.js", "TYPES") == list(NotificationType)
    assert set(named("view-delivery.js", "PROBLEMS")) == set(Problem)
    assert named("view-run.js", "STAGES") == list(Stage)
    assert set(named("view-run.js", "FOR_PERSON")) == FOR_PEOPLE
    assert named("view-keys.js", "ROLES") == list(Role)
    assert set(listed("view-keys.js", "SCOPES")) == PROJECT_SCOPES
    assert spaced("format.js", "NO_DECIMALS") == money._NO_DECIMALS
    assert spaced("format.js", "THREE_DECIMALS") == money._THREE_DECIMALS


def test_the_console_asks_for_permissions_that_there_are() -> None:
    texts = [asset.text for name, asset in ASSETS.files.items() if name.endswith(".js")]
    asked = re.findall(
        r'(?:may|refused|unlessRefused)\(\s*"(\w+)"|export const needs = "(\w+)"', "".join(texts)
    )
    assert len(asked) > 10
    assert {one or other for one, other in asked} <= set(Permission)


def test_the_page_loads_every_module() -> None:
    loaded = re.findall(r"/([\w-]+\.js)", ASSETS.page.text)
    assert sorted(loaded) == sorted(name for name in ASSETS.files if name.endswith(".js"))


def test_the_function_may_do_nothing() -> None:
    (console,) = [each for each in template.functions() if each.logical_id == "ConsoleFunction"]
    assert (console.statements, console.policy_templates) == ((), {})


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_there_and_small(picture: str) -> None:
    assert 0 < (ROOT / "docs" / "images" / picture).stat().st_size < LARGEST


def test_every_picture_is_shown() -> None:
    kept = {path.name for path in (ROOT / "docs" / "images").glob("console-*.png")}
    assert kept == set(PICTURES)


def test_every_link_leads_somewhere() -> None:
    titles = re.findall(r"^## (.+)$", DOCUMENT, re.M)
    headings = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([a-z-]+)\)", DOCUMENT)) == headings
    for file in set(re.findall(r"\]\((\w+\.md)", DOCUMENT)):
        assert (ROOT / "docs" / file).exists()
