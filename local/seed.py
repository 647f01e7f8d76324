"""Demo data: two projects with catalogs and keys, made through the service's own admin API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local import web
from local.console import LocalError

ALLOWED_ORIGINS = ["https://app.example.com"]

NOTES_FEATURES = [
    {"code": "export", "name": "Export to PDF", "type": "boolean", "merge": "any"},
    {"code": "sync", "name": "Sync between devices", "type": "boolean", "merge": "any"},
    {"code": "devices", "name": "Devices", "type": "limit", "merge": "max"},
]
STUDIO_FEATURES = [
    {"code": "render", "name": "Render in the cloud", "type": "boolean", "merge": "any"},
    {"code": "render_minutes", "name": "Minutes a month", "type": "limit", "merge": "sum"},
]


def _recurring(price_id: str, amount: int, interval: str) -> dict[str, Any]:
    """A price as the catalog has it; the amount is in cents."""
    return {
        "id": price_id,
        "currency": "usd",
        "unit_amount": amount,
        "type": "recurring",
        "interval": interval,
        "interval_count": 1,
    }


def _one_time(price_id: str, amount: int) -> dict[str, Any]:
    return {"id": price_id, "currency": "usd", "unit_amount": amount, "type": "one_time"}


NOTES = {
    "features": NOTES_FEATURES,
    "products": [
        {
            "id": "pro",
            "name": "Acme Notes Pro",
            "features": {"export": True, "sync": True, "devices": 5},
            "prices": [
                _recurring("pro_monthly", 900, "month"),
                _recurring("pro_yearly", 9000, "year"),
            ],
        },
        {
            "id": "lifetime",
            "name": "Acme Notes for life",
            "features": {"export": True, "devices": 2},
            "prices": [_one_time("lifetime", 19900)],
        },
    ],
}
STUDIO = {
    "features": STUDIO_FEATURES,
    "products": [
        {
            "id": "studio",
            "name": "Pixel Studio",
            "features": {"render": True, "render_minutes": 600},
            "prices": [_recurring("studio_monthly", 2500, "month")],
        },
        {
            "id": "minutes-100",
            "name": "100 more minutes",
            "features": {"render_minutes": 100},
            "validity_days": 30,
            "allow_multiple": True,
            "prices": [_one_time("minutes_100", 500)],
        },
    ],
}


@dataclass(frozen=True)
class SeededProject:
    """A project's id, a key of it, and its Stripe price ids by their ids in the catalog."""

    project_id: str
    key: str
    prices: dict[str, str]


def seed(api_url: str, admin_key: str) -> tuple[SeededProject, SeededProject]:
    """Make both projects; doing it again changes nothing but the keys, which are new.

    Raises:
        LocalError: the service refused.
    """
    return (
        _project(api_url, admin_key, "acme-notes", "Acme Notes", NOTES),
        _project(api_url, admin_key, "pixel-studio", "Pixel Studio", STUDIO),
    )


def _project(
    api_url: str, admin_key: str, project_id: str, name: str, catalog: dict[str, Any]
) -> SeededProject:
    projects = f"{api_url}/api/v1/admin/projects"
    project = {"id": project_id, "name": name, "allowed_origins": ALLOWED_ORIGINS}
    _succeed("POST", projects, admin_key, project)
    written = _succeed("PUT", f"{projects}/{project_id}/catalog", admin_key, catalog)
    key = _succeed("POST", f"{projects}/{project_id}/keys", admin_key, {"name": "demo"})
    prices = {
        price["id"]: price["stripe_price_id"]
        for product in written["catalog"]["products"]
        for price in product["prices"]
    }
    return SeededProject(project_id, key["key"], prices)


def _succeed(method: str, url: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = web.request(method, url, key=key, body=body)
    if answer.status not in {200, 201}:
        message = f"{method} {url} answered {answer.status}: {answer.text}"
        raise LocalError(message)
    found: dict[str, Any] = answer.json
    return found
