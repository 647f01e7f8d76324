"""Log lines and metrics as Powertools writes them, without Powertools: where a start counts.

Importing its Logger and Metrics is a fifth of the hot read's cold start, and what this file does
is all that is needed of them there. The lines have the same keys in the same order, so that
one query finds the lines of every function; a test writes each line both ways and compares them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from billing.settings import environment, settings

SERVICE = "billing"

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Context(Protocol):
    """What Lambda passes beside an event, as far as log lines tell it."""

    @property
    def function_name(self) -> str:
        """The function's."""
        ...

    @property
    def memory_limit_in_mb(self) -> int:
        """What it has."""
        ...

    @property
    def invoked_function_arn(self) -> str:
        """Its own, or an alias's."""
        ...

    @property
    def aws_request_id(self) -> str:
        """Lambda's id of the invocation."""
        ...


class Lines:
    """Writes to standard output, from where Lambda takes it to CloudWatch."""

    def __init__(self) -> None:
        """Begin a process: the first invocation will be its cold start."""
        self._head: dict[str, Any] = {}
        self._is_cold = True

    def begin(self, context: Context) -> None:
        """Note what every line of this invocation tells."""
        self._head = {
            "service": SERVICE,
            "cold_start": self._is_cold,
            "function_name": context.function_name,
            "function_memory_size": int(context.memory_limit_in_mb),
            "function_arn": context.invoked_function_arn,
            "function_request_id": context.aws_request_id,
        }
        self._is_cold = False

    def log(self, level: str, location: str, message: str, **fields: object) -> None:
        """Write a line, if lines of its level are wanted."""
        wanted = environment().get("POWERTOOLS_LOG_LEVEL", "INFO").upper()
        if wanted in LEVELS and LEVELS.index(level) < LEVELS.index(wanted):
            return
        at = datetime.now(UTC)
        line: dict[str, object] = {
            "level": level,
            "location": location,
            "message": message,
            "timestamp": f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}+0000",
            **self._head,
            **fields,
        }
        if trace := _trace_id(environment()):
            line["xray_trace_id"] = trace
        _write(line)

    def error(self, location: str, message: str, error: BaseException, **fields: object) -> None:
        """Write an error's line, with its traceback."""
        import traceback  # noqa: PLC0415 - a cold start without an error does not need it

        text = "".join(traceback.format_exception(error)).rstrip("\n")
        name = type(error).__name__
        frames = [
            {"file": f.filename, "line": f.lineno, "function": f.name, "statement": f.line}
            for f in traceback.extract_tb(error.__traceback__)
        ]
        stack = {
            "type": name,
            "value": str(error),
            "module": type(error).__module__,
            "frames": frames,
        }
        told = {"exception": text, "exception_name": name, "stack_trace": stack}
        self.log("ERROR", location, message, **fields, **told)

    def metric(self, name: str, unit: str, values: Sequence[float], **dimensions: str) -> None:
        """Write values of a CloudWatch metric, 100 at most, in the embedded metric format."""
        told = {**dimensions, "service": SERVICE}
        directive = {
            "Namespace": settings().powertools_metrics_namespace,
            "Dimensions": [list(told)],
            "Metrics": [{"Name": name, "Unit": unit}],
        }
        stamp = int(datetime.now(UTC).timestamp() * 1000)
        head = {"Timestamp": stamp, "CloudWatchMetrics": [directive]}
        _write({"_aws": head, **told, name: [float(value) for value in values]})


def _trace_id(environ: Mapping[str, str]) -> str:
    """Take the root of X-Ray's `Root=1-...;Parent=...`, which Lambda sets for each invocation."""
    root = environ.get("_X_AMZN_TRACE_ID", "").partition(";")[0]
    return root.removeprefix("Root=")


_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def _write(line: Mapping[str, object]) -> None:
    sys.stdout.write(_as_json(line) + "\n")
    sys.stdout.flush()
