"""Every answer of a handler against `docs/openapi.json`: status, headers, media type, body."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from tests.support.template import ROOT

DESCRIPTION = ROOT / "docs" / "openapi.json"

FUNCTION_URL = {("POST", "/"): ("POST", "/api/v1/webhooks/stripe")}
"""What is reached past the API, and the operation that it is."""

PAGES = "/console"
"""What browsers ask for, and no program: it is not described."""

OPERATORS_ONLY = "/api/v1/admin/"
"""Below it nobody else is told even what is no route."""

NOT_LET_IN = {(401, "unauthenticated"), (403, "forbidden")}

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Json = dict[str, Any]


@cache
def description() -> Json:
    """The description as it is published; a contract test fails where it is not the code's."""
    found: Json = json.loads(DESCRIPTION.read_text())
    return found


def check(method: str, path: str, status: int, headers: Mapping[str, str], body: Any) -> None:
    """Insist that an answer is one that the description tells of.

    Args:
        method, path: of the request; the path decoded, as the gateway passes it on.
        status, headers: of the answer; header names in lower case.
        body: parsed where it is JSON.
    """
    if path.startswith(PAGES):
        return
    told = operation(method, path)
    if told is None:
        _check_no_route(path, status, body)
        return
    what = f"{told} answered {status}"
    responses = _operations()[told]["responses"]
    assert str(status) in responses, f"{what}, which docs/openapi.json does not know: {body}"
    response = _resolved(responses[str(status)])
    missing = [name for name in response.get("headers", {}) if name.lower() not in headers]
    assert not missing, f"{what} without {missing}"
    content = response.get("content")
    if content is None:
        assert not body, f"{what} with a body: {body}"
        return
    media_type = headers["content-type"].partition(";")[0]
    assert media_type in content, f"{what} as {media_type}"
    errors = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in _validator(told, str(status), media_type).iter_errors(body)
    ]
    assert not errors, f"{what} unlike its schema: {errors[:5]}"


def _check_no_route(path: str, status: int, body: Any) -> None:
    told = (status, body["code"])
    closed = path.startswith(OPERATORS_ONLY) and told in NOT_LET_IN
    assert closed or told == (404, "no_such_route"), (path, told)


@cache
def operation(method: str, path: str) -> str | None:
    """The operation that a request is of, as `METHOD /path/{parameter}`."""
    method, path = FUNCTION_URL.get((method, path), (method, path))
    for told in _operations():
        known, _, template = told.partition(" ")
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if known == method and re.fullmatch(pattern, path, re.S):
            return told
    return None


@cache
def _operations() -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": told
        for path, item in description()["paths"].items()
        for method, told in item.items()
    }


def _resolved(response: Json) -> Json:
    if "$ref" not in response:
        return response
    found: Json = description()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found


@cache
def _components() -> Json:
    """The schemas, closed: a field that is answered is described."""
    components: Json = copy.deepcopy(description()["components"])
    for schema in components["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return components


@cache
def _validator(told: str, status: str, media_type: str) -> jsonschema_rs.Draft202012Validator:
    content = _resolved(_operations()[told]["responses"][status])["content"][media_type]
    whole = {"$schema": DRAFT, "components": _components(), **content["schema"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
