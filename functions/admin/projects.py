"""Projects: /api/v1/admin/projects."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.http import answer, query, read_body
from billing.presentation import shown
from billing.services.manage_projects import create_project, known_project, update_project
from billing.settings import settings
from billing.stores import catalog_store
from functions.admin.admission import operators_router
from functions.admin.paging import cursor_of, limit_of, next_cursor
from functions.admin.schemas import NewProject, ProjectUpdate

router = operators_router()


@router.post("/api/v1/admin/projects")
def create() -> Response[str]:
    """Create a project; the same again changes nothing."""
    body = read_body(router.current_event.raw_event, NewProject)
    project = body.to_project(body.id)
    create_project(catalog_store(), project, allow_localhost=_is_dev())
    return answer(shown(project))


@router.get("/api/v1/admin/projects")
def list_all() -> Response[str]:
    """List projects by id."""
    asked = query(router.current_event.raw_event, "limit", "cursor")
    page = catalog_store().projects(limit_of(asked), cursor_of(asked))
    return answer({"projects": shown(page.items), "next_cursor": next_cursor(page.next_cursor)})


@router.get("/api/v1/admin/projects/<project_id>")
def get(project_id: str) -> Response[str]:
    """Show a project."""
    return answer(shown(known_project(catalog_store(), project_id)))


@router.put("/api/v1/admin/projects/<project_id>")
def put(project_id: str) -> Response[str]:
    """Change a project's name and origins."""
    project = read_body(router.current_event.raw_event, ProjectUpdate).to_project(project_id)
    return answer(shown(update_project(catalog_store(), project, allow_localhost=_is_dev())))


def _is_dev() -> bool:
    return settings().stage == "dev"
