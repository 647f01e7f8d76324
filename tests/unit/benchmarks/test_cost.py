"""The sums of the cost model, by prices that are easy to reckon with."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import cost
from benchmarks.cost import Check, Event, Function, Idle

PRICES: dict[str, Any] = {
    "http_api": {"million_requests": 1.0},
    "lambda": {"million_requests": 0.2, "gb_second": 0.00001},
    "dynamodb": {
        "million_reads": 0.125,
        "million_writes": 0.625,
        "gb_month": 0.25,
        "gb_month_of_recovery": 0.25,
    },
    "sqs": {"million_fifo_requests": 0.5, "free_requests": 1_000_000},
    "logs": {"gb": 0.5, "gb_infrequent": 0.25},
    "cloudwatch": {
        "alarm": 0.1,
        "composite_alarm": 0.5,
        "dashboard": 3.0,
        "free_dashboards": 3,
    },
    "xray": {"million_traces": 5.0},
    "secrets": {"secret": 0.4},
    "assumed": {
        "cpu_memory_mb": 2000,
        "dynamodb_ms": 4,
        "transaction_ms": 6,
        "sqs_ms": 8,
        "platform_bytes": 1024**3 / 1_000_000,
        "line_overhead_bytes": 0,
        "access_line_bytes": 1024**3 / 1_000_000,
        "events_in_a_batch": 2,
        "checks_between_refreshes": 100,
        "polls_a_month": 600_000,
    },
}
QUIET = Function(1000, is_traced=False, has_platform_lines=False)


def test_cpu_is_scarcer_with_less_memory_and_waiting_is_not() -> None:
    assert cost.billed_ms(3.0, 4.0, 1000, PRICES) == 10
    assert cost.billed_ms(3.0, 4.0, 4000, PRICES) == 7


def test_a_million_checks_add_up() -> None:
    check = Check(cpu=3.0, item_bytes=300, bytes_logged=0, catalog_bytes=5000)

    parts = cost.million_checks(check, QUIET, "INFREQUENT_ACCESS", PRICES)

    assert parts == {
        "API Gateway": 1.0,
        "Lambda requests": 0.2,
        "Lambda, 10 ms of 1000 MB": pytest.approx(0.01 * 1000 / 1024 * 10),
        "DynamoDB reads": pytest.approx(0.125 * 1.03),
        "access log": 0.25,
        "function log": 0.0,
        "traces": 0.0,
    }
    assert cost.floor_of_checks(PRICES) == pytest.approx(1.325)


def test_traces_and_platform_lines_cost_where_they_are_on() -> None:
    check = Check(cpu=3.0, item_bytes=300, bytes_logged=1024**3 / 1_000_000)

    parts = cost.million_checks(check, Function(1000), "STANDARD", PRICES)

    assert parts["traces"] == 5.0
    assert parts["function log"] == 1.0
    assert parts["access log"] == 0.5


def test_a_million_events_add_up() -> None:
    event = Event(
        receive_cpu=1.0,
        process_cpu=2.0,
        collection_bytes=5000,
        written=(100, 1025),
        index_bytes=500,
        bytes_logged=0,
    )

    parts = cost.million_events(event, QUIET, QUIET, PRICES)

    assert parts["DynamoDB writes, 7 units"] == pytest.approx(7 * 0.625)
    assert parts["DynamoDB reads"] == pytest.approx(2 * 0.125)
    assert parts["SQS"] == pytest.approx(1.0)
    assert parts["Lambda requests"] == pytest.approx(0.3)
    assert "Lambda, receive, 10 ms" in parts
    assert "Lambda, process, 14 ms" in parts


def test_an_idle_month_is_storage_alarms_secrets_and_the_polls_beyond_the_free_ones() -> None:
    idle = Idle(alarms=5, secrets=2, polled_queues=3, stored_gb=2, composites=2, dashboards=4)
    parts = cost.idle_month(idle, PRICES)

    assert parts == {
        "secrets": 0.8,
        "alarms": 1.5,
        "dashboards": 3.0,
        "storage": 1.0,
        "empty polls of the queues": pytest.approx(0.4),
    }


@pytest.mark.parametrize(("size", "reads", "writes"), [(0, 1, 1), (1024, 1, 1), (4097, 2, 5)])
def test_units_are_whole(size: int, reads: int, writes: int) -> None:
    assert (cost.read_units(size), cost.write_units(size)) == (reads, writes)


def test_an_item_is_as_large_as_its_names_and_values() -> None:
    assert cost.item_bytes({"pk": {"S": "é"}, "revision": {"N": "12"}}) == 2 + 2 + 8 + 2


def test_the_price_table_is_dated_and_has_all_that_the_model_asks_for() -> None:
    table = cost.prices()

    assert table["date"].year >= 2026
    assert cost.floor_of_checks(table) > 0
    for section, names in PRICES.items():
        assert set(names) <= set(table[section])
