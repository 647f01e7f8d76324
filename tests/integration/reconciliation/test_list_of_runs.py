"""The list of runs, which the admin function tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing import composition
from functions.admin.handler import lambda_handler as admin
from functions.reconciliation.handler import lambda_handler
from tests.support.clock import Clock
from tests.support.requests import Answer, call, request

from .conftest import OPENING, ROUTE, Operator
from .test_runs import SCHEDULED, Context


@pytest.fixture
def clock(operator: Operator) -> Clock:
    """The time at the edges."""
    clock = Clock(OPENING)
    composition.use_clock(clock)
    return clock


def listed(operator: Operator, **query: str) -> Answer:
    return call(admin, request("GET", ROUTE, key=operator.key, query=query))


def test_runs_are_listed_in_pages_the_newest_first(operator: Operator, clock: Clock) -> None:
    made: list[str] = []
    for _ in range(5):
        clock.advance(timedelta(minutes=1))
        made.insert(0, operator.run(dry_run=True)["run_id"])
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        status, page, _ = listed(operator, limit="2", **cursor)
        assert status == 200
        seen += [run["run_id"] for run in page["runs"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == made


def test_a_listed_run_says_what_its_report_says(operator: Operator) -> None:
    report = operator.run()
    (run,) = listed(operator).body["runs"]
    assert run == {k: v for k, v in report.items() if k not in {"differences", "next_cursor"}}


def test_the_daily_run_is_listed_too(operator: Operator) -> None:
    lambda_handler(SCHEDULED, Context())  # type: ignore[arg-type]  # stands in
    (run,) = listed(operator).body["runs"]
    assert (run["actor"], run["status"]) == ("schedule", "completed")


def test_runs_are_no_parked_events(operator: Operator) -> None:
    operator.run()
    event = request("GET", "/api/v1/admin/events", key=operator.key)
    parked: Any = call(admin, event).body
    assert parked["events"] == []


@pytest.mark.parametrize("cursor", ["cnVuX25vbmU=", "x", ""])
def test_a_cursor_that_no_answer_gave_is_refused(operator: Operator, cursor: str) -> None:
    answer = listed(operator, cursor=cursor)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "cursor")
