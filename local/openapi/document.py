"""The description as a whole."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

from local.openapi import (
    code,
    routes_accounts,
    routes_apps,
    routes_catalog,
    routes_endpoints,
    routes_work,
)
from local.openapi.operation import ADMIN, Json, Operation, Parameter
from local.openapi.responses import HEADERS, problem, responses, shared_responses
from local.openapi.schemas import Schemas
from local.openapi.vocabulary import PATH, SHARED
from local.place import ROOT

DESCRIPTION = ROOT / "docs" / "openapi.json"

OPERATIONS = (
    *routes_apps.ROUTES,
    *routes_catalog.ROUTES,
    *routes_endpoints.ROUTES,
    *routes_accounts.ROUTES,
    *routes_work.ROUTES,
)


def text() -> str:
    """The description as it is written to the file."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


def build() -> Json:
    """The description, in the order of the declarations."""
    asked = Schemas([o.body for o in OPERATIONS if o.body], "validation")
    told = Schemas([each for o in OPERATIONS for each in o.answer], "serialization")
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, asked, told)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": project["description"],
            "version": project["version"],
            "description": "docs/api.md says the same in words.",
        },
        "servers": [{"url": ".", "description": "where this description is served"}],
        "tags": [{"name": name} for name in dict.fromkeys(map(code.section, OPERATIONS))],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(_united(asked.shared, told.shared, SHARED, problem()).items())),
            "responses": shared_responses(OPERATIONS),
            "headers": HEADERS,
            "securitySchemes": _SECURITY,
        },
    }


def _united(*parts: dict[str, Json]) -> dict[str, Json]:
    """All schemas by name; requests and answers may have the same one."""
    united: dict[str, Json] = {}
    for part in parts:
        twice = [name for name in part if united.get(name, part[name]) != part[name]]
        if twice:
            raise ValueError(f"one name for two schemas: {', '.join(twice)}")
        united |= part
    return united


def _operation(operation: Operation, asked: Schemas, told: Schemas) -> Json:
    event = code.sample(operation)
    values = code.sample_values(operation, event) if event else {}
    made: Json = {
        "operationId": operation.id,
        "tags": [code.section(operation)],
        "summary": code.summary(operation),
        "description": code.description(operation),
        "security": _security(operation),
        "parameters": [_parameter(each, values) for each in _parameters(operation)],
    }
    if operation.body:
        content: Json = {"schema": asked.of(operation.body)}
        if event and event.get("body"):
            content["example"] = json.loads(event["body"])
        made["requestBody"] = {
            "required": not operation.body_is_optional,
            "content": {"application/json": content},
        }
    made["responses"] = dict(responses(operation, told))
    return made


def _security(operation: Operation) -> list[Json]:
    if operation.access is None:
        return []
    if operation.access == ADMIN:
        return [{"operatorsKey": []}]
    return [{"projectsKey": [operation.access]}, {"operatorsKey": []}]


def _parameters(operation: Operation) -> Iterator[Parameter]:
    for part in operation.path.split("/"):
        if part.startswith("{"):
            known = PATH[part[1:-1]]
            yield Parameter(known.name, known.schema, known.description, True, "path")  # noqa: FBT003 - a field
    yield from operation.parameters


def _parameter(parameter: Parameter, values: dict[str, str]) -> Json:
    made: Json = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
    }
    given = values.get(parameter.name, values.get(parameter.name.lower()))
    if given is not None:
        made["example"] = int(given) if parameter.schema.get("type") == "integer" else given
    return made


_SECURITY = {
    "projectsKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "bk_<project>_...",
        "description": "A project's key, with the scope that the route names.",
    },
    "operatorsKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "bk_admin_...",
        "description": "An operator's key, which opens everything.",
    },
}
