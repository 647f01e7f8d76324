"""What is generated for monitoring: up to date, well-formed, and each alarm with its runbook."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import Any

import jsonschema_rs
import promql_parser
import pytest
import yaml

from local.monitoring.__main__ import stale
from local.monitoring.alarms import THRESHOLDS
from local.monitoring.cloudwatch import actual_alarms
from local.monitoring.dashboards import DASHBOARDS
from local.monitoring.objectives import OBJECTIVES
from tests.support import template
from tests.support.alarms import ALARMS, properties
from tests.support.monitoring_schemas import GRAFANA_SCHEMA, RULES_SCHEMA
from tests.support.template import ROOT

MONITORING = ROOT / "docs" / "monitoring"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
QUESTIONS = ("What it means", "Who is hurt", "Look here first", "What to do", "How it ends")
WIDTH = 24
"""Columns of a dashboard, at Grafana's as at CloudWatch's."""

RULES: dict[str, Any] = yaml.safe_load((MONITORING / "prometheus" / "rules.yml").read_text())
ALERTS = {r["alert"]: r for g in RULES["groups"] for r in g["rules"] if "alert" in r}
SECTIONS = {
    each.partition("\n")[0]: each.partition("\n")[2]
    for each in re.split(r"^### ", RUNBOOK, flags=re.M)[1:]
}


def grafana(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MONITORING / "grafana" / f"{name}.json").read_text())
    return found


def test_nothing_is_older_than_what_is_declared() -> None:
    assert stale() == [], "run make monitoring"


def test_there_is_no_file_that_is_not_written() -> None:
    names = {path.stem for path in (MONITORING / "grafana").iterdir()}
    assert names == {page.name for page in DASHBOARDS}


@pytest.mark.parametrize("name", [page.name for page in DASHBOARDS])
def test_a_dashboard_is_grafanas(name: str) -> None:
    jsonschema_rs.validate(GRAFANA_SCHEMA, grafana(name))
    panels = grafana(name)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    covered = [place for panel in panels for place in _places(**panel["gridPos"])]
    assert len(covered) == len(set(covered))
    assert max(x for x, _ in covered) < WIDTH


@pytest.mark.parametrize("logical_id", template.resources("AWS::CloudWatch::Dashboard"))
def test_a_dashboard_is_cloudwatchs(logical_id: str) -> None:
    text = template.dashboard_body(logical_id)
    names = {each.partition(".")[0] for each in re.findall(r"\$\{([^}]+)\}", text)}
    assert names <= {*template.template()["Resources"], "AWS::Region", "AWS::StackName"}
    widgets = json.loads(text)["widgets"]
    assert len(widgets) >= 4
    covered = [p for w in widgets for p in _places(w["x"], w["y"], w["width"], w["height"])]
    assert len(covered) == len(set(covered))
    assert max(x for x, _ in covered) < WIDTH
    for widget in widgets:
        shown = widget["properties"]
        assert widget["type"] in {"metric", "alarm"}
        assert shown["title"]
        assert shown.get("metrics") or shown.get("alarms")
        ids = [line[-1]["id"] for line in shown.get("metrics", []) if "id" in line[-1]]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("is_protected", [True, False])
def test_the_state_of_every_alarm_that_tells_somebody_is_shown(is_protected: bool) -> None:
    text = template.dashboard_body("SystemHealthDashboard", is_protected=is_protected)
    (shown,) = [w for w in json.loads(text)["widgets"] if w["type"] == "alarm"]
    there = [name for name in actual_alarms() if is_protected or "Condition" not in ALARMS[name]]
    assert sorted(shown["properties"]["alarms"]) == sorted(f"${{{name}.Arn}}" for name in there)


def test_a_development_stage_has_no_alarm_that_is_computed() -> None:
    """It need keep no promise, and the emulator refuses metric math."""
    for name in ALARMS:
        told = properties(name)
        is_computed = "Metrics" in told or "AlarmRule" in told
        assert (ALARMS[name].get("Condition") == "IsProtected") == is_computed


def _places(x: int, y: int, w: int, h: int) -> list[tuple[int, int]]:
    return [(x + right, y + down) for right in range(w) for down in range(h)]


def test_rules_are_prometheus() -> None:
    jsonschema_rs.validate(RULES_SCHEMA, RULES)
    names = [rule.get("alert") or rule["record"] for g in RULES["groups"] for rule in g["rules"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "expression", [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
)
def test_a_rule_is_promql(expression: str) -> None:
    promql_parser.parse(expression)


def test_alerts_go_to_receivers_that_there_are() -> None:
    told = yaml.safe_load((MONITORING / "prometheus" / "alertmanager.yml").read_text())
    used = {told["route"]["receiver"], *(r["receiver"] for r in told["route"]["routes"])}
    assert used == {each["name"] for each in told["receivers"]}
    severities = {rule["labels"]["severity"] for rule in ALERTS.values()}
    matched = {m for route in told["route"]["routes"] for m in route["matchers"]}
    assert severities == {"page", "ticket"}
    assert matched == {'severity="page"'}


def test_a_page_silences_the_ticket_of_its_own_objective_and_no_other() -> None:
    told = yaml.safe_load((MONITORING / "prometheus" / "alertmanager.yml").read_text())
    silenced = {
        (source, target)
        for rule in told["inhibit_rules"]
        for source, target in product(ALERTS, ALERTS)
        if _matches(source, rule["source_matchers"])
        and _matches(target, rule["target_matchers"])
        and all(_label(source, name) == _label(target, name) for name in rule["equal"])
    }
    assert silenced == {(f"{each.name}PageAlarm", f"{each.name}TicketAlarm") for each in OBJECTIVES}


def _label(alert: str, name: str) -> str:
    """A label, which Alertmanager takes for empty where there is none."""
    return str(ALERTS[alert]["labels"].get(name, ""))


def _matches(alert: str, matchers: list[str]) -> bool:
    found = [re.fullmatch(r'(\w+)(=~?)"(.*)"', each) for each in matchers]
    return all(
        re.fullmatch(value if kind == "=~" else re.escape(value), _label(alert, name))
        for name, kind, value in (each.groups() for each in found if each)
    )


def test_prometheus_has_every_alarm_that_cloudwatch_has() -> None:
    assert set(ALERTS) == {*actual_alarms(), "ScrapeFailing"}


def test_every_alarm_that_tells_somebody_has_its_section_and_no_other_has() -> None:
    assert sorted(SECTIONS) == sorted(ALERTS)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_answers_the_five_questions(name: str) -> None:
    assert re.findall(r"^\*\*([\w ]+)\.\*\*", SECTIONS[name], re.M) == list(QUESTIONS)
    assert ALERTS[name]["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_names_its_section(name: str) -> None:
    (named,) = re.findall(r"docs/runbook\.md#(\w+)$", properties(name)["AlarmDescription"])
    assert named in {each.lower() for each in SECTIONS}
    if "AlarmActions" in properties(name):
        assert named == name.lower()
        assert properties(name)["OKActions"] == properties(name)["AlarmActions"]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([\w/.-]*#[\w-]+)\)", RUNBOOK))))
def test_every_link_of_the_runbook_leads_somewhere(link: str) -> None:
    file, _, anchor = link.partition("#")
    text = (ROOT / "docs" / file).read_text() if file else RUNBOOK
    found = {h.lower().replace(" ", "-") for h in re.findall(r"^##+ (.+)$", text, re.M)}
    assert anchor in found


@pytest.mark.parametrize("part", sorted(set(re.findall(r"^found ([a-z-]+) '", RUNBOOK, re.M))))
def test_every_log_that_the_runbook_searches_is_a_functions(part: str) -> None:
    names = {f.properties["FunctionName"]["Fn::Sub"] for f in template.functions()}
    assert f"${{AWS::StackName}}-{part}" in names


def test_what_the_documents_say_of_the_alarms_is_so() -> None:
    text = (MONITORING / "README.md").read_text()
    windows = [name for name in ALARMS if "AlarmActions" not in properties(name)]
    made_of_them = [name for name in ALARMS if "AlarmRule" in properties(name)]
    queries = [properties(each.name).get("Metrics", [{"MetricStat": {}}]) for each in THRESHOLDS]
    metrics = sum("MetricStat" in query for some in queries for query in some)
    assert f"each of the {metrics} metrics that the {len(THRESHOLDS)} alarms" in text
    assert f"each of the {len(windows)} windows" in text
    assert f"each of the {len(made_of_them)} alarms that are made of them" in text
    assert {each.least for each in OBJECTIVES} == {3, 5}
