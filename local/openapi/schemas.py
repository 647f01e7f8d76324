"""JSON Schemas of requests and answers, from their types."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from local.openapi.operation import Json
from local.openapi.vocabulary import FORMS, ITEMS

REFERENCE = "#/components/schemas/{model}"


class Schemas:
    """The schemas of some types, and of all that they are made of.

    Attributes:
        shared: by name, for the description's components.
    """

    def __init__(self, types: Iterable[Any], mode: JsonSchemaMode) -> None:
        """Build those of `types`: of requests (`validation`) or of answers (`serialization`)."""
        adapters = [(type_, mode, TypeAdapter(type_)) for type_ in dict.fromkeys(types)]
        by_type, definitions = TypeAdapter.json_schemas(adapters, ref_template=REFERENCE)
        self._of = {key[0]: schema for key, schema in by_type.items()}
        self.shared: dict[str, Json] = copy.deepcopy(definitions.get("$defs", {}))
        for name, schema in self.shared.items():
            _tidy(schema)
            _describe(schema)
            if mode == "validation":
                _bound(name, schema)
            else:
                _promise(schema)

    def of(self, type_: Any) -> Json:  # noqa: ANN401 - any type that pydantic can describe
        """The schema of one of the types: a reference."""
        return copy.deepcopy(self._of[type_])


def _tidy(schema: Any) -> None:  # noqa: ANN401 - any part of a schema
    """Leave out the titles, which only repeat the names."""
    if isinstance(schema, list):
        for each in schema:
            _tidy(each)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("title"), str):
        del schema["title"]
    for each in schema.values():
        _tidy(each)


def _describe(schema: Json) -> None:
    """Say what a type and its fields are, as the docstring does, which pydantic passes on."""
    text, _, attributes = schema.get("description", "").partition("\nAttributes:\n")
    if not text:
        return
    schema["description"] = text.strip()
    entries = re.split(r"\n(?=    \w[\w, ]*: )", "\n" + attributes.rstrip())
    for entry in entries:
        names, _, told = entry.partition(": ")
        for name in re.split(r",\s*", names.strip()):
            if name in schema.get("properties", {}):
                schema["properties"][name]["description"] = " ".join(told.split())


def _bound(model: str, schema: Json) -> None:
    """Add what the services insist on, and pydantic is not told."""
    properties: Mapping[str, Json] = schema.get("properties", {})
    for name, field in properties.items():
        form = FORMS.get(f"{model}.{name}", FORMS.get(name))
        if form is not None:
            _put(field, form)
        field.update(copy.deepcopy(ITEMS.get(f"{model}.{name}", {})))
        listed = [each for each in field.get("anyOf", [field]) if each.get("type") == "array"]
        for each in listed:
            each.update(copy.deepcopy(ITEMS.get(name, {})))


def _put(field: Json, form: Json) -> None:
    """Put a form in the place of the field's own, which may be null besides."""
    kept: Json = {name: field[name] for name in _KEPT if name in field}
    nullable = any(each == {"type": "null"} for each in field.get("anyOf", ()))
    field.clear()
    field.update(kept)
    if nullable:
        field["anyOf"] = [copy.deepcopy(form), {"type": "null"}]
    else:
        field.update(copy.deepcopy(form))


_KEPT = ("default", "description")


def _promise(schema: Json) -> None:
    """An answer has all of its fields, those that hold their default too."""
    if "properties" in schema:
        schema["required"] = list(schema["properties"])
        for field in schema["properties"].values():
            field.pop("default", None)
