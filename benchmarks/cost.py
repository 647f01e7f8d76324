"""What a million checks, a million events and a month without any cost. Pure.

The measured figures are CPU, item sizes and log bytes; the prices are those of `prices.toml`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PRICES = Path(__file__).with_name("prices.toml")
MILLION = 1_000_000
GB = 1024**3

Prices = Mapping[str, Any]
Parts = dict[str, float]


def prices() -> Prices:
    """Read the price table."""
    return tomllib.loads(PRICES.read_text())


@dataclass(frozen=True)
class Function:
    """How a function runs, as the template says.

    Attributes:
        memory: MB.
        is_traced: every call may be traced.
        has_platform_lines: Lambda writes START, END and REPORT.
    """

    memory: int = 512
    is_traced: bool = True
    has_platform_lines: bool = True


@dataclass(frozen=True)
class Check:
    """One warm check, as it was measured: CPU in ms on a whole core, sizes in bytes."""

    cpu: float
    item_bytes: int
    bytes_logged: float
    catalog_bytes: int = 0


@dataclass(frozen=True)
class Event:
    """One ordinary webhook event, as it was measured.

    Attributes:
        receive_cpu, process_cpu: ms on a whole core.
        collection_bytes: what the one Query reads.
        written: bytes of each item of the one transaction.
        index_bytes: what the index of projects gets anew; 0 where nothing changes in it.
        bytes_logged: by both functions.
    """

    receive_cpu: float
    process_cpu: float
    collection_bytes: int
    written: tuple[int, ...]
    index_bytes: int
    bytes_logged: float


@dataclass(frozen=True)
class Idle:
    """What stands in the template, whether or not anybody asks.

    Attributes:
        alarms: metrics that alarms watch.
        composites: alarms that are made of others.
    """

    alarms: int
    secrets: int
    polled_queues: int = 1
    composites: int = 0
    dashboards: int = 0
    stored_gb: float = 0.0
    extra: Parts = field(default_factory=dict)


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Return an item's size as DynamoDB counts it: names and values in UTF-8.

    A number is counted as its digits, which is a little more than DynamoDB's two a byte.
    """
    return sum(
        len(name.encode()) + sum(len(str(value).encode()) for value in typed.values())
        for name, typed in item.items()
    )


def billed_ms(cpu: float, waits: float, memory: int, table: Prices) -> float:
    """Return how long Lambda bills: CPU is scarcer the less memory, waiting is not.

    Args:
        cpu: ms on a whole core.
        waits: ms of waiting for other services.
        memory: MB.
        table: of `prices`.
    """
    share = min(1.0, memory / float(table["assumed"]["cpu_memory_mb"]))
    return float(math.ceil(cpu / share + waits))


def read_units(size: int) -> int:
    """Return the units of a strongly consistent read of so many bytes; nothing is one, too."""
    return max(1, math.ceil(size / 4096))


def write_units(size: int) -> int:
    """Return the units of a write of so many bytes outside a transaction."""
    return max(1, math.ceil(size / 1024))


def floor_of_checks(table: Prices) -> float:
    """Return what a million checks cost at least: the API, one Lambda request, one read unit."""
    return float(
        table["http_api"]["million_requests"]
        + table["lambda"]["million_requests"]
        + table["dynamodb"]["million_reads"]
    )


