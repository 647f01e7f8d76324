"""Measures the service on this machine: `make bench`, or `python -m benchmarks`."""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks import report
from benchmarks.ground import Ground
from benchmarks.parts import NEEDS, PARTS
from benchmarks.run import QUICK, Effort, Part, Run
from benchmarks.trace import trace
from local.console import LocalError, say
from local.place import ROOT

DOCS = ROOT / "docs"


def main() -> int:
    """Measure.

    Returns:
        The exit status: with --check 1 where a budget is broken, else 0.
    """
    given = _arguments()
    began = time.monotonic()
    try:
        parts, run = _measured(given.only, QUICK if given.quick else Effort())
    except LocalError as error:
        say(f"\n{error}")
        return 1
    took = time.monotonic() - began
    say(f"\n{report.machine()}\n{report.summary(parts)} It took {took:.0f} s.")
    if not given.quick and not given.only:
        report.append(parts, took, run.raw)
        report.fill(DOCS / "performance.md", "trace", run.trace)
        report.fill(DOCS / "scaling.md", "simulation", parts[-1].text)
        say(f"Written to {report.RESULTS.relative_to(ROOT)}.")
    broken = any(figure.is_met is False for part in parts for figure in part.figures)
    return 1 if given.check and broken else 0


def _measured(only: list[str], effort: Effort) -> tuple[list[Part], Run]:
    wanted = set(only or PARTS).union(*(NEEDS.get(name, set()) for name in only))
    say("▸ artifacts, as sam build makes them")
    ground = Ground()
    ground.prepare()
    parts = []
    with ground.aws() as aws:
        run = Run(ground, aws, effort)
        for name, measure in PARTS.items():
            if name in wanted:
                began = time.monotonic()
                parts.append(measure(run))
                say(f"\n{report.written(parts[-1])}\n({time.monotonic() - began:.0f} s)")
        if not only:
            run.trace = f"```text\n{trace(ground, aws)}\n```"
    return parts, run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions; nothing is written")
    parser.add_argument("--check", action="store_true", help="fail where a budget is broken")
    parser.add_argument("--only", nargs="+", default=[], choices=PARTS, help="only these parts")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
