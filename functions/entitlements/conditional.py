"""How long an answer about access may be kept, and the answer to whoever has it already."""

from __future__ import annotations

from collections.abc import Callable

from billing.lean_http import Event
from billing.reply import Reply, text_reply
from billing.request import has_current
from billing.services.read_access import AccessAnswer


def unless_known(
    event: Event,
    found: AccessAnswer,
    body: Callable[[], str],
    media_type: str = "application/json",
    etag: str = "",
) -> Reply:
    """Answer with the body, or 304 without one where the caller's copy is as good.

    Args:
        event: the request, with its If-None-Match.
        found: what was read.
        body: makes the text, where one is sent.
        media_type: of the text.
        etag: of this representation; the answer's own by default.
    """
    tag = etag or found.etag
    caching = {
        "etag": tag,
        "cache_control": f"private, max-age={found.max_age}",
        "vary": "Authorization, Accept",
    }
    if has_current(event, tag):
        return text_reply("", media_type, 304, **caching)
    return text_reply(body(), media_type, **caching)
