"""Writes the alarms and dashboards as CloudFormation resources, which template.yaml includes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from local.monitoring.alarms import THRESHOLDS, Threshold
from local.monitoring.dashboards import DASHBOARDS
from local.monitoring.metrics import Json, Math, Statistic, ratio
from local.monitoring.objectives import (
    HOUR,
    OBJECTIVES,
    SEVERITIES,
    Burn,
    Objective,
    Severity,
    duration,
)
from local.monitoring.panels import Dashboard, Line, Panel, Rate, Search

RUNBOOK = "docs/runbook.md#"
ACTIONS = {
    "AlarmActions": [{"Ref": "AlarmTopic"}],
    "OKActions": [{"Ref": "AlarmTopic"}],
}
NOT_IN_DEV = "IsProtected"
"""Alarms that are computed: nobody is promised anything of a development stage, they are most of
the cost, and the emulator has no metric math.
"""

COMPUTED = "${Computed}"
"""Where the alarms that are computed are put among the others, if there are any."""

WIDTH, HEIGHT, COLUMNS = 12, 6, 2


def resources() -> Json:
    """Write every resource, by its logical id."""
    return {
        **{each.name: _plain(each) for each in THRESHOLDS},
        **dict(_burning()),
        **{_id(each): _dashboard(each) for each in DASHBOARDS},
    }


def actual_alarms() -> list[str]:
    """Name the alarms that tell somebody; the others are the windows that these are made of."""
    composed = [f"{o.name}{s.name}Alarm" for o in OBJECTIVES for s in SEVERITIES]
    return [*(each.name for each in THRESHOLDS), *composed]


def _is_computed(name: str) -> bool:
    return all(each.name != name or isinstance(each.watches, Math) for each in THRESHOLDS)


def _plain(alarm: Threshold) -> Json:
    watched = _watched(alarm.watches, alarm.period)
    limits = {"EvaluationPeriods": alarm.periods, "Threshold": alarm.above}
    heard = {"ActionsEnabled": {"Fn::If": ["IsActive", True, False]}} if alarm.is_of_writers else {}
    told = _alarm(_says(alarm.says, alarm.name), {**watched, **limits, **ACTIONS, **heard})
    return {"Condition": NOT_IN_DEV, **told} if _is_computed(alarm.name) else told


def _watched(watches: Statistic | Math, seconds: int) -> Json:
    """Write what an alarm looks at in each period."""
    if isinstance(watches, Statistic):
        metric = watches.metric.cloudformation()
        return {**metric, "Statistic": watches.name, "Period": seconds}
    queries = [_query(name, statistic, seconds) for name, statistic in watches.of.items()]
    told = {"Id": "told", "Expression": watches.expression, "ReturnData": True}
    return {"Metrics": [*queries, told]}


def _burning() -> Iterator[tuple[str, Json]]:
    for objective in OBJECTIVES:
        for severity in SEVERITIES:
            for burn in severity.burns:
                yield (
                    _window_id(objective, burn.long),
                    _window(objective, severity, burn, burn.long),
                )
                yield (
                    _window_id(objective, burn.short, burn),
                    _window(objective, severity, burn, burn.short),
                )
            name = f"{objective.name}{severity.name}Alarm"
            yield name, _composed(name, objective, severity)


def _window_id(objective: Objective, seconds: int, burn: Burn | None = None) -> str:
    """Name a window's alarm; a short one after its long one too, since lengths repeat."""
    of = f"Of{duration(burn.long)}" if burn else ""
    return f"{objective.name}Burn{duration(seconds)}{of}"


def _window(objective: Objective, severity: Severity, burn: Burn, seconds: int) -> Json:
    least = objective.least if seconds == burn.long else 1
    part_of = f"{objective.name}{severity.name}Alarm"
    says = f"Part of {part_of}: too many failures in {duration(seconds)}."
    properties = {
        **_watched(ratio(objective.bad, objective.total, least), seconds),
        "EvaluationPeriods": 1,
        "Threshold": objective.threshold(burn),
    }
    return {"Condition": NOT_IN_DEV, **_alarm(_says(says, part_of), properties)}


def _query(id_: str, statistic: Statistic, seconds: int) -> Json:
    stat = {
        "Metric": statistic.metric.cloudformation(),
        "Period": seconds,
        "Stat": statistic.name,
    }
    return {"Id": id_, "MetricStat": stat, "ReturnData": False}