def million_checks(check: Check, function: Function, access: str, table: Prices) -> Parts:
    """Return what a million warm checks cost, by what it is for.

    Args:
        check: as measured.
        function: as the template has it.
        access: the class of the access log's group: STANDARD or INFREQUENT_ACCESS.
        table: of `prices`.
    """
    assumed = table["assumed"]
    ms = billed_ms(check.cpu, assumed["dynamodb_ms"], function.memory, table)
    refreshed = (1 + read_units(check.catalog_bytes)) / assumed["checks_between_refreshes"]
    per_gb = table["logs"]["gb_infrequent" if access == "INFREQUENT_ACCESS" else "gb"]
    access_bytes = assumed["access_line_bytes"] + assumed["line_overhead_bytes"]
    return {
        "API Gateway": table["http_api"]["million_requests"],
        "Lambda requests": table["lambda"]["million_requests"],
        f"Lambda, {ms:.0f} ms of {function.memory} MB": _gb_seconds(ms, function, table),
        "DynamoDB reads": table["dynamodb"]["million_reads"]
        * (read_units(check.item_bytes) + refreshed),
        "access log": access_bytes * MILLION / GB * per_gb,
        "function log": _log(check.bytes_logged, [function], table),
        "traces": table["xray"]["million_traces"] if function.is_traced else 0.0,
    }


def million_events(event: Event, receive: Function, process: Function, table: Prices) -> Parts:
    """Return what a million ordinary events cost, by what it is for."""
    assumed, fifo = table["assumed"], table["sqs"]["million_fifo_requests"]
    together = assumed["events_in_a_batch"]
    received = billed_ms(event.receive_cpu, assumed["sqs_ms"], receive.memory, table)
    waits = assumed["dynamodb_ms"] + assumed["transaction_ms"]
    processed = billed_ms(event.process_cpu, waits, process.memory, table)
    writes = 2 * sum(map(write_units, event.written))
    writes += write_units(event.index_bytes) if event.index_bytes else 0
    traced = receive.is_traced + process.is_traced / together
    return {
        "Lambda requests": table["lambda"]["million_requests"] * (1 + 1 / together),
        f"Lambda, receive, {received:.0f} ms": _gb_seconds(received, receive, table),
        f"Lambda, process, {processed:.0f} ms": _gb_seconds(processed, process, table),
        "SQS": fifo * (1 + 2 / together),
        "DynamoDB reads": table["dynamodb"]["million_reads"] * read_units(event.collection_bytes),
        f"DynamoDB writes, {writes} units": table["dynamodb"]["million_writes"] * writes,
        "function logs": _log(event.bytes_logged, [receive, process], table),
        "traces": table["xray"]["million_traces"] * traced,
    }


def idle_month(idle: Idle, table: Prices) -> Parts:
    """Return what a month costs in which nobody asks anything."""
    polls = idle.polled_queues * table["assumed"]["polls_a_month"]
    charged = max(0, polls - table["sqs"]["free_requests"]) / MILLION
    dynamodb, watch = table["dynamodb"], table["cloudwatch"]
    return {
        "secrets": idle.secrets * table["secrets"]["secret"],
        "alarms": _alarms(idle, table),
        "dashboards": max(0, idle.dashboards - watch["free_dashboards"]) * watch["dashboard"],
        "storage": idle.stored_gb * (dynamodb["gb_month"] + dynamodb["gb_month_of_recovery"]),
        "empty polls of the queues": charged * table["sqs"]["million_fifo_requests"],
        **idle.extra,
    }


def _alarms(idle: Idle, table: Prices) -> float:
    watch = table["cloudwatch"]
    return float(idle.alarms * watch["alarm"] + idle.composites * watch["composite_alarm"])


def told(title: str, parts: Parts) -> str:
    """Write the parts of a sum as lines of Markdown."""
    rows: Iterable[str] = (f"| {name} | {value:.3f} |" for name, value in parts.items())
    total = f"| **sum** | **{sum(parts.values()):.2f}** |"
    return "\n".join([f"| {title} | USD |", "|---|---:|", *rows, total])


def _gb_seconds(ms: float, function: Function, table: Prices) -> float:
    gigabytes = function.memory / 1024
    return float(ms / 1000 * gigabytes * MILLION * table["lambda"]["gb_second"])


def _log(size: float, functions: list[Function], table: Prices) -> float:
    platform = sum(f.has_platform_lines for f in functions) * table["assumed"]["platform_bytes"]
    return float((size + platform) * MILLION / GB * table["logs"]["gb"])
