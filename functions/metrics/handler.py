"""GET /api/v1/metrics/project/{project_id}, and GET /metrics for Prometheus."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.admission import admit, management_limit
from billing.composition import now, once
from billing.domain.errors import NotFound
from billing.http import answer, create_app, lambda_handler_for
from billing.observability import logger
from billing.permissions import needed_for
from billing.services.limit_requests import HourlyLimit
from billing.services.measure_project import measure_project
from billing.stores import cached_catalog, figures_store
from functions.metrics import wire
from functions.metrics.exposition import CONTENT_TYPE
from functions.metrics.scrape import scraped

SCOPE = "metrics"

app = create_app()


@app.get("/api/v1/metrics/project/<project_id>")
def of_project(project_id: str) -> Response[str]:
    """Answer a project's figures to the project itself or to an operator."""
    caller = admit(app.current_event.raw_event, cached_catalog(), limit())
    caller.require(SCOPE)
    about = caller.for_project(project_id)
    if cached_catalog().project(about) is None:
        raise NotFound(f"There is no project '{about}'.")
    return answer(wire.metrics(measure_project(about, figures=figures_store(), now=now())))


@app.get("/metrics")
def of_all() -> Response[str]:
    """Answer the figures of all projects, and the service's own, to an operator's Prometheus."""
    event = app.current_event.raw_event
    admit(event, cached_catalog(), limit()).require_permission(needed_for("GET /metrics"))
    text = scraped(now(), str(event["requestContext"]["apiId"]))
    return Response(200, CONTENT_TYPE, text, headers={"Cache-Control": "no-store"})


@once
def limit() -> HourlyLimit:
    """Return the limit of every key."""
    return management_limit(logger.warning)


lambda_handler = lambda_handler_for(app)
