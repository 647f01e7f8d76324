"""Prometheus' own tools over what it is given: the rules ring, end, and bear midnight.

`promtool` and `amtool` are no Python packages; where they are not on the PATH, these are skipped.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from functions.metrics.handler import lambda_handler
from local.monitoring.objectives import OBJECTIVES, SEVERITIES, Objective, Severity
from tests.support.bridge import Bridge
from tests.support.clock import Clock
from tests.support.cloudwatch import STACK, Metric
from tests.support.requests import call, request
from tests.support.template import ROOT
from tests.support.world import a_world

PROMETHEUS = ROOT / "docs" / "monitoring" / "prometheus"
RULES: dict[str, Any] = yaml.safe_load((PROMETHEUS / "rules.yml").read_text())
ALERTS = {r["alert"]: r for g in RULES["groups"] for r in g["rules"] if "alert" in r}
JOB = "billing-prod"
URL_FILE_SINCE = (0, 26)
"""Alertmanager's release that knows `url_file`."""


def tool(name: str, *arguments: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run one of the tools, if this machine has it."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on the PATH: docs/monitoring/README.md says how to install it")
    return subprocess.run(  # noqa: S603 - Prometheus' own tool
        [path, *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def accepts(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether a tool found nothing, which it else says on one of its outputs."""
    assert done.returncode == 0, done.stdout + done.stderr
    return True


def test_the_rules_are_accepted() -> None:
    assert accepts(tool("promtool", "check", "rules", PROMETHEUS / "rules.yml"))


def test_the_configuration_in_the_documents_is_accepted(tmp_path: Path) -> None:
    (text,) = re.findall(
        r"^```yaml\n(scrape_configs:.+?)^```",
        (ROOT / "docs" / "monitoring" / "README.md").read_text(),
        re.M | re.S,
    )
    told = yaml.safe_load(text)
    key = tmp_path / "billing.key"
    key.write_text("bk_admin_none")
    told["scrape_configs"][0]["authorization"]["credentials_file"] = str(key)
    assert told["rule_files"] == ["rules.yml"]
    shutil.copy(PROMETHEUS / "rules.yml", tmp_path)
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(told))
    assert accepts(tool("promtool", "check", "config", tmp_path / "prometheus.yml"))


def test_alertmanagers_configuration_is_accepted() -> None:
    version = re.search(r"version (\d+)\.(\d+)", tool("amtool", "--version").stdout)
    assert version
    if (int(version[1]), int(version[2])) < URL_FILE_SINCE:
        pytest.skip(f"amtool {version[1]}.{version[2]} is too old for url_file")
    assert accepts(tool("amtool", "check-config", PROMETHEUS / "alertmanager.yml"))


def test_what_is_scraped_is_accepted(bridge: Bridge, clock: Clock) -> None:
    world = a_world()
    route = {"route": "GET /live", "status": "2xx", "service": "billing"}
    bridge.metrics.put(Metric(STACK, "Latency", route), [9.0], clock() - timedelta(minutes=2))
    text = call(lambda_handler, request("GET", "/metrics", key=world.admin_key)).body
    assert accepts(tool("promtool", "check", "metrics", text=text))


class Case(NamedTuple):
    """What is scraped, a value each `step` minutes, and whether an alert rings at a minute."""

    alert: str
    series: dict[str, str]
    at: int
    rings: bool = True
    step: int = 1


def of_objective(objective: Objective, severity: Severity) -> Iterator[Case]:
    """Failures far above the pace, none at all, a single one, and each of it over midnight."""
    name = f"{objective.name}{severity.name}Alarm"
    minutes = min(burn.long for burn in severity.burns) // 60
    step = max(1, minutes // 72)
    last = minutes // step
    quiet, bad = f"0+60x{last}", f"0+30x{last}"
    at_midnight, bad_at_midnight = f"7000+60x{last - 4} 0+60x3", f"3000+30x{last - 4} 0+30x3"
    for failed, good, rings in (
        (bad, quiet, True),
        (f"0x{last}", quiet, False),
        (f"0x{last - 3} 1x3", f"0x{last - 3} 1x3", False),
        (bad_at_midnight, at_midnight, True),
        (f"0x{last}", at_midnight, False),
    ):
        yield Case(name, _counted(objective, failed, good), last * step, rings, step)


def _counted(objective: Objective, failed: str, good: str) -> dict[str, str]:
    """The two counters of an objective; where one has the other's name, it tells of successes."""
    bad, total = objective.bad_counter, objective.total_counter
    if bad.startswith(total):
        total += '{outcome="succeeded"}'
    return {_of_job(bad): failed, _of_job(total): good}


def _of_job(selector: str, job: str = JOB) -> str:
    name, _, labels = selector.rstrip("}").partition("{")
    named = ",".join(filter(None, (labels, f'job="{job}"')))
    return f"{name}{{{named}}}"


URL = {"good": "function_url_requests_total", "bad": 'function_url_errors_total{status="%s"}'}
CHECK = 'route="GET /api/v1/entitlements",status="2xx"'
SECONDS = "http_request_duration_seconds"
EVENTS = 'queue_messages{queue="events",state="visible"}'


def _at_url(alert: str, status: str, minutes: int) -> Iterator[Case]:
    asked, failed = _of_job("function_url_requests_total"), "function_url_errors_total"
    bad = _of_job(f'{failed}{{status="{status}"}}')
    yield Case(alert, {asked: f"0+10x{minutes}", bad: f"0+8x{minutes}"}, minutes)
    yield Case(alert, {asked: f"0+100x{minutes}", bad: f"0+1x{minutes}"}, minutes, False)
    yield Case(alert, {asked: f"0x{minutes - 3} 1x3", bad: f"0x{minutes - 3} 1x3"}, minutes, False)


def _latency(percent: int, slow: str, checks: int) -> Iterator[Case]:
    quantile = _of_job(f'{SECONDS}{{{CHECK},quantile="{percent / 100}"}}')
    count = _of_job(f"{SECONDS}_count{{{CHECK}}}")
    alert = f"CheckLatencyP{percent}Alarm"
    yield Case(alert, {quantile: f"{slow}x40", count: f"0+{checks}x40"}, 35)
    yield Case(alert, {quantile: f"{slow}x40", count: "0+1x40"}, 35, False)
    yield Case(alert, {quantile: "0.05x40", count: f"0+{checks}x40"}, 35, False)


def of_thresholds() -> Iterator[Case]:
    """The rules that compute something, and the one on scrapes."""
    yield from _at_url("WebhookUnansweredAlarm", "5xx", 15)
    yield from _at_url("WebhookRefusedAlarm", "4xx", 60)
    yield from _latency(95, "0.3", 10)
    yield from _latency(99, "0.6", 50)
    yield Case("EventsWaitAlarm", {_of_job(EVENTS): "1x20"}, 20)
    yield Case("EventsWaitAlarm", {_of_job(EVENTS): "1x10 0 1x10"}, 20, False)
    age = _of_job('stream_age_seconds{reader="metrics_count"}')
    yield Case("FiguresBehindAlarm", {age: "1000x5"}, 5)
    yield Case("FiguresBehindAlarm", {age: "2x5"}, 5, False)
    written, names = _of_job("account_write_units_total"), ("notification_publish", "metrics_count")
    readers = [_of_job(f'stream_batches_total{{reader="{name}"}}') for name in names]
    both = dict.fromkeys(readers, "0+1x130")
    yield Case("ChangesUnreadAlarm", {written: "0+5x130", **both, readers[1]: "7x130"}, 125)
    yield Case("ChangesUnreadAlarm", {written: "0+5x130", **both}, 125, False)
    yield Case(
        "ChangesUnreadAlarm", {written: "5x130", **dict.fromkeys(readers, "7x130")}, 125, False
    )
    yield Case("ScrapeFailing", {_of_job("up"): "0x30"}, 30)
    yield Case("ScrapeFailing", {_of_job("up"): "1x30"}, 30, False)


CASES = [
    *(c for o in OBJECTIVES for s in SEVERITIES for c in of_objective(o, s)),
    *of_thresholds(),
]


@pytest.mark.parametrize("step", sorted({case.step for case in CASES}))
def test_the_rules_ring_when_they_should_and_not_otherwise(step: int, tmp_path: Path) -> None:
    assert holds([case for case in CASES if case.step == step], tmp_path)


def holds(cases: list[Case], folder: Path) -> bool:
    """Whether the rules do what is expected of each case; all have the same step."""
    (step,) = {case.step for case in cases}
    tests = [
        {
            "interval": f"{step}m",
            "input_series": [{"series": s, "values": v} for s, v in case.series.items()],
            "alert_rule_test": [_expected(case)],
        }
        for case in cases
    ]
    told = {"rule_files": ["rules.yml"], "evaluation_interval": f"{step}m", "tests": tests}
    shutil.copy(PROMETHEUS / "rules.yml", folder)
    (folder / "tests.yml").write_text(yaml.safe_dump(told))
    return accepts(tool("promtool", "test", "rules", folder / "tests.yml"))


def _expected(case: Case) -> dict[str, Any]:
    rule = ALERTS[case.alert]
    own = dict(re.findall(r'(\w+)="([^"]+)"', next(iter(case.series))))
    kept = own if _keeps_labels(rule["expr"]) else {"job": JOB}
    alert = {"exp_labels": {**kept, **rule["labels"]}, "exp_annotations": rule["annotations"]}
    return {
        "eval_time": f"{case.at}m",
        "alertname": case.alert,
        "exp_alerts": [alert] if case.rings else [],
    }


def _keeps_labels(expression: str) -> bool:
    return "by (job)" not in expression and "slo:" not in expression


def test_every_objective_and_every_rule_that_computes_is_tried() -> None:
    tried = {case.alert for case in CASES if case.rings}
    computes = {
        name for name, rule in ALERTS.items() if re.search(r"\bincrease|_over_time", rule["expr"])
    }
    assert tried >= {*computes, *(f"{o.name}{s.name}Alarm" for o in OBJECTIVES for s in SEVERITIES)}
    assert tried == {case.alert for case in CASES if not case.rings}


def test_stages_are_kept_apart(tmp_path: Path) -> None:
    """What fails in one stage rings for that stage, however much succeeds in another."""
    objective = OBJECTIVES[0]
    series = _counted(objective, "0+30x70", "0+60x70")
    quiet = {_of_job(objective.total_counter, "billing-dev"): "0+9000x70"}
    assert holds([Case(f"{objective.name}PageAlarm", {**series, **quiet}, 65)], tmp_path)
