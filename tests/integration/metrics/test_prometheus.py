"""GET /metrics, as Prometheus reads it."""

from __future__ import annotations

import platform
import re

import pytest

from functions.metrics.exposition import Family, expose
from functions.metrics.handler import lambda_handler
from tests.support.builders import a_subscription, an_item
from tests.support.clock import Clock
from tests.support.facts import keep
from tests.support.requests import Answer, call, request
from tests.support.world import World, a_world

LABEL = r'\w+="([^"\\]|\\.)*"'
LINE = re.compile(rf"# (HELP|TYPE) [a-z_]+ .+|[a-zA-Z_:][\w:]*(\{{{LABEL}(,{LABEL})*\}})? \d+")


@pytest.fixture
def world(clock: Clock) -> World:
    return a_world()


def scrape(key: str | None) -> Answer:
    return call(lambda_handler, request("GET", "/metrics", key=key))


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
    assert [line for line in lines if not line.startswith("#")] == [
        f'billing_build_info{{stage="dev",python="{platform.python_version()}"}} 1',
        'billing_active_subscriptions{project="demo"} 1',
        'billing_active_subscriptions{project="other"} 0',
        'billing_mrr_minor_units{project="demo",currency="eur"} 5',
        'billing_mrr_minor_units{project="demo",currency="usd"} 1200',
    ]
    assert lines.count("# TYPE billing_mrr_minor_units gauge") == 1


def test_a_project_may_not_scrape(world: World) -> None:
    assert scrape(world.key).status == 403
    assert scrape(None).status == 401


def test_labels_and_help_are_escaped() -> None:
    odd = Family(
        "odd", "a \\ and\na line", [({"label": 'a "quote", a \\ and\na line'}, 1), ({}, 2)]
    )
    assert expose([odd]).splitlines() == [
        "# HELP odd a \\\\ and\\na line",
        "# TYPE odd gauge",
        'odd{label="a \\"quote\\", a \\\\ and\\na line"} 1',
        "odd 2",
    ]
