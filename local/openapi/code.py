"""What the code and its papers say of a route: the function, the section, the sample."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.openapi.operation import Json, Operation
from local.place import ROOT

REFERENCE = ROOT / "docs" / "api.md"
SAMPLES = ROOT / "events" / "api"

_PLACEHOLDER = re.compile(r"[A-Z]+_(ID|KEY)|t=TIMESTAMP")


@cache
def routes() -> dict[str, Callable[..., Any]]:
    """Every function that serves a route, by `METHOD /path/{parameter}`.

    Powertools has no public list of an app's routes.
    """
    found: dict[str, Callable[..., Any]] = {}
    for path in sorted((ROOT / "functions").glob("*/*.py")):
        module = importlib.import_module(f"functions.{path.parent.name}.{path.stem}")
        app = getattr(module, "app", None)
        for route in (*app._static_routes, *app._dynamic_routes) if app else ():  # noqa: SLF001 - see above
            name = re.sub(r"<(\w+)>", r"{\1}", route.path)
            found[f"{route.method} {name}"] = route.func
        found |= getattr(module, "ROUTES", {})
    return found


def summary(operation: Operation) -> str:
    """The first line of the docstring of the function that serves it."""
    text = routes()[operation.route].__doc__ or ""
    return text.partition("\n")[0].rstrip(".")


@cache
def _sections() -> dict[str, tuple[str, str]]:
    """Of each route of the reference, its section and the paragraph below its heading."""
    found, section = {}, ""
    for block in re.split(r"^(?=##)", REFERENCE.read_text(), flags=re.M):
        heading, _, rest = block.partition("\n")
        if heading.startswith("### "):
            paragraph = rest.strip().partition("\n\n")[0]
            found[heading.removeprefix("### ")] = (section, paragraph)
        else:
            section = heading.removeprefix("## ")
    return found


def section(operation: Operation) -> str:
    """The section of the reference that it stands in."""
    return _sections()[operation.route][0]


def description(operation: Operation) -> str:
    """What the reference says of it first."""
    return _sections()[operation.route][1]


def sample(operation: Operation) -> Json | None:
    """The request of `events/api` that is one of it."""
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation.path))
    for path in sorted(SAMPLES.glob("*.json")):
        event: Json = json.loads(path.read_text())
        asked = event["requestContext"]["http"]["method"].lower()
        if asked == operation.method and re.fullmatch(pattern, event["rawPath"]):
            return event
    return None


def sample_values(operation: Operation, event: Json) -> dict[str, str]:
    """What the sample's path, query and headers give the parameters, placeholders aside."""
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(operation.path))
    match = re.fullmatch(pattern, event["rawPath"])
    values = {
        **{name.lower(): value for name, value in event["headers"].items()},
        **{name: unquote(value) for name, value in (match.groupdict() if match else {}).items()},
        **dict(parse_qsl(event["rawQueryString"])),
    }
    return {name: value for name, value in values.items() if not _PLACEHOLDER.search(value)}
