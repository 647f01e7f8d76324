"""The edge without Powertools: it answers, logs and counts exactly as the other one does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from billing import lean_http
from billing.domain.errors import TryAgain
from billing.lines import Lines
from billing.reply import Reply
from billing.request import accepts, has_current
from tests.support.edges import LEVELS, PATHS
from tests.support.requests import LambdaContext, request
from tests.support.template import ROOT

VARIES = {"location", "timestamp", "milliseconds", "exception", "frames", "Timestamp", "Latency"}
"""What two runs of the same thing, or two places of it in the code, tell differently."""


@cache
def told(edge: str, level: str = "INFO") -> list[str]:
    """The lines that a process with this edge writes, its answers among them."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "billing")]),
        "POWERTOOLS_SERVICE_NAME": "billing",
        "POWERTOOLS_METRICS_NAMESPACE": "Billing",
        "POWERTOOLS_LOG_LEVEL": level,
        "_X_AMZN_TRACE_ID": "Root=1-5e-abc;Parent=x;Sampled=1",
        "TZ": "UTC",
    }
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-W", "error", "-m", "tests.support.edges", edge],
        check=True,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()


def _same(line: str) -> str:
    """A line with what varies taken out; its keys stay in their order."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: type(v).__name__ if k in VARIES else bare(v) for k, v in value.items()}
        return value

    word, _, text = line.rpartition("ANSWER ")
    return word + json.dumps(bare(json.loads(text)), ensure_ascii=False)


def test_both_edges_answer_alike_and_write_the_same_lines() -> None:
    ours, theirs = told("table"), told("resolver")
    assert len([line for line in ours if line.startswith("ANSWER")]) == len(PATHS)
    assert [_same(line) for line in ours] == [_same(line) for line in theirs]


@pytest.mark.parametrize("key", ["timestamp", "exception"])
def test_what_varies_has_the_same_form(key: str) -> None:
    def shape(edge: str) -> str:
        line = next(line for line in told(edge) if f'"{key}"' in line)
        text = str(json.loads(line)[key]).splitlines()
        return re.sub(r"\d", "0", text[0] + text[-1])

    assert shape("table") == shape("resolver")


def test_separators_and_escapes_are_the_same_bytes() -> None:
    def metric(edge: str) -> str:
        line = next(line for line in told(edge) if line.startswith('{"_aws"'))
        return re.sub(r"\d", "0", re.sub(r'"Latency":\[.*', "", line))

    assert metric("table") == metric("resolver")


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_that_is_wanted_is_minded(level: str) -> None:
    ours, theirs = told("table", level), told("resolver", level)
    written = [line for line in theirs if '"powertools"' not in line]
    assert [_same(line) for line in ours] == [_same(line) for line in written]


def test_a_level_that_nobody_knows_is_info(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "nonsense")
    Lines().log("INFO", "here", "there")
    assert capsys.readouterr().out


def test_what_made_trouble_that_should_pass_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    def route(_event: lean_http.Event) -> Reply:
        raise TryAgain from ConnectionRefusedError("nobody there")

    handler = lean_http.lambda_handler_for({"GET /x": route})
    assert handler(request("GET", "/x"), LambdaContext())["statusCode"] == 503
    warning = json.loads(capsys.readouterr().out.splitlines()[0])
    assert warning["level"] == "WARNING"
    assert warning["cause"] == "ConnectionRefusedError: nobody there"


def _latencies(written: str) -> list[tuple[str, list[float]]]:
    metrics = [json.loads(line) for line in written.splitlines()]
    return [(metric["status"], metric["Latency"]) for metric in metrics]


def test_latencies_are_written_at_once_and_then_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    latencies = lean_http.Latencies(Lines())
    for at in (0.0, 10.0, 59.0, 60.0):
        latencies.add(at, at, route="GET /x", status="2xx")
    latencies.add(7.0, 61.0, route="GET /x", status="4xx")
    assert _latencies(capsys.readouterr().out) == [
        ("2xx", [0.0]),
        ("2xx", [10.0, 59.0, 60.0]),
        ("4xx", [7.0]),
    ]


def test_the_latency_of_what_failed_is_written_at_once_each_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What a process holds when Lambda ends it is lost, and failures are few and matter."""
    latencies = lean_http.Latencies(Lines())
    for number in (1.0, 2.0, 3.0):
        latencies.add(number, number, route="GET /x", status="5xx")
        assert _latencies(capsys.readouterr().out) == [("5xx", [number])]


def test_what_one_route_holds_is_written_when_another_is_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    latencies = lean_http.Latencies(Lines())
    for at, status in ((0.0, "2xx"), (1.0, "2xx"), (90.0, "4xx")):
        latencies.add(at, at, route="GET /x", status=status)
    assert _latencies(capsys.readouterr().out)[1:] == [("2xx", [1.0]), ("4xx", [90.0])]


def test_no_more_latencies_are_written_together_than_the_format_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    latencies = lean_http.Latencies(Lines())
    for _ in range(202):
        latencies.add(1.0, 0.0, route="GET /x", status="2xx")
    assert [len(each) for _, each in _latencies(capsys.readouterr().out)] == [1, 100, 100]


@pytest.mark.parametrize(
    ("known", "is_known"),
    [
        ('W/"1-2"', True),
        ('"1-2"', True),
        ('"0", W/"1-2" , "3"', True),
        ('"0",W/"1-2"', True),
        ("*", True),
        (" * ", True),
        ("", False),
        ('"1"', False),
        ("1-2", False),
        ('"1-2', False),
        ('"*"', False),
        ('"x,1-2"', False),
    ],
)
def test_tags_are_compared_weakly_and_in_a_list(known: str, is_known: bool) -> None:
    event = request("GET", "/", headers={"If-None-Match": known})
    assert has_current(event, 'W/"1-2"') is is_known


@pytest.mark.parametrize(
    ("accept", "is_accepted"),
    [
        ("application/jwt", True),
        ("text/html, Application/JWT ; q=0.5", True),
        ("application/jwt;q=0.001", True),
        ("application/jwt;q=0", False),
        ("application/jwt; q=0.000", False),
        ("*/*", False),
        ("application/*", False),
        ("", False),
    ],
)
def test_a_media_type_is_accepted_where_it_is_named(accept: str, is_accepted: bool) -> None:
    event = request("GET", "/", headers={"Accept": accept})
    assert accepts(event, "application/jwt") is is_accepted
