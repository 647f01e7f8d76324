"""Half of a surrogate pair in each text of each body: JSON can write it, and UTF-8 cannot."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug import Client

from tests.fuzz.conftest import Target
from tests.support.described import description

HALF = "\ud800"
PATHS = {
    "project_id": "demo",
    "key_id": "key_1",
    "endpoint_id": "endpoint_1",
    "event_id": "evt_1",
}
ANY_EVENT = "/api/v1/webhooks/stripe"
"""Takes what Stripe signs, as it is."""

Json = dict[str, Any]
Place = tuple[str | int, ...]


def with_bodies() -> Iterator[tuple[str, str, Json]]:
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            if "requestBody" in operation and path != ANY_EVENT:
                yield method.upper(), path, operation["requestBody"]["content"]["application/json"]


BODIES = list(with_bodies())


def whole(schema: Json) -> Any:
    """A value that has every field that the schema tells of, and one of each list and object."""
    if "$ref" in schema:
        return whole(description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return whole(next(each for each in schema["anyOf"] if each.get("type") != "null"))
    kind = str(schema.get("type"))
    if kind == "object":
        named = {name: whole(each) for name, each in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties")
        return {**named, **({"other": whole(others)} if isinstance(others, dict) else {})}
    if kind == "array":
        return [whole(schema["items"])]
    return {"integer": 1, "boolean": True}.get(kind, "text")


def texts(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where a value has texts."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from texts(each, (*place, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from texts(each, (*place, number))


def spoilt(body: Json, place: Place) -> Json:
    made = copy.deepcopy(body)
    holder: Any = made
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] += HALF
    return made


def said(place: Place) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".")


@pytest.mark.parametrize(
    ("method", "path", "content"), BODIES, ids=[f"{each[0]} {each[1]}" for each in BODIES]
)
def test_every_text_of_every_body_has_a_utf_8_form(
    method: str, path: str, content: Json, target: Target
) -> None:
    client, headers = Client(target.gateway), {"Authorization": f"Bearer {target.keys['operator']}"}
    body = whole(content["schema"])
    assert isinstance(body, dict)
    for place in texts(body):
        answer = client.open(
            path.format(**PATHS),
            method=method,
            data=json.dumps(spoilt(body, place)),
            content_type="application/json",
            headers=headers,
        )
        errors = json.loads(answer.text).get("errors")
        assert answer.status_code == 422, (said(place), answer.text)
        message = "has half of a surrogate pair, which is no character"
        assert errors == [{"field": said(place), "message": message}]
