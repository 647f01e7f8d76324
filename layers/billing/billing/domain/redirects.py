"""Where checkout and portal may send a browser back to: the project's own origins, no others.

The URL is matched as a whole against one strict form instead of being taken apart by a lenient
parser, because a browser may take it apart differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from billing.domain.errors import InvalidInput

LONGEST = 2048

_FORM = re.compile(
    r"""
    (?P<scheme> https? ) ://
    (?P<host> [a-z0-9](?:[a-z0-9-]*[a-z0-9])? (?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)* | \[::1\] )
    (?: : (?P<port> [1-9][0-9]{0,4} ) )?
    (?: [/?\#] [a-z0-9/?\#:@!$&'()*+,;=._~%{}\[\]-]* )?
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
"""A web address of plain ASCII: no user info, backslash, space, control or Unicode character.

Braces are there for Stripe's `{CHECKOUT_SESSION_ID}`.
"""

_DEFAULT_PORT = {"https": "443", "http": "80"}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

_Origin = tuple[str, str, str]


def check_redirect(
    field: str, url: str, allowed_origins: Iterable[str], *, local_is_allowed: bool = False
) -> None:
    """Insist that a URL leads to one of a project's origins.

    Args:
        field: the name of the request's field, for the error.
        url: where Stripe shall send the browser.
        allowed_origins: scheme, host and port each, such as `https://app.example.com`.
        local_is_allowed: whether this machine, on any port and without TLS, is an origin too:
            on a developer's laptop.

    Raises:
        InvalidInput: it does not.
    """
    origin = _origin(url)
    if origin is None:
        raise InvalidInput.field(field, "must be an absolute https URL in plain ASCII")
    scheme, host, _port = origin
    if local_is_allowed and host in _LOOPBACK:
        return
    if scheme != "https":
        raise InvalidInput.field(field, "must be https")
    if origin not in {_origin(allowed) for allowed in allowed_origins}:
        raise InvalidInput.field(field, "is not on one of the project's allowed origins")


def _origin(url: str) -> _Origin | None:
    form = _FORM.fullmatch(url) if len(url) <= LONGEST else None
    if form is None:
        return None
    scheme = form["scheme"].lower()
    return scheme, form["host"].lower(), form["port"] or _DEFAULT_PORT[scheme]
