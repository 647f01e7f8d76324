"""Two stacks in one account share no metric: what one measures, no alarm of the other sees."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.settings import settings
from functions.metrics.handler import lambda_handler
from tests.integration.admin.parking import parked
from tests.support import template
from tests.support.alarms import ALARMS, rings
from tests.support.bridge import Bridge
from tests.support.clock import Clock
from tests.support.cloudwatch import STACK, Metrics
from tests.support.requests import call, request
from tests.support.shop import Shop
from tests.support.world import a_world

OTHER = "billing-other"


def deployed_as(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the functions be those of a stack."""
    named = [f.environment["POWERTOOLS_METRICS_NAMESPACE"] for f in template.functions()]
    assert all(each == {"Ref": "AWS::StackName"} for each in named)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "billing")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", stack)
    settings.cache_clear()


@pytest.mark.parametrize("stack", [STACK, OTHER])
def test_what_is_parked_rings_the_alarm_of_its_own_stack(
    stack: str,
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    deployed_as(stack, monkeypatch)
    metrics = Metrics()
    parked(shop)
    taken = metrics.take(capsys.readouterr().out)
    assert {datum.namespace for datum in taken} == {stack}
    assert rings("EventParkedAlarm", metrics, datetime.now(UTC) + timedelta(seconds=1)) == (
        stack == STACK
    )


@pytest.mark.parametrize("stack", [STACK, OTHER])
def test_a_scrape_tells_of_its_own_stack(
    stack: str,
    clock: Clock,
    bridge: Bridge,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock.advance(datetime.now(UTC) - clock())  # a line has the true time
    key = a_world().admin_key
    deployed_as(stack, monkeypatch)
    call(lambda_handler, request("GET", "/nowhere"))
    bridge.metrics.take(capsys.readouterr().out)
    deployed_as(STACK, monkeypatch)
    text = call(lambda_handler, request("GET", "/metrics", key=key)).body
    assert bool(re.search(r'^http_requests_total\{.*status="4xx"\} 1$', text, re.M)) == (
        stack == STACK
    )


def test_every_alarm_and_panel_on_what_functions_measure_is_of_the_stack() -> None:
    told = [*ALARMS.values(), *template.resources("AWS::CloudWatch::Dashboard").values()]
    here, there = (_namespaces(told, stack) for stack in (STACK, OTHER))
    assert here & there == {name for name in here if name.startswith("AWS/")}
    assert here - there == {STACK}


def _namespaces(told: list[dict[str, Any]], stack: str) -> set[str]:
    """The namespaces that are named, once CloudFormation has put the stack's name in."""
    text = json.dumps(told).replace('{"Ref": "AWS::StackName"}', f'"{stack}"')
    text = text.replace("${AWS::StackName}", stack).replace("\\", "")
    alarms = re.findall(r'"Namespace": "([^"]+)"', text)
    lines = re.findall(r'\[{1,2}"([\w/-]+)", "\w+", "\w+"', text)
    searched = re.findall(r"""SEARCH\('\{"?([\w/-]+)"?,""", text)
    assert alarms
    assert lines
    assert searched
    return {*alarms, *lines, *searched}
