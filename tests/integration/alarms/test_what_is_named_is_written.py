"""Every metric of ours that an alarm or a dashboard names is one that is written.

What the functions write is taken from their own lines, over a life with all kinds of trouble.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from billing.lean_http import lambda_handler_for
from functions.entitlements.handler import ROUTES
from local.embedded_metrics import data_of
from tests.integration.admin.parking import parked
from tests.integration.notifications.conftest import Desk
from tests.integration.reconciliation.conftest import Operator, a_subscription_of_a_stranger
from tests.support import template
from tests.support.alarms import ALARMS, is_composite, properties, statistics_of
from tests.support.cloudwatch import STACK, Metric
from tests.support.push import Pipeline
from tests.support.receiver import Receiver
from tests.support.requests import call, request
from tests.support.shop import Shop

OF_NOTIFICATIONS = re.compile(r"Notification|Delivery|Endpoint")
SEARCH = re.compile(r"SEARCH\('\{\"\$\{AWS::StackName\}\",([^}]*)\} MetricName=\"(\w+)\"")

Named = tuple[str, frozenset[tuple[str, str]]]
"""A metric with its dimensions; in place of a value that may be any, nothing."""


def named_by_alarms() -> Iterator[Named]:
    for name in ALARMS:
        if not is_composite(name):
            told = properties(name)
            queries = [q["MetricStat"]["Metric"] for q in statistics_of(name)] or [told]
            for metric in map(Metric.of, queries):
                if metric.namespace == STACK:
                    yield metric.name, frozenset(metric.dimensions.items())


def named_by_dashboards() -> Iterator[Named]:
    for dashboard in template.resources("AWS::CloudWatch::Dashboard"):
        text = template.dashboard_body(dashboard)
        for widget in json.loads(text)["widgets"]:
            for line in widget["properties"].get("metrics", []):
                if line[0] == "${AWS::StackName}":
                    flat = [each for each in line[2:] if isinstance(each, str)]
                    pairs = zip(flat[::2], flat[1::2], strict=True)
                    yield line[1], frozenset(pairs)
        for dimensions, name in SEARCH.findall(text.replace('\\"', '"')):
            yield name, frozenset((each, "") for each in dimensions.split(","))


NAMED = {*named_by_alarms(), *named_by_dashboards()}


def written(capsys: pytest.CaptureFixture[str]) -> set[Named]:
    """What lines told since the last time, with the values of dimensions and without."""
    data = [datum for line in capsys.readouterr().out.splitlines() for datum in data_of(line)]
    assert {datum.namespace for datum in data} == {STACK}
    full = {(datum.name, frozenset(datum.dimensions.items())) for datum in data}
    return full | {(name, frozenset((key, "") for key, _ in pairs)) for name, pairs in full}


@pytest.fixture(autouse=True)
def _as_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "billing")


def test_of_events_payments_requests_and_reconciliations(
    shop: Shop, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.buy("user-1")
    declined = shop.checkout("user-2", "once").body["session_id"]
    shop.control(f"checkout/sessions/{declined}/decline")
    shop.receive(shop.events()[0])
    shop.deliver_all()
    asked = request("GET", "/api/v1/entitlements", query={"user_id": "user-1"}, key=shop.key)
    call(lambda_handler_for(ROUTES), asked)
    parked(shop)
    a_subscription_of_a_stranger(shop)
    operator.run()
    shop.refund(_intent(shop))
    shop.stripe.add_fault(method="GET", path="/v1/charges/*", times=9, status=503)
    assert shop.deliver(shop.events("refund.created"))
    shop.stripe.add_fault(method="GET", times=99, status=403)
    operator.start()
    wanted = {each for each in NAMED if not OF_NOTIFICATIONS.search(each[0])}
    assert wanted - written(capsys) == set()


def _intent(shop: Shop) -> str:
    return shop.client.v1.payment_intents.list().data[-1].id


def test_of_notifications(
    desk: Desk,
    pipeline: Pipeline,
    receivers: Callable[..., Receiver],
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk.endpoint(receivers(200, 410).url)
    for user_id in ("user-1", "user-2"):
        desk.grant(user_id)
        pipeline.publish()
        pipeline.deliver()
    wanted = {each for each in NAMED if OF_NOTIFICATIONS.search(each[0])}
    assert wanted
    assert wanted - written(capsys) == set()
