"""Every alarm on a metric of our own watches what the functions tell when it is to ring.

CloudWatch compares all dimensions: an alarm that lacks one, or has one more, never rings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.admin.parking import parked
from tests.integration.reconciliation.conftest import Operator, a_subscription_of_a_stranger
from tests.support import template
from tests.support.shop import Shop

ALARMS: dict[str, dict[str, Any]] = {
    name: alarm["Properties"]
    for name, alarm in template.resources("AWS::CloudWatch::Alarm").items()
    if alarm["Properties"]["Namespace"] == "Billing"
}


def an_event_is_parked(request: pytest.FixtureRequest) -> Iterator[None]:
    shop, _ = _quiet_shop(request)
    yield
    parked(shop)


def much_drifted(request: pytest.FixtureRequest) -> Iterator[None]:
    shop, operator = _quiet_shop(request)
    yield
    shop.buy("user-1")
    operator.run()


def nobody_knows_whose_it_is(request: pytest.FixtureRequest) -> Iterator[None]:
    shop, operator = _quiet_shop(request)
    yield
    a_subscription_of_a_stranger(shop)
    operator.run()


def a_run_fails(request: pytest.FixtureRequest) -> Iterator[None]:
    shop, operator = _quiet_shop(request)
    yield
    shop.stripe.add_fault(method="GET", times=99, status=403)
    operator.start()


def an_endpoint_is_gone(request: pytest.FixtureRequest) -> Iterator[None]:
    desk, pipeline = request.getfixturevalue("desk"), request.getfixturevalue("pipeline")
    receivers = request.getfixturevalue("receivers")
    desk.endpoint(receivers(200, 410).url)
    for user_id in ("user-1", "user-2"):
        desk.grant(user_id)
        pipeline.publish()
        pipeline.deliver()
        yield


def _quiet_shop(request: pytest.FixtureRequest) -> tuple[Shop, Operator]:
    shop, operator = request.getfixturevalue("shop"), request.getfixturevalue("operator")
    operator.run()
    return shop, operator


TROUBLE: dict[str, Callable[[pytest.FixtureRequest], Iterator[None]]] = {
    "EndpointDisabledAlarm": an_endpoint_is_gone,
    "EventParkedAlarm": an_event_is_parked,
    "ReconciliationDriftAlarm": much_drifted,
    "ReconciliationFailedAlarm": a_run_fails,
    "ReconciliationNewForPersonAlarm": nobody_knows_whose_it_is,
}
"""What each alarm is for: goes well until the first `yield`, and then no longer."""


def told(capsys: pytest.CaptureFixture[str], metric: str) -> list[dict[str, Any]]:
    """What was written of a metric, in CloudWatch's embedded format."""
    lines = [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    found = [json.loads(line) for line in lines]
    return [each for each in found if metric in each]


def rings(alarm: dict[str, Any], metric: dict[str, Any]) -> bool:
    """Whether the alarm sees the metric, and it is above the threshold."""
    (directive,) = metric["_aws"]["CloudWatchMetrics"]
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    (value,) = metric[alarm["MetricName"]]
    return (
        directive["Namespace"] == alarm["Namespace"]
        and any({n: metric[n] for n in names} == dimensions for names in directive["Dimensions"])
        and value > alarm["Threshold"]
    )


def test_every_alarm_on_a_metric_of_our_own_is_tried() -> None:
    assert set(ALARMS) == set(TROUBLE)
    assert {alarm["ComparisonOperator"] for alarm in ALARMS.values()} == {"GreaterThanThreshold"}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_rings_when_there_is_trouble_and_not_before(
    name: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (service,) = [f.environment["POWERTOOLS_SERVICE_NAME"] for f in template.functions()[:1]]
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", service)
    alarm, course = ALARMS[name], TROUBLE[name](request)
    next(course)
    assert not any(rings(alarm, each) for each in told(capsys, alarm["MetricName"]))
    next(course, None)
    assert any(rings(alarm, each) for each in told(capsys, alarm["MetricName"]))
