"""The running stack is watched: its figures are told, its alarms ring, its runbook works."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing.domain.changes import ParkReason
from local import deploy, web
from local.place import ROOT, Place
from tests.support.by_the_document import Json, Operator, an_event, blocks, parked, send, wait_until

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ALARMS = re.findall(r"^### (.+)$", RUNBOOK, re.M)
WITH_COMMANDS = [name for name in ALARMS if blocks(f"### {name}", document=RUNBOOK)]
KEPT_SECONDS = 90.0
"""How old a scrape may be, and some."""


@pytest.fixture
def operator(stack: Json, tmp_path: Path) -> Operator:
    return Operator(stack, tmp_path)


def scrape(stack: Json, key: str | None = None) -> web.Answer:
    return web.request("GET", f"{stack['api_url']}/metrics", key=key or stack["admin_key"])


def until(told: Callable[[], bool], seconds: float = KEPT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not told():
        assert time.monotonic() < deadline
        time.sleep(1)


def test_what_is_parked_rings_the_alarm_and_is_told(
    stack: Json, place: Place, operator: Operator
) -> None:
    customer_id = f"cus_{uuid.uuid4().hex[:14]}"
    subscription: Json = {"id": f"sub_{uuid.uuid4().hex[:14]}", "object": "subscription"}
    subscription |= {"customer": customer_id, "status": "active", "metadata": {}}
    event = an_event("customer.subscription.deleted", **subscription, items={"data": []})
    send(stack, event)
    parked(operator, lambda each: each["event_id"] == event["id"], _reason(operator, event))
    cloudwatch = deploy.client("cloudwatch", place)
    prefix = "billing-local-EventParkedAlarm"

    def state() -> str:
        found: Any = cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
        return str(found[0]["StateValue"])

    wait_until(lambda: state() == "ALARM")
    until(lambda: bool(re.search(r"^events_parked_total [1-9]", scrape(stack).text, re.M)))
    text = scrape(stack).text
    assert re.search(r"^parked_events [1-9]", text, re.M)
    assert re.search(r'^http_requests_total\{route="[^"]+",status="2xx"\} [1-9]', text, re.M)
    assert re.search(r'^webhook_events_total\{.*outcome="parked"\} [1-9]', text, re.M)
    assert 'queue_messages{queue="events_dead_letters",state="visible"}' in text


def _reason(operator: Operator, event: Json) -> ParkReason:
    wait_until(lambda: operator.get(f"events/{event['id']}").status == 200)
    return ParkReason(operator.get(f"events/{event['id']}").json["reason"])


def test_the_dashboards_are_there(place: Place) -> None:
    entries = deploy.client("cloudwatch", place).list_dashboards()["DashboardEntries"]
    assert sorted(entry["DashboardName"] for entry in entries) == [
        f"billing-local-{name}" for name in ("business", "errors", "performance", "system-health")
    ]


def test_a_key_of_the_role_metrics_scrapes_and_does_nothing_else(stack: Json) -> None:
    admin = f"{stack['api_url']}/api/v1/admin"
    body = {"name": "prometheus", "role": "metrics"}
    made = web.request("POST", f"{admin}/projects/admin/keys", key=stack["admin_key"], body=body)
    key = made.json["key"]
    assert scrape(stack, key).status == 200
    assert web.request("GET", f"{admin}/projects", key=key).status == 403
    project = f"{stack['api_url']}/api/v1/metrics/project/{stack['project_id']}"
    assert web.request("GET", project, key=key).status == 403


@pytest.mark.parametrize("name", ["Before anything else", *WITH_COMMANDS])
def test_the_commands_of_the_runbook_work_as_they_stand(operator: Operator, name: str) -> None:
    defines, *looks = blocks("## Before anything else", document=RUNBOOK)
    if name in WITH_COMMANDS:
        looks = blocks(f"### {name}", document=RUNBOOK)
    for commands in looks:
        assert operator.reads(defines + commands)
