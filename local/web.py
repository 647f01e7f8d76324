"""A small HTTP client: what the seed, the demo and the end-to-end tests speak with."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import Any

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back: a redirect is an answer too, and is not followed."""

    status: int
    headers: Mapping[str, str]
    text: str
    milliseconds: float

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is whatever the other side sends
        """The body, parsed."""
        return json.loads(self.text)


class _AnswerRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A script does what a person's browser does, one page at a time."""


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _AnswerRedirects())


def request(
    method: str,
    url: str,
    *,
    key: str | None = None,
    body: object = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send a JSON body or a form, with an API key or without, and answer whatever status came.

    Raises:
        OSError: nobody answered.
    """
    sent = dict(headers or {})
    data = None
    if key is not None:
        sent["Authorization"] = f"Bearer {key}"
    if body is not None:
        data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    started = time.monotonic()
    message = urllib.request.Request(url, data=data, method=method, headers=sent)  # noqa: S310 - the addresses are the local stack's
    try:
        with _opener.open(message, timeout=TIMEOUT_SECONDS) as response:
            status, received, text = response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            status, received, text = error.code, error.headers, error.read()
    elapsed = (time.monotonic() - started) * 1000
    return Answer(status, _lower(received), text.decode(errors="replace"), elapsed)


def answers(url: str) -> bool:
    """Whether somebody answers there with anything but a failure of theirs."""
    try:
        return request("GET", url).status < 500
    except OSError:
        return False


def _lower(headers: HTTPMessage) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
