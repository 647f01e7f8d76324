"""The operators' document against the template, the code and the Makefile."""

from __future__ import annotations

import re

import pytest

from billing.domain.changes import ParkReason
from tests.support import event_list, samples, template
from tests.support.template import ROOT

TEXT = event_list.OPERATIONS.read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
IN_THE_PATH = re.compile(r"(?<=/)(\$?[A-Z_]+|\w+_\N{HORIZONTAL ELLIPSIS}|acme-notes)")
OPERATORS_TARGETS = {"build", "deploy", "admin-key", "redrive", "signing-key", "wake"} | {
    *("import", "backup", "restore", "compare", "drill")
}


def section(title: str) -> str:
    """What stands below a heading, up to the next of its level."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert found, title
    return found[1]


def headings(text: str) -> list[str]:
    return re.findall(r"^### (.+)$", text, re.M)


def test_every_reason_for_parking_has_its_cure_and_no_other_has() -> None:
    assert headings(section("Parked events")) == [f"`{reason}`" for reason in ParkReason]


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.M))
    named = set(re.findall(r"\bmake ([a-z0-9-]+)(?= STAGE| ARGS|`|$)", TEXT, re.M))
    assert named <= targets
    assert named >= OPERATORS_TARGETS


def test_what_operators_run_on_aws_is_what_the_makefile_has_for_it() -> None:
    (phony,) = re.findall(r"^# -- AWS -+\n\n\.PHONY: (.+)$", MAKEFILE, re.M)
    assert set(phony.split()) == OPERATORS_TARGETS


def test_the_endpoint_is_created_with_the_events_that_are_handled() -> None:
    assert event_list.written() == event_list.command(), "run python -m tests.support.event_list"


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"^ *admin \"?([a-z][^\s\"?]*)", TEXT, re.M)))
)
def test_every_route_that_is_called_exists(path: str) -> None:
    called = IN_THE_PATH.sub("{}", path)
    served = {re.sub(r"\{\w+\}", "{}", route.partition(" ")[2]) for route in samples.code_routes()}
    assert f"/api/v1/admin/{called}" in served


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\$\(output (\w+)\)", TEXT))))
def test_every_output_that_is_used_exists(name: str) -> None:
    assert name in template.template()["Outputs"]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((api\.md)?#([a-z-]+)\)", TEXT))))
def test_every_link_leads_somewhere(link: tuple[str, str]) -> None:
    file, anchor = link
    text = (ROOT / "docs" / file).read_text() if file else TEXT
    found = {h.lower().replace(" ", "-") for h in re.findall(r"^## (.+)$", text, re.M)}
    assert anchor in found
