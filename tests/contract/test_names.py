"""Physical names in the template: two stacks of one account and region must not meet in any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.place import table_name
from tests.support import template

NAMES = {
    *("AlarmName", "BucketName", "DashboardName", "FunctionName", "GroupName", "LayerName"),
    *("LogGroupName", "Name", "QueueName", "RoleName", "ScheduleName", "TableName", "TopicName"),
}
"""Properties that name a resource, which CloudFormation would otherwise name after the stack."""

NAMED_BY_SAM = {"ScheduleV2": "Name"}
"""Events whose resource SAM names after its logical id, where the template does not name it.

A layer's name is its logical id, too, but each deploy makes a version of its own of it.
"""


def _names() -> Iterator[tuple[str, Any]]:
    for logical_id, resource in template.template()["Resources"].items():
        properties = resource.get("Properties", {})
        yield from ((logical_id, properties[name]) for name in sorted(NAMES & properties.keys()))
        for event, source in properties.get("Events", {}).items():
            given = source["Properties"]
            needed = {NAMED_BY_SAM[source["Type"]]} if source["Type"] in NAMED_BY_SAM else set()
            for name in sorted(needed | (NAMES & given.keys())):
                yield f"{logical_id}.{event}", given.get(name)


@pytest.mark.parametrize("where_and_name", list(_names()), ids=lambda each: each[0])
def test_a_physical_name_is_the_stacks_own(where_and_name: tuple[str, Any]) -> None:
    where, name = where_and_name
    assert "AWS::StackName" in str(name), where


def test_the_daily_schedule_is_not_among_those_that_wake_ups_may_be() -> None:
    """The role that sets wake-ups may replace and delete every schedule that begins so."""
    functions = template.resources("AWS::Serverless::Function")
    daily = functions["ReconciliationFunction"]["Properties"]["Events"]["Daily"]["Properties"]
    publish = functions["NotificationPublishFunction"]["Properties"]
    beginning = publish["Environment"]["Variables"]["BOUNDARY_SCHEDULES"]["Fn::Sub"]
    assert not daily["Name"]["Fn::Sub"].startswith(beginning)


@pytest.mark.parametrize("logical_id", template.resources(template.REPLICATED))
def test_a_replicated_table_has_the_name_that_follows_from_the_stacks(logical_id: str) -> None:
    """A second region's stack finds its replica by it; so does whoever backs it up."""
    table = template.all_tables()[logical_id]
    name = {"Fn::Sub": table_name("${AWS::StackName}", logical_id)}
    assert table["Properties"]["TableName"] == name
