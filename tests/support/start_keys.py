"""Where a query of DynamoDB's may begin, which moto does not mind."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable

REFUSED = json.dumps(
    {
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": "The provided starting key does not match the range key predicate",
    }
).encode()

_WITHIN: dict[str, Callable[[str, str], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_BOUND = re.compile(r"(#\w+) (<=?|>=?) (:\w+)")


def is_refused(operation: str, body: bytes) -> bool:
    """Whether DynamoDB refuses a query: it starts where its own bound does not let it look."""
    if operation != "Query":
        return False
    asked = json.loads(body)
    bound = _BOUND.search(asked["KeyConditionExpression"])
    if bound is None or "ExclusiveStartKey" not in asked:
        return False
    name, comparison, value = bound.groups()
    start = asked["ExclusiveStartKey"][asked["ExpressionAttributeNames"][name]]["S"]
    return not _WITHIN[comparison](start, asked["ExpressionAttributeValues"][value]["S"])