def _composed(name: str, objective: Objective, severity: Severity) -> Json:
    pairs = (
        f'(ALARM("${{{_window_id(objective, burn.long)}}}")'
        f' AND ALARM("${{{_window_id(objective, burn.short, burn)}}}"))'
        for burn in severity.burns
    )
    paces = " or ".join(f"{float(burn.factor):g} times" for burn in severity.burns)
    promise = f"{float(objective.target):g} % of {objective.promise}"
    says = f"The error budget burns {paces} too fast: {promise}."
    return {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Condition": NOT_IN_DEV,
        "Properties": {
            "AlarmDescription": _says(says, name),
            "AlarmRule": {"Fn::Sub": " OR ".join(pairs)},
            **ACTIONS,
        },
    }


def _alarm(says: str, properties: Json) -> Json:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": says,
            **properties,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
    }


def _says(says: str, runbook: str) -> str:
    return f"{says} {RUNBOOK}{runbook.lower()}"


def _id(dashboard: Dashboard) -> str:
    return "".join(word.capitalize() for word in dashboard.name.split("-")) + "Dashboard"


def _dashboard(dashboard: Dashboard) -> Json:
    """Name it after the stack; those of an account are of no region, and another's has its own."""
    names = [f"${{AWS::StackName}}-{region}{dashboard.name}" for region in ("", "${AWS::Region}-")]
    shown = {"start": f"-P{dashboard.days}D"} if dashboard.days else {}
    body: Any = json.dumps({**shown, "widgets": list(_widgets(dashboard))}, ensure_ascii=False)
    if dashboard.alarms:
        arns = "".join(f', "${{{name}.Arn}}"' for name in actual_alarms() if _is_computed(name))
        where_they_are = {"Fn::If": [NOT_IN_DEV, {"Fn::Sub": arns}, ""]}
        body = [body.replace(f', "{COMPUTED}"', COMPUTED), {"Computed": where_they_are}]
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Fn::If": ["OwnsTables", *({"Fn::Sub": name} for name in names)]},
            "DashboardBody": {"Fn::Sub": body},
        },
    }


def _widgets(dashboard: Dashboard) -> Iterator[Json]:
    top = 0
    if dashboard.alarms:
        arns = [f"${{{name}.Arn}}" for name in actual_alarms() if not _is_computed(name)]
        shown = {"title": "Alarms", "alarms": [*arns, COMPUTED]}
        yield {"type": "alarm", "x": 0, "y": 0, "width": 24, "height": 5, "properties": shown}
        top = 5
    for number, panel in enumerate(each for each in dashboard.panels if each.cloudwatch):
        row, column = divmod(number, COLUMNS)
        yield {
            "type": "metric",
            "x": column * WIDTH,
            "y": top + row * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": _shown(panel),
        }


def _shown(panel: Panel) -> Json:
    metrics = [
        line
        for number, source in enumerate(panel.cloudwatch)
        for line in _lines(source, f"m{number}")
    ]
    return {
        "title": panel.title,
        "region": "${AWS::Region}",
        "view": "timeSeries",
        "period": 300,
        "metrics": metrics,
    }


def _lines(source: Line | Search | Rate, id_: str) -> list[list[object]]:
    if isinstance(source, Line):
        told = {"stat": source.statistic.name, "label": source.label}
        return [[*_named(source.statistic), told]]
    if isinstance(source, Search):
        names = ",".join((source.namespace, *source.dimensions))
        words = " ".join(filter(None, (f'MetricName="{source.metric}"', source.such_that)))
        found = f"SEARCH('{{{names}}} {words}', '{source.statistic}', {source.period})"
        return [[{"expression": found, "id": id_}]]
    objective = source.objective
    bad, total = f"{id_}b", f"{id_}t"
    rate = f"FILL({bad}, 0) / {total} / {float(objective.budget / 100)!r}"
    return [
        [{"expression": rate, "id": id_, "label": objective.name, "period": HOUR}],
        *(
            [
                *_named(statistic),
                {"id": name, "stat": statistic.name, "period": HOUR, "visible": False},
            ]
            for name, statistic in ((bad, objective.bad), (total, objective.total))
        ),
    ]


def _named(statistic: Statistic) -> list[object]:
    """Write a metric as a dashboard has it: namespace, name, then names and values by turns."""
    metric = statistic.metric
    flat = [text for name, value in metric.dimensions.items() for text in (name, _text(value))]
    return [_text(metric.namespace), metric.name, *flat]


def _text(value: object) -> str:
    """Write a value so that `Fn::Sub` puts it into the body."""
    if isinstance(value, dict):
        (names,) = value.values()
        return f"${{{names if isinstance(names, str) else '.'.join(names)}}}"
    return str(value)
