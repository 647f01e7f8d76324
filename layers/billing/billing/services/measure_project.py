"""Measure projects: what was counted of their accounts, read in the time that one account takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from billing.domain.figures import ProjectFigures, SubscriptionMetrics
from billing.domain.metrics import figures_on, months_read, standing_of

if TYPE_CHECKING:
    from billing.adapters.dynamo.figures import FiguresStore


@dataclass(frozen=True, slots=True)
class ProjectMetrics:
    """The figures of one project at an instant."""

    project_id: str
    generated_at: datetime
    figures: ProjectFigures


@dataclass(frozen=True, slots=True)
class ProjectStanding:
    """How the subscriptions of one project stand."""

    project_id: str
    subscriptions: SubscriptionMetrics


def measure_project(project_id: str, *, figures: FiguresStore, now: datetime) -> ProjectMetrics:
    """Measure a project, with one request however large it is.

    Args:
        project_id: an existing project.
        figures: what was counted, which is a moment behind the accounts.
        now: the instant; its day in UTC is the last that is told.

    Raises:
        TryAgain: the figures were being changed, or DynamoDB has trouble that passes.
    """
    today = now.astimezone(UTC).date()
    tally = figures.read(project_id, months_read(today))
    return ProjectMetrics(project_id, now, figures_on(today, tally))


def measure_standing(project_ids: Iterable[str], *, figures: FiguresStore) -> list[ProjectStanding]:
    """Measure how the subscriptions of many projects stand, with a request a hundred."""
    wanted = list(project_ids)
    found = figures.read_now(wanted)
    return [ProjectStanding(each, standing_of(found.get(each, {}))) for each in wanted]
