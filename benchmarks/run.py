"""What a run is: how much is measured, what was found so far, and the parts of the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks import warm
from benchmarks.figures import Figure
from benchmarks.ground import Aws, Ground


@dataclass(frozen=True)
class Effort:
    """How much is measured: quickly, to see that it works, or for the record."""

    cold_starts: int = 9
    other_starts: int = 3
    warm: warm.Effort = field(default_factory=lambda: warm.Effort(15, 120))
    alternative_calls: int = 4000
    load_seconds: int = 40
    load_steps: bool = True


QUICK = Effort(3, 1, warm.Effort(3, 40), 600, 10, load_steps=False)


@dataclass
class Run:
    """What is measured with, and what was found so far, for the parts that build on others."""

    ground: Ground
    aws: Aws
    effort: Effort
    checks: dict[str, warm.Cost] = field(default_factory=dict)
    events: dict[str, warm.Cost] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)
    trace: str = ""


@dataclass(frozen=True)
class Part:
    """A section of the report: figures, and whatever text stands below them."""

    title: str
    figures: list[Figure]
    text: str = ""
