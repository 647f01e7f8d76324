"""GET /metrics, as Prometheus reads it."""

from __future__ import annotations

import platform
import re
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from billing.lines import Lines
from billing.settings import settings
from functions.metrics.exposition import Family, Kind, Sample, expose
from functions.metrics.handler import lambda_handler
from tests.support.bridge import Bridge
from tests.support.builders import a_subscription, an_item
from tests.support.clock import Clock
from tests.support.cloudwatch import STACK, Metric
from tests.support.counting import Counting
from tests.support.facts import keep
from tests.support.requests import Answer, call, request
from tests.support.world import World, a_world

LABEL = r'\w+="([^"\\]|\\.)*"'
LINE = re.compile(
    rf"# (HELP|TYPE) [a-z_]+ .+|[a-zA-Z_:][\w:]*(\{{{LABEL}(,{LABEL})*\}})? [\d.]+(e-?\d+)?"
)


COUNTED = re.compile(r"\w+_total\b")


@pytest.fixture
def world(clock: Clock) -> World:
    return a_world()


def scrape(key: str | None) -> Answer:
    Counting().count()
    return call(lambda_handler, request("GET", "/metrics", key=key))


def figures(world: World, *names: str) -> list[str]:
    """The samples of some metrics, in the order in which they are told."""
    lines = scrape(world.admin_key).body.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    return [line for line in lines if line.startswith(names)]


def test_an_operator_scrapes_all_projects(world: World) -> None:
    a_world("other")
    keep("u1", a_subscription(items=(an_item(), an_item(currency="eur", unit_amount=5))))
    keep("u1", a_subscription(status="trialing"), project_id="other")
    status, text, headers = scrape(world.admin_key)
    assert status == 200
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert text.endswith("\n")
    lines = text.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    told = [line for line in lines if not line.startswith("#")]
    assert [line for line in told if not COUNTED.match(line)] == [
        f'billing_build_info{{stage="dev",python="{platform.python_version()}"}} 1',
        'active_subscriptions{project="demo"} 1',
        'active_subscriptions{project="other"} 0',
        'mrr_minor_units{project="demo",currency="eur"} 5',
        'mrr_minor_units{project="demo",currency="usd"} 1200',
        "parked_events 0",
    ]
    assert lines.count("# TYPE mrr_minor_units gauge") == 1
    assert all(line.endswith(" 0") for line in told if COUNTED.match(line)), "nothing happened"


def test_a_project_may_not_scrape(world: World) -> None:
    assert scrape(world.key).status == 403
    assert scrape(None).status == 401


def test_requests_are_counted_since_midnight_and_quantiles_are_of_five_minutes(
    world: World, bridge: Bridge, clock: Clock
) -> None:
    now = clock()
    route = {"route": "GET /api/v1/entitlements", "status": "2xx", "service": "billing"}
    midnight = now.replace(hour=0)
    bridge.metrics.put(Metric(STACK, "Latency", route), [99.0], midnight - timedelta(seconds=1))
    bridge.metrics.put(Metric(STACK, "Latency", route), [10.0, 20.0], midnight)
    bridge.metrics.put(Metric(STACK, "Latency", route), [40.0], now - timedelta(minutes=2))
    other = {"route": "GET /live", "status": "4xx", "service": "billing"}
    bridge.metrics.put(Metric(STACK, "Latency", other), [1.5], now - timedelta(hours=1))
    bridge.metrics.put(Metric("Other", "Latency", route), [7.0], now)
    named = 'route="GET /api/v1/entitlements",status="2xx"'
    told = figures(world, "http_", "entitlement_checks_total")
    assert [line for line in told if not line.endswith(" 0")] == [
        f"http_requests_total{{{named}}} 3",
        'http_requests_total{route="GET /live",status="4xx"} 1',
        *(
            f'http_request_duration_seconds{{{named},quantile="{quantile}"}} 0.04'
            for quantile in (0.5, 0.95, 0.99)
        ),
        f"http_request_duration_seconds_sum{{{named}}} 0.07",
        f"http_request_duration_seconds_count{{{named}}} 3",
        'http_request_duration_seconds_sum{route="GET /live",status="4xx"} 0.0015',
        'http_request_duration_seconds_count{route="GET /live",status="4xx"} 1',
        f"entitlement_checks_total{{{named}}} 3",
    ]


def test_a_series_is_told_before_it_counts_anything(
    world: World, bridge: Bridge, clock: Clock
) -> None:
    """Of a series that appears with its first value, Prometheus sees no increase."""
    route = {"route": "GET /live", "status": "2xx", "service": "billing"}
    yesterday = clock() - timedelta(days=1)
    bridge.metrics.put(Metric(STACK, "Latency", route), [1.0], yesterday)
    event = {"type": "invoice.paid", "outcome": "applied", "service": "billing"}
    bridge.metrics.put(Metric(STACK, "WebhookProcessed", event), [1.0], yesterday)
    told = figures(world, "http_requests", "webhook_", "payments", "reconciliation_runs", "events_")
    assert told == [
        *(
            f'http_requests_total{{route="GET /live",status="{status}"}} 0'
            for status in ("2xx", "3xx", "4xx", "5xx")
        ),
        'webhook_events_total{type="invoice.paid",outcome="applied"} 0',
        'webhook_events_total{type="invoice.paid",outcome="failed"} 0',
        'reconciliation_runs_total{status="completed"} 0',
        'reconciliation_runs_total{status="failed"} 0',
        "events_parked_total 0",
        'webhook_attempts_total{outcome="succeeded"} 0',
        'webhook_attempts_total{outcome="failed"} 0',
        'payments_total{outcome="succeeded"} 0',
        'payments_total{outcome="failed"} 0',
    ]


