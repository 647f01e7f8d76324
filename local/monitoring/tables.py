"""Fills the tables of docs/monitoring/README.md in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from local.monitoring.alarms import THRESHOLDS
from local.monitoring.metrics import STACK
from local.monitoring.objectives import OBJECTIVES, SEVERITIES, Objective, Severity, duration


def filled_in(text: str) -> str:
    """Put each table between its two marks."""
    tables = {"objectives": _objectives(), "thresholds": _thresholds()}
    for name, rows in tables.items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text, count = re.subn(marks, _between("\n".join(rows)), text, flags=re.DOTALL)
        if count != 1:
            message = f"docs/monitoring/README.md has no place for {name}"
            raise SystemExit(message)
    return text


def _between(table: str) -> str:
    return "\\1" + table.replace("\\", r"\\") + "\n\\2"


def _objectives() -> Iterable[str]:
    yield "| objective | target | pages above | ticket above |"
    yield "|---|---:|---|---|"
    for each in OBJECTIVES:
        paces = " | ".join(_paces(each, severity) for severity in SEVERITIES)
        yield f"| {each.name}: {each.promise} | {float(each.target):g} % | {paces} |"


def _paces(objective: Objective, severity: Severity) -> str:
    return ", or ".join(
        f"{objective.threshold(burn):.4g} % in {duration(burn.long)} and {duration(burn.short)}"
        for burn in severity.burns
    )


def _thresholds() -> Iterable[str]:
    yield "| alarm | watches | rings above |"
    yield "|---|---|---:|"
    for each in THRESHOLDS:
        metric = each.watches.metric
        for_long = f" for {each.period * each.periods // 60} min" if each.periods > 1 else ""
        namespace = "STACK" if metric.namespace == STACK else metric.namespace
        watched = f"{each.watches.name} of `{namespace}` `{metric.name}`"
        linked = f"[{each.name}](../runbook.md#{each.name.lower()})"
        yield f"| {linked} | {watched}{for_long} | {each.above:g} |"
