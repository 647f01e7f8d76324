"""The parts of a run that are computed: what it costs, and how long a burst takes."""

from __future__ import annotations

from typing import Any

from benchmarks import cost, simulate
from benchmarks.figures import Figure
from benchmarks.run import Part, Run
from benchmarks.world import TABLES

STEPS = ("Receive", "Process")


def costs(run: Run) -> Part:
    """Compute what it costs, from what was measured."""
    table, ground = cost.prices(), run.ground
    check, event = _measured_check(run), _measured_event(run)
    hot = ground.function("EntitlementsFunction")
    checks = cost.million_checks(check, hot, ground.access_log_class, table)
    receive, process = (ground.function(f"Webhook{name}Function") for name in STEPS)
    events = cost.million_events(event, receive, process, table)
    idle = cost.idle_month(ground.idle(), table)
    run.raw["cost"] = {"checks": checks, "events": events, "idle": idle}
    floor_name = "API Gateway + Lambda request + read unit"
    title = f"Cost, by list prices of {table['date']:%Y-%m-%d} in {table['region']}"
    figures = [
        Figure(
            "a million checks",
            sum(checks.values()),
            "USD",
            cost.floor_of_checks(table),
            floor_name,
            1.15,
        ),
        Figure("a million events", sum(events.values()), "USD"),
        Figure("a month without any request", sum(idle.values()), "USD"),
    ]
    text = "\n\n".join(
        [
            cost.told("a million checks", checks),
            cost.told("a million events", events),
            cost.told("a month without any request", idle),
        ]
    )
    return Part(title, figures, text)


def _measured_check(run: Run) -> cost.Check:
    tables, found = run.ground.world.tables, run.checks["list"]
    (access,) = [item for item in _account(run) if item["sk"]["S"] == "access"]
    (catalog,) = [item for item in tables[TABLES["CATALOG_TABLE"]] if item["sk"]["S"] == "catalog"]
    sizes = cost.item_bytes(access), cost.item_bytes(catalog)
    return cost.Check(found.cpu, sizes[0], found.bytes_logged, sizes[1])


def _measured_event(run: Run) -> cost.Event:
    steps = run.aws.tell("transaction")["TransactItems"]
    written = tuple(cost.item_bytes(step["Put"]["Item"]) for step in steps if "Put" in step)
    (access,) = [item for item in _account(run) if item["sk"]["S"] == "access"]
    receive, process = run.events["receive"], run.events["process"]
    return cost.Event(
        receive.cpu,
        process.cpu,
        sum(map(cost.item_bytes, _account(run))),
        written,
        cost.item_bytes(access),
        receive.bytes_logged + process.bytes_logged,
    )


def _account(run: Run) -> list[Any]:
    items = run.ground.world.tables[TABLES["ACCOUNTS_TABLE"]]
    return [item for item in items if item["pk"]["S"] == "demo#user-1"]


def bursts(run: Run) -> Part:
    """Simulate bursts with what an event takes on Lambda, by this run's figures."""
    table = cost.prices()
    waits = table["assumed"]["dynamodb_ms"] + table["assumed"]["transaction_ms"]
    memory = run.ground.function("WebhookProcessFunction").memory
    ms = cost.billed_ms(run.events["process"].cpu, waits, memory, table)
    return Part("Bursts of webhooks, simulated", [], simulate.told(ms))
