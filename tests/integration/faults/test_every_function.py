"""What only asks, and what is sent until it is taken: killed at any call to AWS, then repeated.

The answer is that of the undisturbed run, and so are the tables. Commands that cannot promise so
much have tests of their own: checkout and `process` beside webhooks, the others beside admin.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

import boto3
import pytest

from billing.settings import Settings
from functions.admin.handler import lambda_handler as admin
from functions.entitlements.handler import lambda_handler as entitlements
from functions.health.handler import lambda_handler as health
from functions.metrics.handler import lambda_handler as metrics
from tests.integration.admin.parking import parked
from tests.support import template
from tests.support.interruptions import Killed, When, interruptions
from tests.support.new_process import a_new_process
from tests.support.requests import Answer, call, request
from tests.support.shop import Shop, clock_of
from tests.support.snapshot import Snapshots

Record = Callable[[str, object], None]

USER = {"user_id": "user-1"}
ACCOUNT = {"project_id": "demo", **USER}


class Asked(NamedTuple):
    """A request, and whether an app or an operator makes it."""

    handler: Any
    path: str
    query: Mapping[str, str] = MappingProxyType({})
    body: Any = None
    by_operator: bool = False

    def ask(self, shop: Shop) -> Answer:
        key = shop.admin_key if self.by_operator else shop.key
        method = "GET" if self.body is None else "POST"
        path = self.path.replace("EVENT", shop.events()[0]["id"])
        event = request(method, path, query=self.query, json_body=self.body, key=key)
        return call(self.handler, event)


def an_operators(path: str, body: Any = None, **query: str) -> Asked:
    return Asked(admin, f"/api/v1/admin/{path}", query, body, by_operator=True)


ASKED: dict[str, Asked] = {
    "entitlements": Asked(entitlements, "/api/v1/entitlements", USER),
    "check": Asked(entitlements, "/api/v1/entitlements/check", {**USER, "feature_code": "export"}),
    "batch": Asked(entitlements, "/api/v1/entitlements/batch", body={"user_ids": ["user-1"]}),
    "metrics": Asked(metrics, "/api/v1/metrics/project/demo"),
    "Prometheus": Asked(metrics, "/metrics", by_operator=True),
    "ready": Asked(health, "/ready"),
    "projects": an_operators("projects"),
    "project": an_operators("projects/demo"),
    "keys": an_operators("projects/demo/keys"),
    "catalog": an_operators("projects/demo/catalog"),
    "accounts": an_operators("accounts", project_id="demo"),
    "account": an_operators("accounts", **ACCOUNT),
    "account's history": an_operators("history", **ACCOUNT),
    "explain": an_operators("explain", **ACCOUNT, feature_code="export"),
    "timeline": an_operators("timeline", **ACCOUNT),
    "whose key": an_operators("me"),
    "events": an_operators("events"),
    "event": an_operators("events/EVENT"),
    "replay": an_operators("events/EVENT/replay", {}),
    "replay of all": an_operators("events/replay", {"reason": "unmatched"}),
}


def test_no_function_is_left_out() -> None:
    elsewhere = {
        "functions.checkout.handler",  # webhooks/test_killed_anywhere, admin/test_killed_anywhere
        "functions.portal.handler",  # admin/test_killed_anywhere
        "functions.webhooks.process",  # webhooks/test_killed_anywhere
        "functions.reconciliation.handler",  # reconciliation/test_interrupted
        "functions.notifications.publish",  # notifications/test_killed_anywhere
        "functions.notifications.deliver",  # notifications/test_killed_anywhere
        "functions.metrics.count",  # metrics/test_counting
        "functions.console.handler",  # asks AWS for nothing
    }
    served = {function.handler.rpartition(".")[0] for function in template.functions()}
    here = {f"functions.{name}.handler" for name in ("admin", "entitlements", "health", "metrics")}
    assert served == elsewhere | here | {"functions.webhooks.receive"}


@pytest.fixture
def sold(shop: Shop) -> Shop:
    """A shop with a customer, and with an event that is parked."""
    shop.buy("user-1")
    shop.deliver_all()
    parked(shop)
    return shop


@pytest.mark.parametrize("name", ASKED)
def test_killed_at_any_call_to_aws_and_asked_again(
    sold: Shop, deployment: Settings, name: str, record_property: Record
) -> None:
    ask, snapshots = partial(ASKED[name].ask, sold), Snapshots(deployment, with_catalog=True)
    before = snapshots.take()
    a_new_process(lambda: clock_of(sold.stripe))
    with interruptions.counted() as counted:
        undisturbed = ask()
    after, calls = snapshots.take(), list(counted)
    assert undisturbed.status == 200, undisturbed
    assert calls
    faults = list(itertools.product(range(1, len(calls) + 1), get_args(When)))
    for fatal, when in faults:
        snapshots.restore(before)
        a_new_process(lambda: clock_of(sold.stripe))
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            ask()
        a_new_process(lambda: clock_of(sold.stripe))
        again = ask()
        where = f"killed {when} call {fatal} of {calls}"
        assert (again.status, _lasting(again)) == (200, _lasting(undisturbed)), where
        assert snapshots.take() == after, where
    record_property("faults", len(faults))


@pytest.mark.parametrize("when", get_args(When))
def test_an_event_is_queued_once_wherever_its_delivery_is_killed(
    sold: Shop, queue_url: str, when: When, record_property: Record
) -> None:
    events = sold.events()
    a_new_process(lambda: clock_of(sold.stripe))
    with interruptions.counted() as counted:
        assert sold.receive(events[0]).status == 200
    calls = list(counted)
    assert len(calls) < len(events)
    for fatal, event in enumerate(events[1 : len(calls) + 1], start=1):
        a_new_process(lambda: clock_of(sold.stripe))
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            sold.receive(event)
        assert sold.receive(event).status == 200
    sent = {event["id"] for event in events[: len(calls) + 1]}
    sqs = boto3.client("sqs", region_name="eu-west-1")
    waiting = []
    while found := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            waiting.append(json.loads(message["Body"])["id"])
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    assert sorted(waiting) == sorted(sent)
    record_property("faults", len(calls))


def _lasting(answer: Answer) -> str:
    """An answer without the times that things took."""
    return re.sub(r"'milliseconds': [0-9.]+", "", str(answer.body))
