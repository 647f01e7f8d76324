"""How a request of an HTTP API (payload format 2.0) is read; the standard library only."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from billing.domain.errors import FieldError, InvalidInput, MalformedRequest, PayloadTooLarge

BODY_LIMIT = 64 * 1024
"""Bytes that a request body may have where a route does not say otherwise."""

_TAG = re.compile(r'"[^"]*"')

_HALF = re.compile("[\ud800-\udfff]")


def request_id_of(event: Mapping[str, Any]) -> str:
    """Return API Gateway's id of the request, which its access log carries too."""
    return str(event.get("requestContext", {}).get("requestId", "none"))


def header(event: Mapping[str, Any], name: str) -> str:
    """Return a header, which the gateway names in lower case; "" where there is none."""
    return (event.get("headers") or {}).get(name) or ""


def has_current(event: Mapping[str, Any], etag: str) -> bool:
    """Whether If-None-Match names the present answer's tag, so that a GET is answered with 304.

    Tags are compared weakly, and `*` is any (RFC 9110, 13.1.2).
    """
    known = header(event, "if-none-match")
    return known.strip() == "*" or etag.removeprefix("W/") in _TAG.findall(known)


def accepts(event: Mapping[str, Any], media_type: str) -> bool:
    """Whether the Accept header names this very media type, and does not refuse it by `q=0`."""
    for one in header(event, "accept").lower().split(","):
        named, *parameters = (part.replace(" ", "") for part in one.split(";"))
        if named == media_type:
            return not any(re.fullmatch(r"q=0(\.0*)?", each) for each in parameters)
    return False


def raw_body(event: Mapping[str, Any], limit: int = BODY_LIMIT) -> bytes:
    """Return the body's bytes as they were sent.

    Raises:
        PayloadTooLarge: there are more than `limit`.
        MalformedRequest: the gateway's base64 cannot be read, or its text is none.
    """
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise MalformedRequest("The body's base64 cannot be read.") from error
    else:
        try:
            raw = body.encode("utf-8", errors="surrogateescape")
        except UnicodeEncodeError as error:
            raise MalformedRequest("The body is not UTF-8.") from error
    if len(raw) > limit:
        raise PayloadTooLarge(f"The body has {len(raw)} bytes; at most {limit} are taken.")
    return raw


def read_json(event: Mapping[str, Any], limit: int = BODY_LIMIT) -> dict[str, Any]:
    """Return the body as a JSON object, all of whose texts can be written as UTF-8.

    Raises:
        MalformedRequest: it is not UTF-8, not JSON (RFC 8259), or not an object.
        InvalidInput: a text has half of a surrogate pair, which JSON can write and UTF-8 cannot.
        PayloadTooLarge: it is larger than `limit` bytes.
    """
    raw = raw_body(event, limit)
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest("The body is not JSON in UTF-8.") from error
    if not isinstance(value, dict):
        raise MalformedRequest("The body is not a JSON object.")
    if b"\\u" in raw and (field := _where_half_a_pair_is(value)):
        raise InvalidInput.field(field, "has half of a surrogate pair, which is no character")
    return value


def _where_half_a_pair_is(body: dict[str, Any]) -> str | None:
    """Name the field with a text, or a name, that has no UTF-8 form."""
    rest: list[tuple[str, Any]] = [("", body)]
    while rest:
        path, value = rest.pop()
        if isinstance(value, str) and _HALF.search(value):
            return path
        if isinstance(value, dict):
            if any(map(_HALF.search, value)):
                return path or "body"
            rest += ((f"{path}.{name}".removeprefix("."), each) for name, each in value.items())
        elif isinstance(value, list):
            rest += ((f"{path}[{number}]", each) for number, each in enumerate(value))
    return None


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def query(event: Mapping[str, Any], *names: str) -> dict[str, str]:
    """Return the query's parameters, each at most once and decoded as UTF-8.

    The raw query is read, because the gateway joins repeated parameters with a comma, which a
    user id may contain.

    Raises:
        MalformedRequest: it is not UTF-8, or a parameter is given twice.
        InvalidInput: it has a parameter that is not one of `names`.
    """
    raw = event.get("rawQueryString") or ""
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise MalformedRequest("The query is not UTF-8.") from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise MalformedRequest("A query parameter is given twice.")
    unknown = [
        FieldError(name, f"is not a parameter of this route; it takes {', '.join(names)}")
        for name in parameters
        if name not in names
    ]
    if unknown:
        raise InvalidInput("The query has parameters unknown here.", errors=tuple(unknown))
    return parameters


def idempotency_key(event: Mapping[str, Any]) -> str | None:
    """Return the Idempotency-Key header, by which a repetition is known.

    Raises:
        InvalidInput: it is not 1 to 255 visible ASCII characters.
    """
    header = (event.get("headers") or {}).get("idempotency-key")
    if header is None:
        return None
    if not 1 <= len(header) <= 255 or not all("!" <= character <= "~" for character in header):
        raise InvalidInput.field("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    return str(header)
