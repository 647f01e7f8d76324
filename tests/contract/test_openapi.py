"""The description of the API: it is the code's, OpenAPI, and keeps rules of our own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from billing.permissions import NEEDED
from local.openapi import code
from local.openapi.document import OPERATIONS, text
from local.openapi.operation import ADMIN
from local.openapi.problems import errors
from local.openapi.responses import PROBLEM
from tests.support.described import DESCRIPTION, DRAFT, PAGES, description

Json = dict[str, Any]

SUCCESS = ("200", "202")


def operations() -> Iterator[Any]:
    """Every operation of the description, by its route."""
    for path, item in description()["paths"].items():
        for method, told in item.items():
            yield pytest.param(path, told, id=f"{method.upper()} {path}")


EACH = pytest.mark.parametrize(("path", "told"), list(operations()))


def resolved(part: Json) -> Json:
    """What a reference refers to, or the part itself."""
    while "$ref" in part:
        found: Any = description()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def test_the_description_is_the_codes() -> None:
    assert DESCRIPTION.read_text() == text(), "run make openapi"


def test_it_is_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(description()).iter_errors()) == []


def test_every_route_of_the_code_is_described_but_pages() -> None:
    served = set(code.routes()) - {"$default"}
    assert {route for route in served if PAGES not in route} == {o.route for o in OPERATIONS}


def test_no_two_operations_have_one_id() -> None:
    ids = [operation.id for operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z_]+", each) for each in ids)


@EACH
def test_an_operation_says_what_it_does(path: str, told: Json) -> None:
    assert told["summary"]
    assert told["description"]
    assert told["tags"]
    assert told["tags"][0] in {tag["name"] for tag in description()["tags"]}


@EACH
def test_every_answer_has_a_schema_or_no_body(path: str, told: Json) -> None:
    for status, answer in told["responses"].items():
        content = resolved(answer).get("content", {})
        assert content or status == "304"
        assert all(media.get("schema") for media in content.values())


@EACH
def test_every_error_is_a_problem_with_codes_of_its_status(path: str, told: Json) -> None:
    statuses = {error.code: error.status for error in errors()}
    for status, answer in told["responses"].items():
        if status in (*SUCCESS, "304", "429"):
            continue
        told_codes = resolved(answer)["content"][PROBLEM]["schema"]["allOf"][1]["properties"]
        assert {statuses[each] for each in told_codes["code"]["enum"]} == {int(status)}


@EACH
def test_who_may_call_is_said_and_who_may_not_is_told(path: str, told: Json) -> None:
    is_closed = bool(told["security"])
    assert is_closed == ({"401", "403"} <= told["responses"].keys())
    if path.startswith("/api/v1/admin/"):
        assert told["security"] == [{"operatorsKey": []}]
    named = {name for each in told["security"] for name in each}
    assert named <= description()["components"]["securitySchemes"].keys()


@EACH
def test_every_parameter_is_described_and_bounded(path: str, told: Json) -> None:
    in_path = {each["name"] for each in told["parameters"] if each["in"] == "path"}
    assert in_path == set(re.findall(r"\{(\w+)\}", path))
    for parameter in told["parameters"]:
        assert parameter["description"]
        assert resolved(parameter["schema"])["type"] in ("string", "integer")


@EACH
def test_every_sample_fits_its_schema(path: str, told: Json) -> None:
    for content in told.get("requestBody", {}).get("content", {}).values():
        if "example" in content:
            assert errors_of(content["example"], content["schema"]) == []
    for parameter in told["parameters"]:
        if "example" in parameter:
            assert errors_of(parameter["example"], parameter["schema"]) == []


def test_every_link_leads_to_an_operation_and_its_parameters() -> None:
    by_id = {o.id: o for o in OPERATIONS}
    for operation in OPERATIONS:
        for link in operation.links:
            target = by_id[link.to]
            known = {each.name for each in target.parameters} | set(
                re.findall(r"\{(\w+)\}", target.path)
            )
            assert set(link.path) <= known
            assert not link.body or set(link.body) <= set(target.body.model_fields)  # type: ignore[union-attr]  # a link with a body leads to a route with one


def test_every_route_of_operators_says_what_it_needs() -> None:
    assert {o.route for o in OPERATIONS if o.access == ADMIN} == NEEDED.keys()


@EACH
def test_a_route_with_a_key_is_limited_and_says_for_how_long(path: str, told: Json) -> None:
    limited = resolved(told["responses"]["429"])
    assert bool(told["security"]) == ("Retry-After" in limited.get("headers", {}))


def test_a_route_of_operators_is_below_admin_or_metrics() -> None:
    closed = {o.path for o in OPERATIONS if o.access == ADMIN}
    assert {path for path in closed if not path.startswith("/api/v1/admin/")} == {"/metrics"}


def errors_of(value: Any, schema: Json) -> list[str]:
    """What is wrong with a value."""
    components = {"schemas": description()["components"]["schemas"]}
    whole = {"$schema": DRAFT, "components": components, **schema}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [error.message for error in validator.iter_errors(value)]


def test_the_served_file_is_the_described_one() -> None:
    served = DESCRIPTION.parents[1] / "functions" / "health" / "openapi.json"
    assert json.loads(served.read_text()) == description()
