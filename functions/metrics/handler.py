"""GET /api/v1/metrics/project/{project_id}, and GET /metrics for Prometheus."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.auth import ADMIN, authenticate
from billing.composition import now
from billing.domain.errors import NotFound
from billing.http import answer, create_app, lambda_handler_for
from billing.services.list_projects import list_projects
from billing.services.measure_project import measure_project
from billing.settings import settings
from billing.stores import account_store, cached_catalog, catalog_store
from functions.metrics import wire
from functions.metrics.exposition import CONTENT_TYPE, expose

SCOPE = "metrics"

app = create_app()


@app.get("/api/v1/metrics/project/<project_id>")
def of_project(project_id: str) -> Response[str]:
    """Answer a project's figures to the project itself or to an operator."""
    caller = authenticate(app.current_event.raw_event, cached_catalog(), now())
    caller.require(SCOPE)
    about = caller.for_project(project_id)
    if cached_catalog().project(about) is None:
        raise NotFound(f"There is no project '{about}'.")
    return answer(wire.metrics(measure_project(about, accounts=account_store(), now=now())))


@app.get("/metrics")
def of_all() -> Response[str]:
    """Answer the figures of all projects to an operator's Prometheus."""
    authenticate(app.current_event.raw_event, cached_catalog(), now()).require(ADMIN)
    measured = [
        measure_project(project.id, accounts=account_store(), now=now())
        for project in list_projects(catalog_store())
    ]
    text = expose(wire.families(measured, stage=settings().stage))
    return Response(200, CONTENT_TYPE, text, headers={"Cache-Control": "no-store"})


lambda_handler = lambda_handler_for(app)
