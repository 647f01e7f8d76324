"""Writes a run down: a dated section of RESULTS.md, and plots."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, table
from benchmarks.ground import HERE, STATE
from benchmarks.run import Part
from local.place import tool

RESULTS = HERE / "RESULTS.md"
DEPLOYED = ("botocore", "stripe", "pynamodb", "aws-lambda-powertools")
MEASURING = ("awslambdaric", "locust", "fastapi", "asyncpg")


def written(part: Part) -> str:
    """Write a part as Markdown."""
    figures = table(part.figures) if part.figures else ""
    return "\n\n".join(filter(None, [f"### {part.title}", figures, part.text]))


def summary(parts: Iterable[Part]) -> str:
    """Say which budgets are kept, and name those that are not."""
    judged = [f for part in parts for f in part.figures if f.is_met is not None]
    broken = [f"{f.name} ({_against(f)})" for f in judged if not f.is_met]
    met = f"{len(judged) - len(broken)} of {len(judged)} budgets are met."
    return f"{met} Not met: {'; '.join(broken)}." if broken else met


def _against(figure: Figure) -> str:
    what = f"{figure.judged:.2f}" if figure.ratio is not None else f"{figure.judged:.3g}"
    return f"{what}, budget {figure.budget}"


def machine() -> str:
    """Say what was measured on, and with which versions."""
    libraries = ", ".join(f"{name} {version(name)}" for name in DEPLOYED)
    told = [
        f"{_cpu_name()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the end",
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        libraries,
        ", ".join(_pins()),
    ]
    return "; ".join(told) + "."


def append(parts: list[Part], took: float, raw: dict[str, Any]) -> None:
    """Append a dated section to RESULTS.md, and draw the plots anew."""
    text = RESULTS.read_text() if RESULTS.exists() else HEAD
    head = f"## {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    body = [head, machine(), f"{summary(parts)} The run took {took:.0f} s.", *map(written, parts)]
    RESULTS.write_text(text.rstrip() + "\n\n" + "\n\n".join(body) + "\n")
    raw_file = STATE / "raw.json"
    raw_file.write_text(json.dumps(raw))
    plots = [tool("bench", "python"), "-m", "benchmarks.plots", str(raw_file), str(HERE / "plots")]
    subprocess.run(plots, check=True, cwd=HERE.parent)


def fill(path: Path, name: str, text: str) -> None:
    """Write a text into a document, between its markers `<!-- NAME -->` and `<!-- end -->`.

    Raises:
        ValueError: the document has no such place.
    """
    before, begin, rest = path.read_text().partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if not (begin and end):
        raise ValueError(f"{path} has no place for {name}")
    path.write_text(f"{before}{begin}{text.strip()}\n{end}{after}")


HEAD = """# Results

What `make bench` has found, oldest first.
A ratio is to a floor that was measured in the same run, so it holds on another machine.
Times do not.
The plots are those of the newest run.

![Cold start](plots/cold.svg)
![Warm CPU](plots/warm.svg)
![Load](plots/load.svg)
![Cost](plots/cost.svg)
"""


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _pins() -> Iterable[str]:
    for line in (HERE / "requirements.txt").read_text().splitlines():
        name, _, pinned = line.partition("==")
        if name in MEASURING:
            yield f"{name} {pinned}"
