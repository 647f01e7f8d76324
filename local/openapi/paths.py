"""The paths of operators' routes, what answers tell to fill them in, and how lists go on."""

from __future__ import annotations

from billing.domain.errors import Conflict, ContentionTooHigh, NotFound
from local.openapi.operation import Link
from local.openapi.routes_apps import STRIPE

PROJECTS = "/api/v1/admin/projects"
PROJECT = f"{PROJECTS}/{{project_id}}"
KEY = f"{PROJECT}/keys/{{key_id}}"
ACCOUNT = "/api/v1/admin/accounts/{project_id}/{user_id}"
EVENT = "/api/v1/admin/events/{event_id}"

OF_PROJECT = {"project_id": "$response.body#/id"}
OF_KEY = {"project_id": "$response.body#/project_id", "key_id": "$response.body#/key_id"}
FIRST_EVENT = {"event_id": "$response.body#/events/0/event_id"}
FIRST_ACCOUNT = {
    "project_id": "$response.body#/accounts/0/project_id",
    "user_id": "$response.body#/accounts/0/user_id",
}
REPLAY = (*STRIPE, Conflict, ContentionTooHigh, NotFound)


def next_page(operation_id: str) -> Link:
    """Follow a list to its next page."""
    return Link(operation_id, {"cursor": "$response.body#/next_cursor"})
