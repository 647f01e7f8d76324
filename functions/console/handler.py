"""GET /console and its files: a page for operators, which speaks to the API by their own key."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.domain.errors import NoSuchRoute
from billing.http import create_app, lambda_handler_for
from functions.console.files import Asset, load

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",  # text can become markup nowhere
        "trusted-types 'none'",
    )
)
ASK_AGAIN = "no-cache"
FOR_EVER = "public, max-age=31536000, immutable"

ASSETS = load()

app = create_app()


@app.get("/console", compress=True)
def page() -> Response[str]:
    """Serve the page, which names its files by their version."""
    return _served(ASSETS.page, ASK_AGAIN)


@app.get("/console/<version>/<name>", compress=True)
def file(version: str, name: str) -> Response[str]:
    """Serve a file of the page: for ever by the present version, by any other for this once."""
    asset = ASSETS.files.get(name)
    if asset is None:
        raise NoSuchRoute(f"The console has no file '{name}'.")
    return _served(asset, FOR_EVER if version == ASSETS.version else ASK_AGAIN)


def _served(asset: Asset, caching: str) -> Response[str]:
    headers: dict[str, str | list[str]] = {
        "Cache-Control": caching,
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "ETag": asset.etag,
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    known = app.current_event.headers.get("if-none-match", "")
    if asset.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(304, body="", headers=headers, compress=False)
    return Response(200, asset.content_type, asset.text, headers=headers)


lambda_handler = lambda_handler_for(app)
