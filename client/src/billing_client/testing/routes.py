"""What the service answers on each route that apps call."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from billing_client.testing.accounts import Account, Project, iso
from billing_client.testing.replies import problem, success
from billing_client.wire import Reply

CHECKOUT_SECONDS = 1800
PORTAL_SECONDS = 300
JWT = "application/jwt"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is whatever the other side sends
        """The body, parsed."""
        return json.loads(self.content)


def entitlements(project: Project, seen: Seen) -> Reply:
    """Answer what a user may use, or sign it."""
    user_id = seen.query.get("user_id", "")
    if not 1 <= len(user_id) <= 256:
        return problem(422, "invalid_input", field="user_id")
    told = project.told(user_id)
    is_token = seen.headers.get("accept") == JWT
    etag = told.etag.replace('W/"', 'W/"jwt-') if is_token else told.etag
    caching = {"etag": etag, "cache-control": f"private, max-age={told.max_age}"}
    if seen.headers.get("if-none-match") == etag:
        return Reply(304, caching, b"")
    if is_token:
        token = project.signer.sign(told.body, project.clock.now(), told.max_age)
        return Reply(200, caching | {"content-type": JWT}, token.encode())
    return success(told.body, caching)


def check(project: Project, seen: Seen) -> Reply:
    """Answer about one feature."""
    user_id, code = seen.query["user_id"], seen.query["feature_code"]
    body = project.told(user_id).body
    found = next((e for e in body["entitlements"] if e["feature_code"] == code), None)
    names = ("value", "source", "source_id", "valid_to")
    return success(
        {
            "user_id": user_id,
            "project_id": project.project_id,
            "feature_code": code,
            "allowed": found is not None,
            "reason": found["sources"][0]["state"] if found else "not_held",
            **{name: found[name] if found else None for name in names},
            "checked_at": body["checked_at"],
            "revision": body["revision"],
        }
    )


def batch(project: Project, seen: Seen) -> Reply:
    """Answer about many users."""
    users = seen.json["user_ids"]
    if not 1 <= len(users) <= 100:
        return problem(422, "invalid_input", field="user_ids")
    told = [project.told(user_id) for user_id in users]
    return success({"results": [{**t.body, "etag": t.etag, "max_age": t.max_age} for t in told]})


def checkout(project: Project, seen: Seen) -> Reply:
    """Start a checkout; the same Idempotency-Key gets the same answer."""
    key, order = seen.headers.get("idempotency-key", ""), seen.json
    if key in project.answers:
        return success(project.answers[key])
    if project.prices and order["price_id"] not in project.prices:
        return problem(422, "invalid_input", field="price_id")
    account = project.accounts.setdefault(order["user_id"], Account())
    given = project.prices.get(order["price_id"], {})
    if any(account.is_subscribed_to(code) for code in given):
        return problem(409, "already_subscribed")
    account.is_customer = True
    session_id = f"cs_test_{uuid.uuid4().hex}"
    project.orders[session_id] = order
    answer = {
        "checkout_url": f"https://checkout.test/{session_id}",
        "session_id": session_id,
        "expires_at": iso(project.clock.now() + CHECKOUT_SECONDS),
    }
    if key:
        project.answers[key] = answer
    return success(answer)


def portal(project: Project, seen: Seen) -> Reply:
    """Open the portal for who has started a checkout."""
    account = project.accounts.get(seen.json["user_id"])
    if account is None or not account.is_customer:
        return problem(404, "unknown_customer")
    url = f"https://portal.test/{uuid.uuid4().hex}"
    return success({"portal_url": url, "expires_at": iso(project.clock.now() + PORTAL_SECONDS)})


ROUTES: Mapping[tuple[str, str], Callable[[Project, Seen], Reply]] = {
    ("GET", "/api/v1/entitlements"): entitlements,
    ("GET", "/api/v1/entitlements/check"): check,
    ("POST", "/api/v1/entitlements/batch"): batch,
    ("POST", "/api/v1/checkout/create"): checkout,
    ("POST", "/api/v1/portal/create-session"): portal,
}
