"""Fills the tables of docs/monitoring/README.md in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from local.monitoring.alarms import THRESHOLDS
from local.monitoring.metrics import STACK, Math, Statistic
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
        lasts = each.period * each.periods // 60
        for_long = f" for {lasts} min" if each.periods > 1 else f" in {lasts} min"
        linked = f"[{each.name}](../runbook.md#{each.name.lower()})"
        yield f"| {linked} | {_watched(each.watches)}{for_long} | {each.above:g} |"


def _watched(watches: Statistic | Math) -> str:
    metrics = [each.metric for each in _statistics(watches)]
    named = dict.fromkeys("STACK" if m.namespace == STACK else str(m.namespace) for m in metrics)
    told = watches.says if isinstance(watches, Math) else f"{watches.name} of `{metrics[0].name}`"
    return f"{', '.join(f'`{name}`' for name in named)}: {told}"


def _statistics(watches: Statistic | Math) -> list[Statistic]:
    return list(watches.of.values()) if isinstance(watches, Math) else [watches]
