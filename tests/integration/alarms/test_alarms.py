"""Every alarm on a metric of our own is tried on what the functions write when it is to ring.

CloudWatch compares all dimensions: an alarm that lacks one, or has one more, never rings. The
alarms on rates, and on what AWS measures, are tried in test_by_arithmetic.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.admin.parking import parked
from tests.integration.reconciliation.conftest import Operator, a_subscription_of_a_stranger
from tests.support import template
from tests.support.alarms import ALARMS, OURS, period_of, properties, rings
from tests.support.cloudwatch import Metrics
from tests.support.shop import Shop

OWN = [name for name in ALARMS if properties(name).get("Namespace") == OURS]


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


def test_every_alarm_on_a_metric_of_our_own_is_tried() -> None:
    assert set(OWN) == set(TROUBLE)


@pytest.mark.parametrize("name", OWN)
def test_an_alarm_rings_when_there_is_trouble_not_before_and_not_for_ever(
    name: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (service,) = [f.environment["POWERTOOLS_SERVICE_NAME"] for f in template.functions()[:1]]
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", service)
    metrics, course = Metrics(), TROUBLE[name](request)
    next(course)
    metrics.take(capsys.readouterr().out)
    assert not rings(name, metrics, _soon())
    next(course, None)
    metrics.take(capsys.readouterr().out)
    assert rings(name, metrics, _soon())
    assert not rings(name, metrics, _soon() + timedelta(seconds=period_of(name)))


def _soon() -> datetime:
    """An instant after what was just written, since lines have the true time."""
    return datetime.now(UTC) + timedelta(seconds=1)
