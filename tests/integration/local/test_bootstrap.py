"""The first key, which is made past the API, by whoever may write to the table."""

from __future__ import annotations

import pytest

from billing.settings import Settings, settings
from functions.admin.handler import lambda_handler
from local import bootstrap
from tests.integration.conftest import dynamodb
from tests.support import template
from tests.support.requests import call, request

STACK = "billing-test"


@pytest.fixture
def stack(deployment: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stack with a catalog table, which the deployment uses."""
    table = template.create_table_arguments("CatalogTable", f"{STACK}-catalog")
    dynamodb().create_table(**table)
    monkeypatch.setenv("CATALOG_TABLE", f"{STACK}-catalog")
    settings.cache_clear()
    return STACK


@pytest.mark.parametrize(
    ("given", "role"), [([], "owner"), (["--role", "support"], "support")], ids=["first", "support"]
)
def test_a_key_is_made_and_printed_once(
    stack: str, capsys: pytest.CaptureFixture[str], given: list[str], role: str
) -> None:
    assert bootstrap.main(["--stack", stack, "--operator", "Ada", *given]) == 0
    key = capsys.readouterr().out.strip()
    told = call(lambda_handler, request("GET", "/api/v1/admin/me", key=key)).body
    assert (told["name"], told["role"]) == ("Ada", role)


@pytest.mark.parametrize("given", [["--operator", " "], ["--operator", "Ada", "--role", "root"]])
def test_nobody_and_an_unknown_role_get_none(stack: str, given: list[str]) -> None:
    with pytest.raises(SystemExit):
        bootstrap.main(["--stack", stack, *given])


def test_a_stack_that_is_not_there_is_told(
    deployment: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(["--stack", "nowhere", "--operator", "Ada"]) == 1
    assert "No key was made" in capsys.readouterr().err
