"""Draws a run: `python -m benchmarks.plots RAW.json DIRECTORY`, in the bench environment."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

OURS, FLOOR, SECOND = "#2f6f8f", "#b8b8b8", "#8fc1d4"

Raw = dict[str, Any]


def draw(raw: Raw, directory: Path) -> None:
    """Draw what the run has measured; a part that was left out keeps its old plot."""
    # Without these, the same figures make another file each time.
    mpl.rcParams.update({"svg.hashsalt": "benchmarks", "font.size": 9})
    directory.mkdir(exist_ok=True)
    drawn: dict[str, Callable[[Any, Any], None]] = {
        "cold": _cold,
        "warm": _warm,
        "load": _load,
        "cost": _cost,
    }
    for name, plot in drawn.items():
        if name in raw:
            figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
            plot(axes, raw[name])
            axes.spines[["top", "right"]].set_visible(False)
            figure.savefig(directory / f"{name}.svg", metadata={"Date": None})
            plt.close(figure)


def _cold(axes: Any, found: Raw) -> None:  # noqa: ANN401 - matplotlib has no types here
    names = sorted(found, key=lambda name: found[name]["init"] + found[name]["first"])
    colours = [FLOOR if "_get" in name else OURS for name in names]
    axes.barh(names, [found[name]["init"] for name in names], color=colours, label="init")
    starts = [found[name]["init"] for name in names]
    firsts = [found[name]["first"] for name in names]
    axes.barh(names, firsts, left=starts, color=SECOND, label="first call")
    axes.set_xlabel("ms under the runtime emulator (grey: floors)")
    axes.legend()


def _warm(axes: Any, found: Raw) -> None:  # noqa: ANN401
    names = sorted((n for n in found if "batch" not in n), key=lambda name: found[name])
    colours = [FLOOR if "GetItem" in name else OURS for name in names]
    axes.barh(names, [found[name] for name in names], color=colours)
    axes.set_xlabel("ms of CPU per call (grey: floors)")


def _load(axes: Any, found: list[list[float]]) -> None:  # noqa: ANN401
    rates = [row[0] for row in found]
    for place, name in enumerate(("p50", "p95", "p99"), start=1):
        axes.plot(rates, [row[place] for row in found], marker="o", label=name)
    axes.axhline(100, color=FLOOR, linestyle="--")
    axes.set_xlabel("checks a second on the local stack")
    axes.set_ylabel("ms")
    axes.legend()


def _cost(axes: Any, found: Raw) -> None:  # noqa: ANN401
    names = {"checks": "a million checks", "events": "a million events", "idle": "an idle month"}
    for name, label in names.items():
        left = 0.0
        for part, value in found[name].items():
            axes.barh(label, value, left=left, edgecolor="white")
            if value > 0.4:
                axes.text(
                    left + value / 2, label, part.split(",")[0], ha="center", va="center", size=6
                )
            left += value
    axes.set_xlabel("USD")


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
