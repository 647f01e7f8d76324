"""The routes of operators about projects, keys and catalogs."""

from __future__ import annotations

from billing.adapters.dynamo.catalog_store import ClaimedElsewhere
from billing.domain.catalog import Project
from billing.domain.errors import (
    Conflict,
    ContentionTooHigh,
    InvalidInput,
    NotFound,
    VersionConflict,
)
from billing.services.manage_keys import KeyEnded, LastOwner
from functions.admin.catalog_document import CatalogDocument
from functions.admin.schemas import (
    NewKey,
    NewProject,
    ProjectUpdate,
    Rotation,
)
from local.openapi import answers_catalog as answers
from local.openapi import vocabulary as words
from local.openapi.operation import ADMIN, Link, Operation
from local.openapi.routes_apps import STRIPE

_PROJECTS = "/api/v1/admin/projects"
_PROJECT = f"{_PROJECTS}/{{project_id}}"
_KEY = f"{_PROJECT}/keys/{{key_id}}"
_ACCOUNT = "/api/v1/admin/accounts/{project_id}/{user_id}"
_EVENT = "/api/v1/admin/events/{event_id}"

_OF_PROJECT = {"project_id": "$response.body#/id"}
_OF_KEY = {"project_id": "$response.body#/project_id", "key_id": "$response.body#/key_id"}
_FIRST_EVENT = {"event_id": "$response.body#/events/0/event_id"}
_FIRST_ACCOUNT = {
    "project_id": "$response.body#/accounts/0/project_id",
    "user_id": "$response.body#/accounts/0/user_id",
}
_REPLAY = (*STRIPE, Conflict, ContentionTooHigh, NotFound)


def _next_page(operation_id: str) -> Link:
    return Link(operation_id, {"cursor": "$response.body#/next_cursor"})


ROUTES = (
    Operation(
        f"POST {_PROJECTS}",
        "create_project",
        ADMIN,
        (Project,),
        body=NewProject,
        errors=(Conflict,),
        links=tuple(
            Link(to, _OF_PROJECT)
            for to in ("get_project", "put_project", "create_key", "get_catalog", "put_catalog")
        ),
    ),
    Operation(
        f"GET {_PROJECTS}",
        "list_projects",
        ADMIN,
        (answers.Projects,),
        parameters=(words.LIMIT, words.CURSOR),
        links=(_next_page("list_projects"),),
    ),
    Operation(f"GET {_PROJECT}", "get_project", ADMIN, (Project,), errors=(NotFound,)),
    Operation(
        f"PUT {_PROJECT}", "put_project", ADMIN, (Project,), body=ProjectUpdate, errors=(NotFound,)
    ),
    Operation(
        f"POST {_PROJECT}/keys",
        "create_key",
        ADMIN,
        (answers.NewlyIssuedKey,),
        body=NewKey,
        errors=(Conflict, NotFound),
        links=(Link("rotate_key", _OF_KEY), Link("revoke_key", _OF_KEY)),
    ),
    Operation(f"GET {_PROJECT}/keys", "list_keys", ADMIN, (answers.Keys,), errors=(NotFound,)),
    Operation(
        f"POST {_KEY}/rotate",
        "rotate_key",
        ADMIN,
        (answers.NewlyIssuedKey,),
        body=Rotation,
        body_is_optional=True,
        errors=(Conflict, KeyEnded, NotFound),
        links=(Link("rotate_key", _OF_KEY), Link("revoke_key", _OF_KEY)),
    ),
    Operation(
        f"POST {_KEY}/revoke",
        "revoke_key",
        ADMIN,
        (answers.Key,),
        errors=(Conflict, LastOwner, NotFound),
    ),
    Operation(
        f"GET {_PROJECT}/catalog", "get_catalog", ADMIN, (answers.CatalogShown,), errors=(NotFound,)
    ),
    Operation(
        f"PUT {_PROJECT}/catalog",
        "put_catalog",
        ADMIN,
        (answers.CatalogPut,),
        body=CatalogDocument,
        parameters=(words.DRY_RUN,),
        errors=(*STRIPE, ClaimedElsewhere, NotFound, VersionConflict),
    ),
    Operation("GET /api/v1/admin/me", "get_me", ADMIN, (answers.Operator,), errors=(InvalidInput,)),
)
