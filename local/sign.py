"""Sign a sample event as Stripe does, and post it: `python -m local.sign FILE`."""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from local import stack
from local.console import LocalError, say
from local.place import Place
from local.stripe import signing

SAMPLE_PROJECT = "demo"
TIMEOUT_SECONDS = 30
TIMES = range(1_700_000_000, 2_200_000_000)
"""Numbers that can only be instants, in seconds since the epoch: 2023 to 2039."""


def main(arguments: list[str] | None = None) -> int:
    """Post one event.

    Returns:
        The exit status: 0 where the service took it, else 1.
    """
    given = _arguments(arguments)
    try:
        url, secret, words = _target(given)
        event = prepared(
            json.loads(given.file.read_text()),
            words=words,
            event_id=given.id,
            now=int(time.time()) if given.now else None,
        )
        status, text = post(url, json.dumps(event).encode(), secret)
    except (LocalError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    say(f"{event['type']} {event['id']}: {status} {text}")
    return 0 if status == 200 else 1


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.sign", description=__doc__)
    parser.add_argument("file", type=Path, help="a file of events/stripe/")
    parser.add_argument("--url", help="where to; the running local stack's webhook URL")
    parser.add_argument("--secret", help="the signing secret; the running local stack's")
    parser.add_argument("--id", help="another event id, so that it is no duplicate")
    parser.add_argument("--now", action="store_true", help="move its times: it comes about now")
    parser.add_argument("--as-is", action="store_true", help="keep the sample's project and prices")
    given = parser.parse_args(arguments)
    if bool(given.url) != bool(given.secret):
        parser.error("--url and --secret belong together")
    return given


def _target(given: argparse.Namespace) -> tuple[str, str, dict[str, str]]:
    """Where to post, with which secret, and which of the sample's words to replace."""
    if given.url:
        return given.url, given.secret, {}
    running = stack.read(Place.from_environment())
    words = {} if given.as_is else words_of(running["project_id"], running["prices"])
    return running["webhook_url"], running["webhook_secret"], words


def words_of(project_id: str, prices: dict[str, str]) -> dict[str, str]:
    """Map the sample's project and prices to those of a stack."""
    return {
        SAMPLE_PROJECT: project_id,
        f"{SAMPLE_PROJECT}:user-1": f"{project_id}:user-1",
        **{f"price_{name}": price_id for name, price_id in prices.items()},
    }


def prepared(
    event: dict[str, Any],
    *,
    words: dict[str, str],
    event_id: str | None = None,
    now: int | None = None,
) -> dict[str, Any]:
    """Return the event with words replaced, and its times moved so that it was created `now`."""
    shift = 0 if now is None else now - int(event["created"])

    def moved(value: Any) -> Any:  # noqa: ANN401 - a JSON value
        if isinstance(value, dict):
            return {name: moved(part) for name, part in value.items()}
        if isinstance(value, list):
            return [moved(part) for part in value]
        if isinstance(value, str):
            return words.get(value, value)
        is_time = isinstance(value, int) and not isinstance(value, bool) and value in TIMES
        return value + shift if is_time else value

    changed: dict[str, Any] = moved(event)
    return {**changed, "id": event_id} if event_id else changed


def post(url: str, body: bytes, secret: str) -> tuple[int, str]:
    """Post a body that is signed with the secret as of now; answer whatever status came.

    Raises:
        OSError: nobody answered.
        ValueError: the URL is not one of the web.
    """
    if not url.startswith(("http://", "https://")):
        message = f"{url} is no web address"
        raise ValueError(message)
    headers = signing.headers(body, (secret,), int(time.time()))
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - checked just above
    # A stack on this machine is reached without a proxy, wherever that is configured.
    here = [urllib.request.ProxyHandler({})] if url.startswith("http://") else []
    try:
        with urllib.request.build_opener(*here).open(request, timeout=TIMEOUT_SECONDS) as response:
            return response.status, response.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
