"""Does on the local stack what CloudWatch does on AWS: reads metrics off the functions' log lines.

`make up` starts it beside the emulator, which keeps metrics and looks at alarms, but does not know
the embedded metric format.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import deploy
from local.embedded_metrics import Datum, data_of
from local.logs import GROUPS
from local.place import Place

PAUSE = 3.0
"""Seconds between two looks; AWS takes about as long."""

OVERLAP = 60_000
"""Milliseconds that are looked at again, since lines come late; each is taken once."""

AT_ONCE = 500
"""Data that one PutMetricData is given; it takes 1000."""


Line = tuple[str, str, int, str]
"""Group, stream, milliseconds, text."""


class Follower:
    """Takes each line once."""

    def __init__(self, logs: Any, cloudwatch: Any) -> None:  # noqa: ANN401 - boto3 makes clients' types at run time
        """Begin with the lines that are there."""
        self._logs = logs
        self._cloudwatch = cloudwatch
        self._taken: Counter[Line] = Counter()
        self._since = 0

    def look(self) -> int:
        """Take what is new; return how many data that were."""
        data = [datum for line in self._new_lines() for datum in data_of(line)]
        for namespace in {datum.namespace for datum in data}:
            of_it = iter([_told(datum) for datum in data if datum.namespace == namespace])
            while some := list(islice(of_it, AT_ONCE)):
                self._cloudwatch.put_metric_data(Namespace=namespace, MetricData=some)
        return len(data)

    def _new_lines(self) -> Iterator[str]:
        """Give each line once; the emulator numbers none, so equal ones are counted."""
        seen = Counter(self._lines())
        for line in (seen - self._taken).elements():
            yield line[-1]
        newest = max((at for _, _, at, _ in seen), default=0)
        self._since = max(self._since, newest - OVERLAP)
        self._taken = Counter({line: n for line, n in seen.items() if line[2] >= self._since})

    def _lines(self) -> Iterator[Line]:
        groups = self._logs.describe_log_groups(logGroupNamePrefix=GROUPS)["logGroups"]
        for name in (group["logGroupName"] for group in groups):
            pages = self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=name, startTime=self._since, filterPattern='"_aws"'
            )
            for event in (event for page in pages for event in page["events"]):
                yield name, event["logStreamName"], event["timestamp"], event["message"]


def _told(datum: Datum) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in datum.dimensions.items()]
    return {
        "MetricName": datum.name,
        "Dimensions": dimensions,
        "Timestamp": datum.at,
        "Unit": datum.unit,
        "Values": list(datum.values),
        "Counts": [1.0] * len(datum.values),
    }


def main() -> int:
    """Follow until it is ended; an emulator that does not answer is asked again."""
    place = Place.from_environment()
    follower = Follower(deploy.client("logs", place), deploy.client("cloudwatch", place))
    while True:
        try:
            follower.look()
        except (BotoCoreError, ClientError) as error:
            print(error, flush=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    sys.exit(main())
