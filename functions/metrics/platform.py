"""What AWS measures of the service by itself, by the names of `GET /metrics`.

A time-out, a throttle or a function that cannot be imported writes no line of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from billing.adapters.measurements import Series
from billing.services.measure_operations import Operations, Platform
from billing.settings import Settings
from functions.metrics.exposition import Family, Kind

URL_FUNCTION = "webhook_receive"
READERS = ("notification_publish", "metrics_count")


def platform_of(settings: Settings, api_id: str) -> Platform:
    """Say what of AWS is this stack's; the API's id is a request's, since it cannot be a setting.

    A function's environment cannot name the API that names the function.
    """
    named = dict(each.split("=", 1) for each in settings.watched_functions.split())
    readers = {reader: named[reader] for reader in READERS if reader in named}
    return Platform(api_id, named.get(URL_FUNCTION, ""), readers, settings.accounts_table)


def of_platform(measured: Operations, platform: Platform) -> Iterator[Family]:
    """Write what AWS measured since midnight; what it tells nothing of was none."""
    yield from _front("api", "The HTTP API", measured.of_aws, ("Count", "4xx", "5xx"))
    named = ("UrlRequestCount", "Url4xxCount", "Url5xxCount")
    yield from _front("function_url", "The webhook's function URL", measured.of_aws, named)
    written = Family(
        "account_write_units_total", "Write units that accounts took.", kind=Kind.COUNTER
    )
    written.add(_total(measured.of_aws, "ConsumedWriteCapacityUnits", "Sum"))
    yield written
    yield from _readers(measured, {name: told for told, name in platform.readers.items()})


def _front(
    prefix: str, title: str, today: Iterable[Series], names: tuple[str, str, str]
) -> Iterator[Family]:
    """Write what came to one of the two doors, and what was answered with an error there."""
    requests = Family(
        f"{prefix}_requests_total", f"{title}: requests, as AWS counts them.", kind=Kind.COUNTER
    )
    errors = Family(
        f"{prefix}_errors_total", f"{title}: those answered with an error.", kind=Kind.COUNTER
    )
    every, client, server = names
    requests.add(_total(today, every, "Sum"))
    errors.add(_total(today, client, "Sum"), status="4xx")
    errors.add(_total(today, server, "Sum"), status="5xx")
    yield from (requests, errors)


def _readers(measured: Operations, told_as: Mapping[str, str]) -> Iterator[Family]:
    batches = Family(
        "stream_batches_total", "Batches of changes that a reader was given.", kind=Kind.COUNTER
    )
    for series in _named("IteratorAge", measured.of_aws):
        reader = told_as[series.dimensions["FunctionName"]]
        batches.add(series.values.get("SampleCount", 0), reader=reader)
    age = Family("stream_age_seconds", "Age of the oldest change, of the last whole five minutes.")
    for series in measured.ages:
        if "Maximum" in series.values:
            reader = told_as[series.dimensions["FunctionName"]]
            age.add(series.values["Maximum"] / 1000, reader=reader)
    yield from (batches, age)


def _total(today: Iterable[Series], name: str, statistic: str) -> float:
    return sum(series.values.get(statistic, 0) for series in _named(name, today))


def _named(name: str, today: Iterable[Series]) -> Iterator[Series]:
    return (series for series in today if series.name == name)
