"""Projects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing.settings import settings
from functions.admin.handler import lambda_handler
from tests.integration.admin.conftest import Operator
from tests.support.requests import call, request

ORIGINS = [
    "https://app.example.com",
    "https://app.example.com:8443",
    "https://[2001:db8::1]",
    "http://localhost:3000",
    "http://127.0.0.1:5173",
    "http://[::1]:8080",
]

NO_ORIGINS = [
    "https://app.example.com/",
    "https://app.example.com/path",
    "https://app.example.com?x",
    "https://app.example.com#x",
    "https://app.example.com:443",
    "https://app.example.com:x",
    "https://app.example.com:99999",
    "https://App.example.com",
    "https://user@app.example.com",
    "https://*.example.com",
    "https://bücher.example",
    "https://",
    "https://[::1",
    "HTTPS://app.example.com",
    "http://app.example.com",
    "http://localhost:80",
    "http://localhost.evil.example",
    "javascript:alert(1)",
    "app.example.com",
    "null",
]


def test_a_project_is_created_once(ada: Operator) -> None:
    first = ada.project()
    assert first.status == 200
    assert first.body == {
        "id": "acme",
        "name": "Acme",
        "allowed_origins": ["https://acme.example"],
    }
    assert ada.project().status == 200
    assert ada.get("projects/acme").body == first.body


def test_another_project_of_the_same_id_is_a_conflict(ada: Operator) -> None:
    ada.project()
    answer = ada.project(name="Someone else")
    assert (answer.status, answer.body["code"]) == (409, "conflict")
    assert ada.get("projects/acme").body["name"] == "Acme"


def test_a_project_is_changed(ada: Operator) -> None:
    ada.project()
    answer = ada.put("projects/acme", {"name": "Acme 2", "allowed_origins": []})
    assert answer.body == {"id": "acme", "name": "Acme 2", "allowed_origins": []}
    assert ada.get("projects/acme").body == answer.body
    assert ada.get("projects").body["projects"] == [answer.body]


@pytest.mark.parametrize("project_id", ["nope", "a" * 3000, "Ünknown", "admin"])
def test_an_unknown_project_is_a_404(ada: Operator, project_id: str) -> None:
    assert ada.get(f"projects/{project_id}").status == 404
    assert ada.put(f"projects/{project_id}", {"name": "X"}).status == 404
    assert ada.get(f"projects/{project_id}/catalog").status == 404


def test_projects_are_listed_in_pages(ada: Operator) -> None:
    for number in range(5):
        ada.project(f"app-{number}")
    seen: list[list[str]] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = ada.get("projects", limit="2", **cursor).body
        seen.append([project["id"] for project in page["projects"]])
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [["app-0", "app-1"], ["app-2", "app-3"], ["app-4"]]
    assert page["next_cursor"] is None


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "?"}, {"cursor": ""}]
)
def test_a_page_that_cannot_be_is_refused(ada: Operator, query: dict[str, str]) -> None:
    answer = ada.get("projects", **query)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, next(iter(query)))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"id": "A"}, "id"),
        ({"id": "a"}, "id"),
        ({"id": "-a"}, "id"),
        ({"id": "a" * 49}, "id"),
        ({"id": "admin"}, "id"),
        ({"id": "acme\n"}, "id"),
        ({"id": 7}, "id"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"name": None}, "name"),
        ({"color": "red"}, "color"),
        ({"allowed_origins": "https://acme.example"}, "allowed_origins"),
        ({"allowed_origins": ["https://a.example"] * 51}, "allowed_origins"),
    ],
)
def test_a_project_that_cannot_be_is_refused(
    ada: Operator, fields: dict[str, Any], field: str
) -> None:
    answer = ada.project(**fields)
    assert (answer.status, [e["field"] for e in answer.body["errors"]]) == (422, [field])


@pytest.mark.parametrize("origin", ORIGINS)
def test_an_origin_is_taken(ada: Operator, origin: str) -> None:
    assert ada.project(allowed_origins=[origin]).status == 200


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_what_is_no_origin_is_refused(ada: Operator, origin: str) -> None:
    answer = ada.project(allowed_origins=["https://ok.example", origin])
    assert answer.status == 422
    assert [e["field"] for e in answer.body["errors"]] == ["allowed_origins[1]"]


def test_an_empty_origin_is_refused(ada: Operator) -> None:
    assert ada.project(allowed_origins=[""]).status == 422


def test_localhost_is_for_dev_only(ada: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "prod")
    settings.cache_clear()
    assert ada.project(allowed_origins=["http://localhost:3000"]).status == 422


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b'{"id": NaN}', b"null"])
def test_a_body_that_is_no_json_object_is_a_400(ada: Operator, raw: bytes) -> None:
    answer = call(lambda_handler, request("POST", "/api/v1/admin/projects", raw=raw, key=ada.key))
    assert (answer.status, answer.body["code"]) == (400, "malformed_request")
    assert json.dumps(answer.body)
