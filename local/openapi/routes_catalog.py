"""The routes of operators about projects, keys and catalogs."""

from __future__ import annotations

from billing.adapters.dynamo.catalog_store import ClaimedElsewhere
from billing.domain.catalog import Project
from billing.domain.errors import (
    Conflict,
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
from local.openapi.paths import KEY, OF_KEY, OF_PROJECT, PROJECT, PROJECTS, next_page
from local.openapi.routes_apps import STRIPE

ROUTES = (
    Operation(
        f"POST {PROJECTS}",
        "create_project",
        ADMIN,
        (Project,),
        body=NewProject,
        errors=(Conflict,),
        links=tuple(
            Link(to, OF_PROJECT)
            for to in ("get_project", "put_project", "create_key", "get_catalog", "put_catalog")
        ),
    ),
    Operation(
        f"GET {PROJECTS}",
        "list_projects",
        ADMIN,
        (answers.Projects,),
        parameters=(words.LIMIT, words.CURSOR),
        links=(next_page("list_projects"),),
    ),
    Operation(f"GET {PROJECT}", "get_project", ADMIN, (Project,), errors=(NotFound,)),
    Operation(
        f"PUT {PROJECT}", "put_project", ADMIN, (Project,), body=ProjectUpdate, errors=(NotFound,)
    ),
    Operation(
        f"POST {PROJECT}/keys",
        "create_key",
        ADMIN,
        (answers.NewlyIssuedKey,),
        body=NewKey,
        errors=(Conflict, NotFound),
        links=(Link("rotate_key", OF_KEY), Link("revoke_key", OF_KEY)),
    ),
    Operation(f"GET {PROJECT}/keys", "list_keys", ADMIN, (answers.Keys,), errors=(NotFound,)),
    Operation(
        f"POST {KEY}/rotate",
        "rotate_key",
        ADMIN,
        (answers.NewlyIssuedKey,),
        body=Rotation,
        body_is_optional=True,
        errors=(Conflict, KeyEnded, NotFound),
        links=(Link("rotate_key", OF_KEY), Link("revoke_key", OF_KEY)),
    ),
    Operation(
        f"POST {KEY}/revoke",
        "revoke_key",
        ADMIN,
        (answers.Key,),
        errors=(Conflict, LastOwner, NotFound),
    ),
    Operation(
        f"GET {PROJECT}/catalog", "get_catalog", ADMIN, (answers.CatalogShown,), errors=(NotFound,)
    ),
    Operation(
        f"PUT {PROJECT}/catalog",
        "put_catalog",
        ADMIN,
        (answers.CatalogPut,),
        body=CatalogDocument,
        parameters=(words.DRY_RUN,),
        errors=(*STRIPE, ClaimedElsewhere, NotFound, VersionConflict),
    ),
    Operation("GET /api/v1/admin/me", "get_me", ADMIN, (answers.Operator,), errors=(InvalidInput,)),
)
