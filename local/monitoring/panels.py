"""What a dashboard is made of: each panel says where CloudWatch and where Prometheus has it."""

from __future__ import annotations

from dataclasses import dataclass

from local.monitoring.metrics import Statistic
from local.monitoring.objectives import Objective


@dataclass(frozen=True)
class Line:
    """One line of CloudWatch's: a statistic with a label."""

    label: str
    statistic: Statistic


@dataclass(frozen=True)
class Search:
    """Lines of CloudWatch's for every value of some dimensions of a metric.

    Attributes:
        dimensions: their names, all that the metric has.
        such_that: more words of CloudWatch's search.
        period: seconds.
    """

    namespace: str
    dimensions: tuple[str, ...]
    metric: str
    statistic: str
    such_that: str = ""
    period: int = 300


@dataclass(frozen=True)
class Rate:
    """One line of CloudWatch's: how much of an objective's budget is burnt, 1 being its pace."""

    objective: Objective


@dataclass(frozen=True)
class Panel:
    """A diagram.

    Attributes:
        unit: as Grafana names it.
        prometheus: legend and expression of each line.
    """

    title: str
    unit: str
    cloudwatch: tuple[Line | Search | Rate, ...] = ()
    prometheus: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Dashboard:
    """A page of panels.

    Attributes:
        alarms: whether it begins with the state of every alarm.
        days: that CloudWatch shows at first; its own three hours where it is 0.
    """

    name: str
    title: str
    panels: tuple[Panel, ...]
    alarms: bool = False
    days: int = 0
