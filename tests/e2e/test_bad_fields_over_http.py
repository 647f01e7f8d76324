"""A field that is missing, misspelt or of another kind is named; a redirect leads nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import routes
from tests.support.routes import Route, Tenant

# -- fields

TEXTS: dict[str, Any] = {"": "", "a number": 1, "null": None, "a list": ["x"], "an object": {}}
BAD_USERS: dict[str, Any] = {
    **TEXTS,
    "257 characters": "x" * 257,
    "60000 characters": "x" * 60_000,
    "NUL": "u\x00",
    "a control character": "u\x1b[2J",
    "a C1 control character": "u\x85",
    "a line": "u\n",
    "a lone surrogate": "u\ud800",
    "true": True,
}
NO_NUMBERS: dict[str, Any] = {
    "text": "1",
    "a fraction": 1.5,
    "zero": 0,
    "negative": -1,
    "huge": 10**30,
    "true": True,
    "a list": [1],
}
NO_INSTANTS: dict[str, Any] = {
    "without a zone": "2030-01-01T00:00:00",
    "a date of no calendar": "2030-02-30T00:00:00Z",
    "seconds": 1_900_000_000,
    "words": "tomorrow",
    "year 1": "0001-01-01T00:00:00Z",
    "year 9999 beyond UTC": "9999-12-31T23:59:59-14:00",
}
BAD: dict[Route, dict[str, dict[str, Any]]] = {
    routes.CHECKOUT: {
        "user_id": BAD_USERS,
        "price_id": {**TEXTS, "unknown": "price_unknown", "long": "x" * 256, "NUL": "\x00"},
        "mode": {**TEXTS, "unknown": "setup", "of another price": "payment"},
        "project_id": {"a number": 1, "a list": []},
        "quantity": NO_NUMBERS,
        "trial_days": {**NO_NUMBERS, "too many": 731},
        "customer_email": {**TEXTS, "no address": "a@b", "lines": "a@b.de\nBcc: c@d.de"}
        | {"null": 0},
        "allow_promotion_codes": {"text": "true", "a number": 1},
        "metadata": {
            "text": "x",
            "a list": [],
            "our own name": {"user_id": "other"},
            "a number": {"a": 1},
            "nested": {"a": {"b": "c"}},
            "a long name": {"x" * 41: "v"},
            "a long value": {"a": "x" * 501},
            "brackets": {"a[b]": "c"},
            "too many": {f"m{n}": "v" for n in range(47)},
        },
    },
    routes.PORTAL: {"user_id": BAD_USERS, "project_id": {"a number": 1}},
    routes.BATCH: {
        "user_ids": {
            **TEXTS,
            "a list": [],
            "blank": [""],
            "a control character": ["\n"],
            "101": ["u"] * 101,
            "a number in it": [1],
        },
        "project_id": {"a number": 1},
    },
    routes.GRANT: {
        "user_id": BAD_USERS,
        "project_id": {**TEXTS, "not of the form": "Demo!", "long": "x" * 49},
        "feature_code": {**TEXTS, "unknown": "nothing"},
        "reason": {**TEXTS, "blank": "  ", "501 characters": "x" * 501, "NUL": "a\x00"},
        "valid_from": NO_INSTANTS,
        "valid_to": {**NO_INSTANTS, "past": "2020-01-01T00:00:00Z"},
        "value": {"false": False, "a number": 5, "a list": [], "a fraction": 1.5},
    },
    routes.REVOKE: {
        "grant_id": {"a number": 1, "null": None, "a list": []},
        "revoke_reason": {**TEXTS, "501 characters": "x" * 501},
    },
    routes.RECONCILE: {
        "project_id": {"a number": 1, "a list": []},
        "dry_run": {"text": "yes", "a number": 1, "null": None},
        "since": NO_INSTANTS | {"year 1": "soon", "year 9999 beyond UTC": True},
    },
    routes.NEW_PROJECT: {
        "id": {
            **TEXTS,
            "capitals": "Demo",
            "one letter": "d",
            "49 letters": "d" * 49,
            "ours": "admin",
        }
        | {"a path": "../x", "unicode": "démo"},
        "name": {**TEXTS, "101 characters": "x" * 101, "NUL": "\x00", "a surrogate": "\ud800"},
    },
    routes.NEW_KEY: {
        "name": {**TEXTS, "101 characters": "x" * 101, "a line": "a\nb"},
        "scopes": {"text": "checkout", "none": [], "unknown": ["root"], "operators'": ["admin"]},
        "expires_at": {**NO_INSTANTS, "past": "2020-01-01T00:00:00Z"},
    },
    routes.ROTATE: {
        "overlap_seconds": {"text": "1", "negative": -1, "31 days": 31 * 86_400, "half": 0.5}
    },
    routes.PUT_CATALOG: {
        "features": {"text": "x", "an object": {}, "numbers": [1], "null": None},
        "products": {"text": "x", "an object": {}, "numbers": [1], "null": None},
        "policy": {"text": "x", "a list": []},
    },
}
CASES = [
    pytest.param(route, name, value, id=f"{route} {name} is {what or 'empty'}")
    for route, fields in BAD.items()
    for name, values in fields.items()
    for what, value in values.items()
]


@pytest.mark.parametrize(("route", "name", "value"), CASES)
def test_a_field_that_cannot_be_is_named(
    tenant: Tenant, route: Route, name: str, value: Any
) -> None:
    assert route.body is not None
    body = route.body(tenant) | {name: value}
    answer = route.send(tenant, own=True, body=body)
    problem = answer.problem(422, "invalid_input")
    assert [error for error in problem["errors"] if error["field"].startswith(name)], problem


NEEDED = {
    routes.CHECKOUT: "user_id price_id mode success_url cancel_url",
    routes.PORTAL: "user_id return_url",
    routes.BATCH: "user_ids",
    routes.GRANT: "user_id project_id feature_code reason",
    routes.REVOKE: "grant_id revoke_reason",
    routes.NEW_PROJECT: "id name",
    routes.UPDATE_PROJECT: "name",
    routes.NEW_KEY: "name",
}


@pytest.mark.parametrize("route", NEEDED, ids=str)
def test_a_field_that_is_missing_is_named(tenant: Tenant, route: Route) -> None:
    assert route.body is not None
    for name in NEEDED[route].split():
        body = {key: value for key, value in route.body(tenant).items() if key != name}
        route.send(tenant, own=True, body=body).problem(422, "invalid_input", name)
        typo = {**body, f"{name}s": "x"}
        route.send(tenant, own=True, body=typo).problem(422, "invalid_input", f"{name}s")


# -- where the browser is sent back to

ESCAPES = [
    "https://app.example.com.evil.com/", "https://app.example.com@evil.com/",
    "https://app.example.com:443@evil.com/", "https://evil.com#@app.example.com",
    "https://evil.com/https://app.example.com", "https://evil.com?https://app.example.com",
    "https://evilapp.example.com/", "https://example.com/", "https://app.example.co/",
    "https://app.example.com:8443/", "http://app.example.com/", "HTTP://app.example.com/",
    "//evil.com", "//app.example.com/", "/done", "done", "javascript:alert(1)",
    "javascript://app.example.com/%0aalert(1)", "data:text/html,x", "ftp://app.example.com/",
    "https:app.example.com", "https:/app.example.com", "https:///app.example.com",
    "https:\\\\app.example.com", "https://app.example.com\\@evil.com/", "https://evil.com\\.app.example.com",
    "https://app.example.com\n.evil.com", "https://app.example.com\t/", "\thttps://app.example.com/",
    " https://app.example.com/", "https://app.example.com /", "https://app.example.com%2eevil.com/",
    "https://app.example.com%00.evil.com", "https://app.example.com\x00.evil.com",
    "https://app.example。com/", "https://\u0430pp.example.com/", "https://app.example.com./",
    "https://app.example.com:0443/", "https://app.example.com:/", "https://[::ffff:1.2.3.4]/",
    "https://app.example.com/\u202e", "https://app.example.com/\ud800", "https://app.example.com/é",
    "https://app.example.com/" + "x" * 2048, "", "https://", "https://localhost.evil.com/",
    "http://localhost@evil.com/", "http://127.0.0.1.evil.com/", "https://user:pass@app.example.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", ESCAPES, ids=ascii)
def test_no_redirect_leads_elsewhere(tenant: Tenant, url: str) -> None:
    order, visit = routes.an_order(tenant), routes.a_visit(tenant)
    for name in ("success_url", "cancel_url"):
        answer = routes.CHECKOUT.send(tenant, own=True, body=order | {name: url})
        answer.problem(422, "invalid_input", name)
    answer = routes.PORTAL.send(tenant, own=True, body=visit | {"return_url": url})
    answer.problem(422, "invalid_input", "return_url")


@pytest.mark.parametrize("name", ["success_url", "cancel_url", "return_url"])
def test_a_redirect_is_a_text(tenant: Tenant, name: str) -> None:
    route = routes.PORTAL if name == "return_url" else routes.CHECKOUT
    for value in TEXTS.values():
        body = (routes.a_visit if name == "return_url" else routes.an_order)(tenant)
        answer = route.send(tenant, own=True, body=body | {name: value})
        answer.problem(422, "invalid_input", name)


GOOD_URLS = [
    "https://app.example.com", "https://app.example.com/", "https://app.example.com:443/a?b=c#d",
    "https://APP.EXAMPLE.COM/Path", "https://app.example.com?next=https://evil.com",
    "https://app.example.com/@evil.com", "http://localhost:3000/done", "http://127.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD_URLS)
def test_a_redirect_to_the_app_or_this_machine_is_fine(tenant: Tenant, url: str) -> None:
    body = routes.a_visit(tenant) | {"return_url": url}
    routes.PORTAL.send(tenant, own=True, body=body).ok()
