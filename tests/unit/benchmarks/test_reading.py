"""What other programs tell is read as they write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cold import init_of
from benchmarks.load import read_stats
from benchmarks.report import fill
from benchmarks.trace import imports, steps

RIE = """21 Nov 2026 00:39:44,324 [INFO] (rapid) INIT START(type: on-demand, phase: init)
21 Nov 2026 00:39:44,490 [INFO] (rapid) INIT RTDONE(status: success)
21 Nov 2026 00:39:44,490 [INFO] (rapid) INIT REPORT(durationMs: 165.895000)
REPORT RequestId: 6	Init Duration: 0.02 ms	Duration: 171.49 ms	Billed Duration: 172 ms
"""
LOCUST = """Type,Name,Request Count,Failure Count,Median Response Time,Requests/s,50%,95%,99%
GET,check,40,1,11,9.9,11,20,30
,Aggregated,100,2,12,24.5,12,25,40
"""
IMPORTTIME = """import time: self [us] | cumulative | imported package
import time:       100 |        100 |   _io
import time:      2500 |       2600 |     billing.domain.access
import time:       500 |       3100 | billing.domain
import time:       400 |        400 | functions.entitlements.wire
"""


def test_the_init_is_read_from_the_init_report_and_not_from_the_report() -> None:
    assert init_of(RIE) == 165.895


def test_a_log_without_an_init_report_is_refused() -> None:
    with pytest.raises(ValueError, match="INIT REPORT"):
        init_of("REPORT RequestId: 6\tInit Duration: 0.02 ms")


def test_the_load_is_read_from_the_line_of_all_requests(tmp_path: Path) -> None:
    file = tmp_path / "stats.csv"
    file.write_text(LOCUST)

    load = read_stats(file, 25)

    assert (load.rate, load.requests, load.failures) == (24.5, 100, 2)
    assert (load.median, load.p95, load.p99) == (12, 25, 40)
    assert not load.is_kept_up


def test_a_rate_without_any_answer_is_not_kept_up(tmp_path: Path) -> None:
    file = tmp_path / "stats.csv"
    file.write_text(LOCUST.replace(",12,25,40", ",N/A,N/A,N/A"))

    assert read_stats(file, 25).p95 == float("inf")


def test_imports_are_summed_up_by_package() -> None:
    assert imports(IMPORTTIME) == [
        ("billing.domain", 3.0),
        ("functions.entitlements", 0.4),
        ("_io", 0.1),
    ]


def test_steps_are_indented_and_trifles_left_out() -> None:
    told = [("a", 1.0, 1.0), ("a > b", 0.5, 2.0), ("a > b > c", 0.001, 1.0)]

    assert steps(told) == "   1.000  a\n   0.500    b  x2"


def test_a_document_keeps_what_stands_around_the_place_that_is_filled(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- trace -->\nold\n<!-- end -->\nafter\n")

    fill(document, "trace", "new\n")

    assert document.read_text() == "before\n<!-- trace -->\nnew\n<!-- end -->\nafter\n"
    with pytest.raises(ValueError, match="no place"):
        fill(document, "other", "new")
