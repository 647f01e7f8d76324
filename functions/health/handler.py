"""GET /healthz, /live, /ready and /openapi.json; and the answer to whatever is no route."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.composition import once
from billing.http import answer, create_app, lambda_handler_for
from billing.observability import logger
from billing.services.check_readiness import NotReady, Readiness
from functions.health.checks import checks
from functions.health.description import read_description

app = create_app()
"""Every path and method that has no other function ends here; the router answers those with 404."""


@app.get("/healthz")
@app.get("/live")
def live() -> Response[str]:
    """Answer that the process runs."""
    return answer({"status": "ok"})


@app.get("/ready")
def ready() -> Response[str]:
    """Answer whether every table and secret can be used."""
    try:
        held = readiness().require()
    except NotReady:
        for name, error in readiness().failures().items():
            logger.error("not ready", check=name, error=type(error).__name__)
        raise
    return answer({"status": "ok", "checks": dict.fromkeys(held, "ok")})


@app.get("/openapi.json")
def describe() -> Response[str]:
    """Answer what this API is, for programs (OpenAPI 3.1)."""
    found = description()
    caching: dict[str, str | list[str]] = {
        "Cache-Control": "public, max-age=300",
        "ETag": found.etag,
    }
    known = app.current_event.headers.get("if-none-match") or ""
    if found.etag in (tag.strip() for tag in known.split(",")):
        return Response(304, "application/json", "", headers=caching)
    return Response(200, "application/json", found.text, headers=caching)


description = once(read_description)


@once
def readiness() -> Readiness:
    """Compose the checks, once a process."""
    return Readiness(checks())


lambda_handler = lambda_handler_for(app)
