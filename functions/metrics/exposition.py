"""Prometheus' text exposition format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Kind(StrEnum):
    """What Prometheus is told that a metric is."""

    GAUGE = "gauge"
    COUNTER = "counter"
    SUMMARY = "summary"


class Sample(NamedTuple):
    """One figure.

    Attributes:
        suffix: what a summary's sums and counts end in, `_sum` and `_count`.
    """

    labels: Mapping[str, str]
    value: float
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with all its samples."""

    name: str
    help: str
    samples: list[Sample] = field(default_factory=list)
    kind: Kind = Kind.GAUGE

    def add(self, value: float, suffix: str = "", **labels: str) -> None:
        """Add a sample."""
        self.samples.append(Sample(labels, value, suffix))


def expose(families: Iterable[Family]) -> str:
    """Write metrics as Prometheus reads them; the last line ends too."""
    lines: list[str] = []
    for family in families:
        lines.append(f"# HELP {family.name} {_help(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        lines.extend(
            f"{family.name}{suffix}{_labels(labels)} {_number(value)}"
            for labels, value, suffix in family.samples
        )
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """Write a whole number as one, and any other to nine digits, which is more than is known."""
    return str(int(value)) if value == int(value) else f"{value:.9g}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_value(text)}"' for name, text in labels.items()) + "}"


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _value(text: str) -> str:
    return _help(text).replace('"', '\\"')
