"""The files of `events/`, and the routes of the template and of the code that they stand for."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

from local.openapi import code
from tests.support import template
from tests.support.template import ROOT, Function

EVENTS = ROOT / "events"

Json = dict[str, Any]


def samples(folder: str) -> list[Path]:
    """The files of a folder of `events/`."""
    return sorted((EVENTS / folder).glob("*.json"))


def read(path: Path, **placeholders: str) -> Json:
    """A sample, its placeholders filled in."""
    text = path.read_text()
    for name, value in placeholders.items():
        text = text.replace(name, value)
    found: Json = json.loads(text)
    return found


def function_of(event: Json) -> Function:
    """The function to which the API routes a request."""
    (function,) = [each for each in template.functions() if event["routeKey"] in each.routes]
    return function


def handler_of(function: Function) -> Any:
    """A function's entry point."""
    module, _, name = function.handler.rpartition(".")
    return getattr(importlib.import_module(module), name)


def code_routes() -> set[str]:
    """Every route that the code serves, as `METHOD /path/{parameter}`; the function URL's aside."""
    return set(code.routes()) - {"$default"}


def is_of(route: str, event: Json) -> bool:
    """Whether a request is one of a route."""
    method, _, path = route.partition(" ")
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
    asked = event["requestContext"]["http"]["method"]
    return asked == method and bool(re.fullmatch(pattern, event["rawPath"]))
