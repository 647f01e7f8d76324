"""What a scrape reads, and how long it is good for."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.adapters.measurements import Measurements
from billing.adapters.queue_depths import queue_depths
from billing.composition import once
from billing.services.list_projects import list_projects
from billing.services.measure_operations import measure_operations
from billing.services.measure_project import measure_standing
from billing.settings import environment, settings
from billing.stores import catalog_store, figures_store, parked_causes
from functions.metrics import families
from functions.metrics.exposition import expose
from functions.metrics.platform import of_platform, platform_of

KEPT = timedelta(seconds=60)
"""CloudWatch's own resolution: a second scraper, or an impatient one, costs nothing."""


def scraped(now: datetime, api_id: str) -> str:
    """Write the figures of all projects and of the service itself, `KEPT` old at most.

    Args:
        now: aware UTC.
        api_id: of the HTTP API through which it is asked for.

    Raises:
        TryAgain: AWS does not answer, or refuses.
    """
    kept = _kept()
    if not kept or now >= kept[0][0] + KEPT:
        kept[:] = [(now, _measured(now, api_id))]
    return kept[0][1]


def _measured(now: datetime, api_id: str) -> str:
    ids = [project.id for project in list_projects(catalog_store())]
    projects = measure_standing(ids, figures=figures_store())
    platform = platform_of(settings(), api_id)
    operations = measure_operations(
        measurements=_measurements(),
        platform=platform,
        depths=queue_depths,
        parked=parked_causes(),
        now=now,
    )
    return expose(
        [
            *families.of_projects(projects, stage=settings().stage),
            *families.of_operations(operations),
            *of_platform(operations, platform),
        ]
    )


@once
def _kept() -> list[tuple[datetime, str]]:
    return []


@once
def _measurements() -> Measurements:
    return Measurements(environment())
