"""One hostile value at a time in each parameter and each field: nothing is answered with a 5xx."""

from __future__ import annotations

import base64
import copy
import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from werkzeug import Client

from tests.fuzz.conftest import Target
from tests.fuzz.fuzzing import name_what_is_known
from tests.support.described import description

Json = dict[str, Any]
Place = tuple[str | int, ...]

TEXTS = (
    *("", " ", "\x00", "\n", "a\u2028b", "\u202e", "\ufeff", "\U0010ffff", "e\u0301" * 100),
    *("😀" * 255, "😀" * 256, "😀" * 300, "é" * 300, "x" * 300, "x" * 2000),
    *("#", "a#b", "|", "a|b", "=", "..", ".", "%", "%00", "~", "null", "None", "demo#user-1"),
    *("requests#management#key#1", "run#x", "project#demo", "key#x", "watermark#events"),
    *("-1", "1e400", "9" * 300, "٣", "²", "true", "NaN", "1_000", "+1", " 1"),
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"),
    *("2000-01-01T00:00:00+23:59", "8999-12-31T23:59:59-23:59", "2026-02-30T00:00:00Z"),
    *("2026-01-01", "20260101T000000Z", "2026-W01-1T00:00:00Z", "2026-03-01T24:00:00Z"),
    *("2026-03-01T12:00:00,5Z", "2026-03-01T12:00:60Z", "2026-03-01T12:00:00+00:00:00.000001"),
    *("https://[::1", "https://\u2100", "https://x:99999", "https://x@y", "http://localhost:"),
)
VALUES = (
    *("null", "true", "false", "0", "-1", "1", "2147483648", "9007199254740993"),
    *("18446744073709551616", "1" * 400, "-9223372036854775809", "1.5", "1.0", "-0", "-0.0"),
    *(
        "1e308",
        "1e400",
        "-1e400",
        "1e-400",
        "[]",
        "{}",
        "[[]]",
        "[null]",
        '{"a": {}}',
        '["a", "a"]',
    ),
    *(f"{'[' * 900}{']' * 900}", '{"": 1}', '{"a#b": "c"}'),
)
HERE = "<here>"
JSONS = (*(json.dumps(each) for each in TEXTS), *VALUES)
STEP = 1 if "FUZZ_SECONDS" in os.environ else 8
"""Each place is tried with every eighth value, the next with others; with FUZZ_SECONDS with all."""


def operations() -> Iterator[Any]:
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            yield pytest.param(method.upper(), path, operation, id=f"{method.upper()} {path}")


def places(schema: Json, value: Any, place: Place = ()) -> Iterator[Place]:
    """Where a body has, or could have, a field."""
    if "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        schema = next(each for each in schema["anyOf"] if each.get("type") != "null")
        yield from places(schema, value, place)
        return
    if place:
        yield place
    for name, each in schema.get("properties", {}).items():
        inner = value.get(name) if isinstance(value, dict) else None
        yield from places(each, inner, (*place, name))
    if isinstance(schema.get("additionalProperties"), dict):
        yield (*place, "other")
    if "items" in schema and isinstance(value, list) and value:
        yield from places(schema["items"], value[0], (*place, 0))


def spoilt(body: Json, place: Place) -> Json:
    made = copy.deepcopy(body)
    holder: Any = made
    for part in place[:-1]:
        if isinstance(holder, dict) and holder.get(part) is None:
            holder[part] = {}
        holder = holder[part]
    holder[place[-1]] = HERE
    return made


def bodies(operation: Json, known: Json) -> Iterator[str]:
    """The operation's example, about what is known, with one value in the place of another."""
    body = json.loads(_example(operation, known) or "{}")
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    for number, place in enumerate(places(schema, body)):
        text = json.dumps(spoilt(body, place))
        for value in JSONS[number % STEP :: STEP]:
            yield text.replace(json.dumps(HERE), value)


def parameters(operation: Json, known: Json) -> Iterator[tuple[Json, Json, Json]]:
    """Path, query and headers, with one value in the place of another."""
    told = operation.get("parameters", ())
    valid = {
        place: {
            p["name"]: known[p["name"]] for p in told if p["in"] == place and p["name"] in known
        }
        for place in ("path", "query", "header")
    }
    yield valid["path"], valid["query"], {}
    for number, each in enumerate(told, len(operation["operationId"])):
        place, name = each["in"], each["name"]
        texts = (*TEXTS, *(_cursor(t) for t in TEXTS if name == "cursor"))
        for text in texts[number % STEP :: STEP]:
            if place == "header" and not (text.isascii() and text.isprintable()):
                continue
            if place == "path" and text in ("", ".", ".."):
                continue  # no path, or another
            made = {**valid, place: {**valid[place], name: text}}
            yield made["path"], made["query"], made["header"]


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(("method", "path", "operation"), [*operations()])
def test_nothing_hostile_is_answered_with_a_5xx(
    method: str, path: str, operation: Json, target: Target
) -> None:
    client, key = Client(target.gateway), {"Authorization": f"Bearer {target.keys['operator']}"}
    tried = [*parameters(operation, target.known)]
    valid, _, _ = tried[0]
    sent = [
        (where, query, headers, _example(operation, target.known))
        for where, query, headers in tried
    ]
    if "requestBody" in operation:
        sent += [(valid, {}, {}, body) for body in bodies(operation, target.known)]
    bad: list[str] = []
    for where, query, headers, body in sent:
        filled = path.format(**{name: quote(str(value), safe="") for name, value in where.items()})
        answer = client.open(
            f"{filled}?{urlencode(query)}",
            method=method,
            data=body,
            content_type="application/json",
            headers={**key, **headers},
        )
        if answer.status_code >= 500:
            bad.append(f"{answer.status_code} {filled} {query} {headers} {body}"[:500])
    assert bad == []


def _example(operation: Json, known: Json) -> str | None:
    """The operation's own example of a body, about what is known."""
    if "requestBody" not in operation:
        return None
    body = copy.deepcopy(operation["requestBody"]["content"]["application/json"]["example"])
    name_what_is_known(body, known)
    return json.dumps(body)
