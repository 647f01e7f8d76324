"""The API reference against the template, the code and the errors."""

from __future__ import annotations

import re

import pytest

from billing.auth import PROJECT_SCOPES
from billing.domain.changes import OutcomeKind, ParkReason
from billing.domain.drift import Drift
from billing.domain.remedies import Action
from billing.domain.roles import Permission, Role
from billing.services.receive_event import Reception
from local.openapi.problems import errors
from tests.support import error_table, role_table, samples, template

TEXT = error_table.REFERENCE.read_text()
DOCUMENTED = re.findall(r"^### ([A-Z]+ /\S*)$", TEXT, re.M)
ANYTHING_BELOW = re.compile(r"\{\w+\+\}")


def test_no_route_is_documented_twice() -> None:
    assert len(DOCUMENTED) == len(set(DOCUMENTED))


def test_the_documented_routes_are_those_of_the_code() -> None:
    assert set(DOCUMENTED) == samples.code_routes()


@pytest.mark.parametrize(
    "route", [r for f in template.functions() for r in f.routes if r != "$default"]
)
def test_a_deployed_route_is_documented(route: str) -> None:
    method, _, path = route.partition(" ")
    pattern = ANYTHING_BELOW.sub("ANYTHING", path)
    expected = re.escape(pattern).replace("ANYTHING", ".+")
    methods = "[A-Z]+" if method == "ANY" else method
    assert any(re.fullmatch(f"{methods} {expected}", each) for each in DOCUMENTED)


def test_a_documented_route_is_deployed() -> None:
    deployed = [r for f in template.functions() for r in f.routes]
    patterns = [
        re.escape(ANYTHING_BELOW.sub("ANYTHING", r)).replace("ANYTHING", ".+") for r in deployed
    ]
    patterns = [re.sub(r"^ANY", "[A-Z]+", pattern) for pattern in patterns]
    lost = [each for each in DOCUMENTED if not any(re.fullmatch(p, each) for p in patterns)]
    assert lost == []


def test_the_error_table_is_the_codes() -> None:
    assert error_table.written() == error_table.table(), "run python -m tests.support.error_table"


def test_the_table_of_roles_is_the_codes() -> None:
    assert role_table.written() == role_table.table(), "run python -m tests.support.role_table"


def test_the_errors_of_one_code_have_one_status() -> None:
    for error in errors():
        assert 400 <= error.status < 600
        assert error.remedy
        assert re.fullmatch(r"[a-z_]+", error.code)


@pytest.mark.parametrize(
    "word",
    [
        *Reception,
        *Drift,
        *Action,
        *ParkReason,
        *sorted(PROJECT_SCOPES),
        *Role,
        *Permission,
        *(kind for kind in OutcomeKind if kind != "duplicate"),
    ],
)
def test_a_word_that_answers_use_is_explained(word: str) -> None:
    assert f"`{word}`" in TEXT


@pytest.mark.parametrize("code", sorted(set(re.findall(r"\b[45]\d\d `([a-z_]+)`", TEXT))))
def test_a_code_that_is_named_exists(code: str) -> None:
    assert code in {error.code for error in errors()}


def test_links_within_the_reference_lead_somewhere() -> None:
    headings = {h.lower() for h in re.findall(r"^## (\w+)$", TEXT, re.M)}
    assert set(re.findall(r"\]\(#(\w+)\)", TEXT)) == headings
