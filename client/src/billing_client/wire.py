"""How the service is spoken to: requests, answers and their meaning. Pure: no I/O."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from billing_client.errors import (
    BillingError,
    FieldProblem,
    InvalidInput,
    Unavailable,
    error_of,
)
from billing_client.model import (
    Entitlements,
    read_entitlements,
)

_Read = TypeVar("_Read")

BATCH = 100
"""Users that one batch may ask for."""

TRANSIENT = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may succeed in a moment."""

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,;])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. It may be sent again: it reads, or carries an Idempotency-Key."""

    method: Literal["GET", "POST"]
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def get_entitlements(user_id: str, etag: str | None) -> Request:
    """Ask what a user may use, unless nothing changed since that ETag."""
    headers = {"If-None-Match": etag} if etag else {}
    return Request("GET", f"/api/v1/entitlements?user_id={_quoted(user_id)}", headers)


def get_token(user_id: str) -> Request:
    """Ask for the signed snapshot of what a user may use."""
    path = f"/api/v1/entitlements?user_id={_quoted(user_id)}"
    return Request("GET", path, {"Accept": "application/jwt"})


def get_check(user_id: str, feature_code: str) -> Request:
    """Ask the service itself about one feature."""
    asked = f"user_id={_quoted(user_id)}&feature_code={_quoted(feature_code)}"
    return Request("GET", f"/api/v1/entitlements/check?{asked}")


def post_batch(user_ids: Sequence[str]) -> Request:
    """Ask what each of up to a hundred users may use."""
    return _post("/api/v1/entitlements/batch", {"user_ids": list(user_ids)})


def post_checkout(fields: Mapping[str, Any], idempotency_key: str | None) -> Request:
    """Start a checkout; without a key it gets one that all its attempts share.

    Raises:
        InvalidInput: the key cannot be sent.
    """
    key = f"client-{uuid.uuid4()}" if idempotency_key is None else idempotency_key
    if not 1 <= len(key) <= 255 or not all("!" <= character <= "~" for character in key):
        raise _impossible("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    return _post("/api/v1/checkout/create", fields, {"Idempotency-Key": key})


def order(
    user_id: str,
    price_id: str,
    *,
    mode: str,
    success_url: str,
    cancel_url: str,
    quantity: int | None,
    customer_email: str | None,
    trial_days: int | None,
    allow_promotion_codes: bool | None,
    metadata: Mapping[str, str] | None,
) -> dict[str, Any]:
    """Write the body of a checkout; what is `None` is left out."""
    return {
        "user_id": user_id,
        "price_id": price_id,
        "mode": mode,
        "success_url": success_url,
        "cancel_url": cancel_url,
        "quantity": quantity,
        "customer_email": customer_email,
        "trial_days": trial_days,
        "allow_promotion_codes": allow_promotion_codes,
        "metadata": None if metadata is None else dict(metadata),
    }


def post_portal(user_id: str, return_url: str) -> Request:
    """Open the portal."""
    body = {"user_id": user_id, "return_url": return_url}
    return _post("/api/v1/portal/create-session", body)


def _post(path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Request:
    given = {name: value for name, value in body.items() if value is not None}
    sent = {"Content-Type": "application/json", **(headers or {})}
    return Request("POST", path, sent, json.dumps(given).encode())


def _quoted(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise _impossible("user_id", "is not Unicode text") from error


def _impossible(name: str, message: str) -> InvalidInput:
    """Refuse what cannot even be sent, in the service's words."""
    problem = FieldProblem(name, message)
    return InvalidInput(f"{name}: {message}.", code="invalid_input", errors=[problem])


# -- answers


def failure(reply: Reply) -> BillingError | None:
    """Return the error that an answer tells; `None` for a success."""
    if reply.status < 400 and (200 <= reply.status < 300 or reply.status == 304):
        return None
    if reply.status < 400:
        return Unavailable(
            f"the service redirects ({reply.status}); is base_url right?", status=reply.status
        )
    try:
        problem = json.loads(reply.content)
    except ValueError:
        problem = None
    found = problem if isinstance(problem, dict) else {}
    found.setdefault("request_id", reply.headers.get("x-request-id"))
    return error_of(reply.status, found, retry_after(reply))


def retry_after(reply: Reply) -> float | None:
    """Read `Retry-After` in seconds; a date counts as unsaid, which the service never sends."""
    text = reply.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdecimal() else None


def max_age(reply: Reply) -> float:
    """Read for how many seconds an answer is fresh."""
    said = reply.headers.get("cache-control", "")
    if "no-store" in said.lower() or "no-cache" in said.lower():
        return 0.0
    found = _MAX_AGE.search(said)
    return float(found.group(1)) if found else 0.0


def read(reply: Reply, how: Callable[[Any], _Read]) -> _Read:
    """Read a success.

    Raises:
        Unavailable: it is not of the documented form; something else answers there.
    """
    try:
        return how(json.loads(reply.content))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Unavailable(
            f"the answer is not one of the billing service ({error!r})",
            code="unreadable_answer",
            status=reply.status,
        ) from error


def entitlements(reply: Reply, user_id: str) -> Entitlements:
    """Read the answer about a user; errors as `read`."""
    found = read(reply, read_entitlements)
    if found.user_id != user_id:
        raise Unavailable("the answer is about another user", code="unreadable_answer")
    return found


@dataclass(frozen=True, slots=True)
class Batched:
    """What a batch says of one user."""

    known: Entitlements
    etag: str
    max_age: float


def batch(reply: Reply) -> list[Batched]:
    """Read a batch; errors as `read`."""
    return read(reply, lambda answer: [_batched(each) for each in answer["results"]])


def _batched(each: Mapping[str, Any]) -> Batched:
    return Batched(read_entitlements(each), str(each["etag"]), float(each["max_age"]))


def token(reply: Reply) -> str:
    """Read a signed snapshot.

    Raises:
        InvalidInput: the service is one that signs none.
    """
    if not reply.headers.get("content-type", "").startswith("application/jwt"):
        raise InvalidInput("this service signs no snapshots", code="no_tokens")
    return reply.content.decode("ascii", errors="replace").strip()
