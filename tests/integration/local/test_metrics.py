"""The local stack's metrics: each line that a function wrote is taken, and taken once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from billing.lines import Lines
from local.logs import GROUPS
from local.metrics import Follower

REGION = "eu-west-1"
GROUP = f"{GROUPS}webhook-process"


class Logs:
    """A function's log, and what was made of it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.client: Any = boto3.client("logs", region_name=REGION)
        self.client.create_log_group(logGroupName=GROUP)
        self.client.create_log_stream(logGroupName=GROUP, logStreamName="one")
        self.cloudwatch: Any = boto3.client("cloudwatch", region_name=REGION)
        self._capsys = capsys

    def write(self, *values: float) -> None:
        """Let the function measure something, among other lines."""
        Lines().log("INFO", "here", "something else")
        Lines().metric("WebhookFailed", "Count", values)
        at = int(datetime.now(UTC).timestamp() * 1000)
        lines = self._capsys.readouterr().out.splitlines()
        events = [{"timestamp": at, "message": line} for line in lines]
        self.client.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events)

    def sum(self) -> float:
        """What CloudWatch has of it."""
        now = datetime.now(UTC)
        points = self.cloudwatch.get_metric_statistics(
            Namespace="Billing",
            MetricName="WebhookFailed",
            Dimensions=[{"Name": "service", "Value": "billing"}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=7200,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Logs]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Logs(capsys)


def test_each_line_is_taken_once(logs: Logs) -> None:
    follower = Follower(logs.client, logs.cloudwatch)
    logs.write(1, 0, 1)
    logs.write(1)
    assert follower.look() == 2
    assert follower.look() == 0
    assert logs.sum() == 3
    logs.write(1)
    assert follower.look() == 1
    assert logs.sum() == 4


def test_lines_that_are_the_same_are_all_taken(logs: Logs) -> None:
    follower = Follower(logs.client, logs.cloudwatch)
    at = int(datetime.now(UTC).timestamp() * 1000)
    metrics = {"Namespace": "Billing", "Dimensions": [["service"]]}
    directive = {**metrics, "Metrics": [{"Name": "WebhookFailed"}]}
    head = {"Timestamp": at, "CloudWatchMetrics": [directive]}
    line = json.dumps({"_aws": head, "service": "billing", "WebhookFailed": 1})
    event = {"timestamp": at, "message": line}
    for number in (1, 2):
        logs.client.put_log_events(
            logGroupName=GROUP, logStreamName="one", logEvents=[event] * number
        )
        assert follower.look() == number
        assert follower.look() == 0
    assert logs.sum() == 3