def test_what_takes_the_api_down_is_told_though_no_function_wrote_a_line(
    world: World, bridge: Bridge, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = "webhook_receive=receive notification_publish=publish metrics_count=count"
    monkeypatch.setenv("WATCHED_FUNCTIONS", functions)
    settings.cache_clear()
    recent = clock() - timedelta(minutes=2)
    for namespace, name, dimensions, values in (
        ("AWS/ApiGateway", "Count", {"ApiId": "api-id"}, [90.0, 10.0]),
        ("AWS/ApiGateway", "5xx", {"ApiId": "api-id"}, [7.0]),
        ("AWS/ApiGateway", "5xx", {"ApiId": "another"}, [1.0]),
        ("AWS/Lambda", "UrlRequestCount", {"FunctionName": "receive"}, [5.0]),
        ("AWS/Lambda", "Url4xxCount", {"FunctionName": "receive"}, [2.0]),
        ("AWS/Lambda", "IteratorAge", {"FunctionName": "publish"}, [500.0, 1500.0]),
    ):
        bridge.metrics.put(Metric(namespace, name, dimensions), values, recent)
    assert figures(world, "api_", "function_url_", "stream_") == [
        "api_requests_total 100",
        'api_errors_total{status="4xx"} 0',
        'api_errors_total{status="5xx"} 7',
        "function_url_requests_total 5",
        'function_url_errors_total{status="4xx"} 2',
        'function_url_errors_total{status="5xx"} 0',
        'stream_batches_total{reader="notification_publish"} 2',
        'stream_batches_total{reader="metrics_count"} 0',
        'stream_age_seconds{reader="notification_publish"} 1.5',
    ]


@pytest.mark.parametrize("status", ["PartialData", "InternalError"])
def test_metrics_that_are_told_in_part_fail_the_scrape(
    world: World, bridge: Bridge, status: str
) -> None:
    """A counter that is lower for once is a restart to Prometheus, and counted twice."""
    bridge.metrics.status = status
    answer, problem, _ = scrape(world.admin_key)
    assert (answer, problem["code"]) == (503, "try_again")


def test_what_was_written_by_functions_is_told_by_its_names(
    world: World, bridge: Bridge, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.advance(datetime.now(UTC) - clock())  # a line has the true time
    lines = Lines()
    for name, values, dimensions in (
        ("WebhookReceived", [1], {"type": "invoice.paid", "outcome": "queued"}),
        ("WebhookReceived", [1], {"type": "other", "outcome": "ignored_type"}),
        ("WebhookProcessed", [1, 1], {"type": "invoice.paid", "outcome": "applied"}),
        ("WebhookFailed", [0, 0, 1], {}),
        ("PaymentFailed", [0, 1], {}),
        ("DeliveryFailed", [0], {}),
        ("ReconciliationRun", [1], {"status": "completed"}),
        ("ReconciliationDifferences", [4], {"drift": "missing"}),
        ("ReconciliationDrift", [0.5], {}),
        ("ReconciliationCompared", [800], {}),
    ):
        lines.metric(name, "Count", values, **dimensions)
    bridge.metrics.take(capsys.readouterr().out)
    told = figures(world, "webhook_", "payments", "notification", "reconciliation", "events")
    assert [line for line in told if not line.endswith(" 0")] == [
        'webhook_events_total{type="other",outcome="ignored_type"} 1',
        'webhook_events_total{type="invoice.paid",outcome="applied"} 2',
        'reconciliation_runs_total{status="completed"} 1',
        'reconciliation_drift_total{kind="missing"} 4',
        'webhook_attempts_total{outcome="succeeded"} 2',
        'webhook_attempts_total{outcome="failed"} 1',
        'notification_deliveries_total{outcome="delivered"} 1',
        'payments_total{outcome="succeeded"} 1',
        'payments_total{outcome="failed"} 1',
        "reconciliation_drift_ratio 0.005",
    ]


def test_queues_tell_how_much_waits_in_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = boto3.client("sqs", region_name="eu-west-1")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="{}")
    sqs.receive_message(QueueUrl=url)
    monkeypatch.setenv("WATCHED_QUEUES", f"events={url}")
    settings.cache_clear()
    assert figures(world, "queue_messages") == [
        'queue_messages{queue="events",state="visible"} 2',
        'queue_messages{queue="events",state="in_flight"} 1',
        'queue_messages{queue="events",state="delayed"} 0',
    ]


def test_a_queue_that_is_gone_fails_the_scrape_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHED_QUEUES", "events=https://sqs.eu-west-1.amazonaws.com/1/gone")
    settings.cache_clear()
    status, problem, _ = scrape(world.admin_key)
    assert (status, problem["code"]) == (503, "try_again")


def test_a_scrape_is_good_for_a_minute(world: World, bridge: Bridge, clock: Clock) -> None:
    before = scrape(world.admin_key).body
    keep("u1", a_subscription())
    clock.advance(timedelta(seconds=59))
    assert scrape(world.admin_key).body == before
    clock.advance(timedelta(seconds=1))
    assert 'active_subscriptions{project="demo"} 1' in scrape(world.admin_key).body


def test_labels_and_help_are_escaped() -> None:
    odd = Family("odd", "a \\ and\na line", [Sample({"label": 'a "quote", a \\ and\na line'}, 1)])
    odd.add(0.25, "_sum")
    assert expose([odd]).splitlines() == [
        "# HELP odd a \\\\ and\\na line",
        "# TYPE odd gauge",
        'odd{label="a \\"quote\\", a \\\\ and\\na line"} 1',
        "odd_sum 0.25",
    ]
    assert expose([Family("c", "h", kind=Kind.COUNTER)]).splitlines()[1] == "# TYPE c counter"
