"""Every metric that Prometheus' rules and Grafana's panels name is one that is told."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

import boto3
import promql_parser
import pytest
import yaml

from billing.services.measure_operations import STATISTICS
from billing.settings import settings
from functions.metrics.handler import lambda_handler
from local.embedded_metrics import data_of
from tests.support import template
from tests.support.bridge import Bridge
from tests.support.builders import a_subscription
from tests.support.clock import Clock
from tests.support.cloudwatch import STACK, Metric
from tests.support.counting import Counting
from tests.support.facts import keep
from tests.support.requests import call, request
from tests.support.template import ROOT
from tests.support.world import a_world

MONITORING = ROOT / "docs" / "monitoring"
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? ")
LABEL = re.compile(r'(\w+)="([^"]*)"')

DIMENSIONS = {
    "Latency": {"route": "GET /api/v1/entitlements", "status": "2xx"},
    "WebhookReceived": {"type": "other", "outcome": "ignored_type"},
    "WebhookProcessed": {"type": "invoice.paid", "outcome": "applied"},
    "ReconciliationRun": {"status": "failed"},
    "ReconciliationDifferences": {"drift": "missing"},
    "NotificationAttempt": {"outcome": "delivered"},
}
"""Of the metrics that have more than the service's; those without are told with none."""

(METRICS,) = (f for f in template.functions() if f.logical_id == "MetricsFunction")
QUEUES, FUNCTIONS = (
    re.findall(r"(\w+)=", METRICS.environment[name]["Fn::Sub"])
    for name in ("WATCHED_QUEUES", "WATCHED_FUNCTIONS")
)
"""What is watched, by the names under which it is told."""

OF_AWS = [Metric("AWS/Lambda", "IteratorAge", {"FunctionName": name}) for name in FUNCTIONS]
"""Of what AWS measures: the rest is told as 0."""

RULES = yaml.safe_load((MONITORING / "prometheus" / "rules.yml").read_text())["groups"]
RECORDED = {rule["record"] for group in RULES for rule in group["rules"] if "record" in rule}


def expressions() -> Iterator[str]:
    for group in RULES:
        for rule in group["rules"]:
            yield rule["expr"]
    for path in sorted((MONITORING / "grafana").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield target["expr"]


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


@pytest.fixture
def told(bridge: Bridge, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Told:
    """The labels of each metric that `/metrics` tells when there is something of everything."""
    for name in STATISTICS:
        metric = Metric(STACK, name, {**DIMENSIONS.get(name, {}), "service": "billing"})
        bridge.metrics.put(metric, [1.0], clock() - timedelta(minutes=2))
    for metric in OF_AWS:
        bridge.metrics.put(metric, [1.0], clock() - timedelta(minutes=2))
    world = a_world()
    keep("u1", a_subscription())
    Counting().count()
    Counting().count()
    queues = boto3.client("sqs", region_name="eu-west-1")
    url = queues.create_queue(QueueName="events")["QueueUrl"]
    monkeypatch.setenv("WATCHED_QUEUES", " ".join(f"{name}={url}" for name in QUEUES))
    monkeypatch.setenv("WATCHED_FUNCTIONS", " ".join(f"{name}={name}" for name in FUNCTIONS))
    settings.cache_clear()
    text = call(lambda_handler, request("GET", "/metrics", key=world.admin_key)).body
    found: Told = defaultdict(lambda: defaultdict(set))
    for line in text.splitlines():
        if sample := SAMPLE.match(line):
            labels = found[sample[1]]
            for label, value in LABEL.findall(sample[2] or ""):
                labels[label].add(value)
    return found


Told = dict[str, dict[str, set[str]]]
"""The values of each label of each metric."""


def test_every_metric_of_a_rule_or_a_panel_is_told_with_those_labels(told: Told) -> None:
    named = [each for expression in expressions() for each in selectors(expression)]
    assert len(named) > len(RECORDED)
    for selector in named:
        name = str(selector.name)
        assert name in {*RECORDED, *told, "up"}, name
        if name == "up":  # Prometheus' own
            continue
        for matcher in selector.matchers.matchers:
            values = told[name][matcher.name]
            assert any(_matches(matcher, value) for value in values), selector


def _matches(matcher: promql_parser.Matcher, value: str) -> bool:
    if matcher.op == promql_parser.MatchOp.Equal:
        return bool(matcher.value == value)
    is_found = re.fullmatch(matcher.value, value) is not None
    return is_found if matcher.op == promql_parser.MatchOp.Re else not is_found


def test_every_metric_that_is_promised_is_told(told: Told) -> None:
    promised = {
        "http_requests_total": {"route", "status"},
        "http_request_duration_seconds": {"route", "status", "quantile"},
        "http_request_duration_seconds_sum": {"route", "status"},
        "http_request_duration_seconds_count": {"route", "status"},
        "webhook_events_total": {"type", "outcome"},
        "entitlement_checks_total": {"route", "status"},
        "reconciliation_runs_total": {"status"},
        "reconciliation_drift_total": {"kind"},
        "active_subscriptions": {"project"},
        "mrr_minor_units": {"project", "currency"},
        "queue_messages": {"queue", "state"},
        "parked_events": set(),
        "api_requests_total": set(),
        "api_errors_total": {"status"},
        "function_url_requests_total": set(),
        "function_url_errors_total": {"status"},
        "stream_batches_total": {"reader"},
        "stream_age_seconds": {"reader"},
        "account_write_units_total": set(),
    }
    assert {name: set(told.get(name, ())) for name in promised} == promised
    assert promised.keys() <= told.keys()


def test_what_is_told_is_documented(told: Told) -> None:
    text = (ROOT / "docs" / "api.md").read_text().partition("### GET /metrics")[2]
    documented = re.findall(r"^\| `([a-z_]+)` \|", text.partition("\n## ")[0], re.M)
    families = {re.sub(r"(?<=seconds)_(sum|count)$", "", name) for name in told}
    assert families == set(documented)


def test_a_line_that_is_broken_or_no_metric_is_passed_over() -> None:
    assert list(data_of('{"_aws": ')) == []
    assert list(data_of('{"_aws": 1}')) == []
    assert list(data_of('["_aws"]')) == []
    assert list(data_of('{"message": "hello"}')) == []
