"""What the functions logged, out of the emulator's CloudWatch Logs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from local import deploy
from local.place import STACK_NAME, Place

GROUPS = f"/aws/lambda/{STACK_NAME}-"


def lines(place: Place, function: str = "") -> Iterator[tuple[str, str]]:
    """Read the log.

    Args:
        place: the stack.
        function: only functions whose name begins so, such as `webhook`.

    Yields:
        The function's name and a line, function by function, each in order of time.
    """
    client = deploy.client("logs", place)
    groups = client.describe_log_groups(logGroupNamePrefix=GROUPS + function)["logGroups"]
    for name in (group["logGroupName"] for group in groups):
        for page in client.get_paginator("filter_log_events").paginate(logGroupName=name):
            for event in page["events"]:
                yield name.removeprefix(GROUPS), event["message"].rstrip("\n")


def save(place: Place) -> None:
    """Copy every function's log to logs/FUNCTION.log, since the emulator forgets."""
    found: dict[str, list[str]] = {}
    with contextlib.suppress(BotoCoreError, ClientError):  # an emulator that is going down already
        for function, line in lines(place):
            found.setdefault(function, []).append(line)
    for function, texts in found.items():
        (place.logs / f"{function}.log").write_text("\n".join(texts) + "\n")
