"""Writes Prometheus' rules for the same alarms, and how Alertmanager passes them on."""

from __future__ import annotations

from collections.abc import Iterator

from local.monitoring.alarms import THRESHOLDS, Threshold
from local.monitoring.metrics import Json
from local.monitoring.objectives import (
    OBJECTIVES,
    SEVERITIES,
    Burn,
    Objective,
    Severity,
    duration,
)

RUNBOOK = "docs/runbook.md#"

JOBS = 'job=~"billing.*"'
"""What scrapes are called: a job a stage, and no rule adds up what two of them tell."""

SCRAPE_FAILING: Json = {
    "alert": "ScrapeFailing",
    "expr": f"up{{{JOBS}}} == 0 or absent(up{{{JOBS}}})",
    "for": "15m",
    "labels": {"severity": "ticket"},
    "annotations": {
        "summary": "GET /metrics is not answered, so no other rule can ring.",
        "runbook": f"{RUNBOOK}scrapefailing",
    },
}


def rules() -> Json:
    """Write the rules file."""
    return {
        "groups": [
            {"name": "billing-objectives", "rules": [*_records(), *_burning()]},
            {"name": "billing-thresholds", "rules": [*map(_plain, THRESHOLDS), SCRAPE_FAILING]},
        ]
    }


def alertmanager() -> Json:
    """Write how alerts are grouped and passed on; addresses are the operator's to fill in."""
    return {
        "route": {
            "receiver": "tickets",
            "group_by": ["alertname", "job"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "routes": [
                {
                    "matchers": ['severity="page"'],
                    "receiver": "pages",
                    "repeat_interval": "1h",
                }
            ],
        },
        "inhibit_rules": [
            {
                # Labels that both lack are equal too, so the page has to have one.
                "source_matchers": ['severity="page"', 'objective=~".+"'],
                "target_matchers": ['severity="ticket"'],
                "equal": ["job", "objective"],
            }
        ],
        "receivers": [
            {"name": name, "webhook_configs": [{"url_file": f"/etc/alertmanager/{name}.url"}]}
            for name in ("pages", "tickets")
        ],
    }


def _records() -> Iterator[Json]:
    windows = sorted({w for s in SEVERITIES for burn in s.burns for w in (burn.long, burn.short)})
    for objective in OBJECTIVES:
        for seconds in windows:
            window = f"[{duration(seconds)}]"
            failed = f"sum by (job) (increase({objective.bad_counter}{window}))"
            asked = f"sum by (job) (increase({objective.total_counter}{window}))"
            yield {"record": _recorded(objective, seconds), "expr": f"{failed} / ({asked} > 0)"}


def _recorded(objective: Objective, seconds: int) -> str:
    return f"slo:{objective.name.lower()}:failed_ratio_{duration(seconds)}"


def _burning() -> Iterator[Json]:
    for objective in OBJECTIVES:
        for severity in SEVERITIES:
            name = f"{objective.name}{severity.name}Alarm"
            promise = f"{float(objective.target):g} % of {objective.promise}"
            yield {
                "alert": name,
                "expr": " or ".join(_burns(objective, burn) for burn in severity.burns),
                "labels": _labels(severity, objective),
                "annotations": {
                    "summary": f"The error budget burns too fast: {promise}.",
                    "runbook": f"{RUNBOOK}{name.lower()}",
                },
            }


def _burns(objective: Objective, burn: Burn) -> str:
    ratio = f"{objective.threshold(burn) / 100:.6g}"
    counted = f"sum by (job) (increase({objective.bad_counter}[{duration(burn.long)}]))"
    both = " and on (job) ".join(
        f"{_recorded(objective, seconds)} > {ratio}" for seconds in (burn.long, burn.short)
    )
    return f"({both} and on (job) {counted} >= {objective.least})"


def _labels(severity: Severity, objective: Objective) -> Json:
    return {"severity": severity.urgency, "objective": objective.name.lower()}


def _plain(alarm: Threshold) -> Json:
    holding = {"for": f"{alarm.minutes}m"} if alarm.minutes else {}
    return {
        "alert": alarm.name,
        "expr": alarm.rule,
        **holding,
        "labels": {"severity": alarm.urgency},
        "annotations": {"summary": alarm.says, "runbook": f"{RUNBOOK}{alarm.name.lower()}"},
    }
