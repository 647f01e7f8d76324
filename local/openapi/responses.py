"""What an operation can answer: success, what is unchanged, and every error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from billing.domain.errors import BillingError
from local.openapi.operation import Json, Operation
from local.openapi.problems import errors
from local.openapi.schemas import Schemas
from local.openapi.vocabulary import ref

PROBLEM = "application/problem+json"


def responses(operation: Operation, told: Schemas) -> Iterator[tuple[str, Json]]:
    """Every answer of an operation, by status."""
    made = {operation.status: _success(operation, told), 429: _response("429.gateway")}
    if operation.is_cacheable:
        made[304] = _response("304")
    for status, group in _failures(operation):
        made[status] = _response(_name(status, group))
    for status in sorted(made):
        yield str(status), made[status]


def _failures(operation: Operation) -> Iterator[tuple[int, list[type[BillingError]]]]:
    for status, group in groupby(operation.all_errors(), key=lambda error: error.status):
        yield status, list(group)


def _name(status: int, group: list[type[BillingError]]) -> str:
    return ".".join([str(status), *(error.code for error in group)])


def _response(name: str) -> Json:
    return {"$ref": f"#/components/responses/{name}"}


def shared_responses(operations: Iterable[Operation]) -> dict[str, Json]:
    """What several operations answer alike, by status and codes."""
    made = {"304": _UNCHANGED, "429.gateway": _TOO_MANY}
    for operation in operations:
        for status, group in _failures(operation):
            made[_name(status, group)] = _failure(group)
    return dict(sorted(made.items()))


def _success(operation: Operation, told: Schemas) -> Json:
    content: Json = {text: {"schema": {"type": "string"}} for text in operation.texts}
    kinds = [told.of(each) for each in operation.answer]
    if kinds:
        content["application/json"] = {"schema": kinds[0] if len(kinds) == 1 else {"oneOf": kinds}}
    names = ["X-Request-Id", "Cache-Control", *(["ETag"] if operation.is_cacheable else [])]
    made: Json = {
        "description": "It goes on in the background." if operation.status == 202 else "Done.",
        "headers": {name: _header(name) for name in names},
        "content": content,
    }
    if operation.links:
        made["links"] = {link.to: _link(link.to, link.path, link.body) for link in operation.links}
    return made


def _link(to: str, path: Any, body: Any) -> Json:  # noqa: ANN401 - mappings of texts
    made: Json = {"operationId": to}
    if path:
        made["parameters"] = dict(path)
    if body:
        made["requestBody"] = dict(body)
    return made


def _failure(group: list[type[BillingError]]) -> Json:
    names = ["X-Request-Id", "Cache-Control"]
    names += ["Retry-After"] if any(error.retry_after is not None for error in group) else []
    names += ["WWW-Authenticate"] if group[0].status == 401 else []
    by_the_gateway = _BY_THE_GATEWAY if group[0].status == 429 else {}
    told = [f"`{error.code}`: {error.title}. {error.remedy}" for error in group]
    if group[0].status == 429:
        told.append("Without a code: the stage has more than 500 requests a second.")
    properties = {
        "status": {"const": group[0].status},
        "code": {"enum": [error.code for error in group]},
    }
    schema = {"allOf": [ref("ProblemDetails"), {"type": "object", "properties": properties}]}
    return {
        "description": "\n".join(told),
        "headers": {name: _header(name) for name in names},
        "content": {PROBLEM: {"schema": schema}, **by_the_gateway},
    }


def problem() -> dict[str, Json]:
    """The schemas of an error's body."""
    texts = {name: {"type": "string"} for name in ("type", "title", "detail", "request_id")}
    field = {
        "type": "object",
        "required": ["field", "message"],
        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
    }
    return {
        "FieldError": field | {"description": "What is wrong with one field of the input."},
        "ProblemDetails": {
            "type": "object",
            "description": "An error (RFC 9457). Programs branch on `status` and `code`; "
            "`detail` is for people and says what to do.",
            "required": ["type", "title", "status", "detail", "code", "request_id"],
            "properties": texts
            | {
                "status": {"type": "integer"},
                "code": ref("ErrorCode"),
                "errors": {"type": "array", "items": ref("FieldError")},
            },
        },
        "ErrorCode": {
            "type": "string",
            "enum": [error.code for error in errors()],
            "description": "docs/api.md has the table of them.",
        },
    }


def _header(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name}"}


def _text_header(description: str, **schema: Any) -> Json:  # noqa: ANN401 - JSON Schema
    return {"description": description, "schema": {"type": "string", **schema}}


HEADERS = {
    "X-Request-Id": _text_header("The logs and an error's `request_id` carry the same."),
    "Cache-Control": _text_header("How long the answer may be kept."),
    "ETag": _text_header("Names this very answer."),
    "Retry-After": _text_header("After how many seconds to try again.", pattern="^[0-9]+$"),
    "WWW-Authenticate": _text_header("The scheme of keys."),
}

_UNCHANGED: Json = {
    "description": "What is known is still true.",
    "headers": {name: _header(name) for name in ("X-Request-Id", "Cache-Control", "ETag")},
}

_BY_THE_GATEWAY: Json = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["message"],
            "properties": {"message": {"type": "string"}},
        }
    },
}

_TOO_MANY: Json = {
    "description": "The stage has more than 500 requests a second; the gateway says so by itself.",
    "content": {PROBLEM: {"schema": ref("ProblemDetails")}, **_BY_THE_GATEWAY},
}
