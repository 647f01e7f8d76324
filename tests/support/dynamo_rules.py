"""What DynamoDB refuses, and moto does not mind: where a query starts, and how long a key is."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]

HASH_KEYS, RANGE_KEYS = ("pk", "project_id", "parked"), ("sk", "user_id", "recorded_at")
"""Of the tables and their indexes."""

LONGEST = {**dict.fromkeys(HASH_KEYS, 2048), **dict.fromkeys(RANGE_KEYS, 1024)}
"""Bytes."""

_WITHIN: dict[str, Callable[[str, str], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_BOUND = re.compile(r"(#\w+) (<=?|>=?) (:\w+)")
_NAMED = re.compile(r"(#\w+)(?: [<>=]+ |, )(:\w+)")


def refusal(operation: str, body: bytes) -> bytes | None:
    """What DynamoDB says of a request, if it refuses it."""
    asked = json.loads(body)
    if operation == "Query" and _starts_outside(asked):
        return _refused("The provided starting key does not match the range key predicate")
    for name, value in _keys(asked):
        if not 0 < len(value.encode()) <= LONGEST[name]:
            return _refused(f"One or more parameter values were invalid: Size of {name}")
    return None


def _refused(message: str) -> bytes:
    kind = "com.amazon.coral.validate#ValidationException"
    return json.dumps({"__type": kind, "message": message}).encode()


def _starts_outside(query: Json) -> bool:
    bound = _BOUND.search(query["KeyConditionExpression"])
    if bound is None or "ExclusiveStartKey" not in query:
        return False
    name, comparison, value = bound.groups()
    start = query["ExclusiveStartKey"][query["ExpressionAttributeNames"][name]]["S"]
    return not _WITHIN[comparison](start, query["ExpressionAttributeValues"][value]["S"])


def _keys(asked: Any) -> Iterator[tuple[str, str]]:
    """Go through the keys that a request names, by the names of their attributes."""
    if isinstance(asked, list):
        for each in asked:
            yield from _keys(each)
        return
    if not isinstance(asked, dict):
        return
    for name, value in asked.items():
        if name in ("Key", "Item", "ExclusiveStartKey"):
            yield from _of_item(value)
        elif name == "Keys":
            for each in value:
                yield from _of_item(each)
        elif name == "KeyConditionExpression":
            for attribute, held in _NAMED.findall(value):
                known = asked["ExpressionAttributeNames"][attribute]
                yield known, asked["ExpressionAttributeValues"][held]["S"]
        else:
            yield from _keys(value)


def _of_item(item: Json) -> Iterator[tuple[str, str]]:
    for name, value in item.items():
        if name in LONGEST and "S" in value:
            yield name, value["S"]
