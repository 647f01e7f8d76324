"""How runs are started, where they are made, and what is told of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from billing.domain.errors import NotConfigured
from billing.services import start_reconciliation
from billing.settings import Settings, settings
from billing.stores import account_store
from functions.reconciliation import background
from functions.reconciliation.handler import lambda_handler
from tests.integration.conftest import put_secret
from tests.support.requests import LambdaContext, call, request
from tests.support.shop import Shop

from .conftest import ROUTE, Operator

SCHEDULED = {
    "version": "0",
    "id": "tick-1",
    "source": "aws.scheduler",
    "detail-type": "Scheduled Event",
}


class Lambda:
    """Stands for the service that invokes functions; it keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {"StatusCode": 202}


@pytest.fixture
def lambda_service(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Lambda:
    """A deployment that has a function for the background."""
    service = Lambda()
    monkeypatch.setenv("RECONCILIATION_FUNCTION", "billing-reconciliation")
    settings.cache_clear()
    monkeypatch.setattr(background, "functions", lambda: service)
    return service


@dataclass(frozen=True)
class Context(LambdaContext):
    """Beside an event in the background, where there are minutes of time."""

    milliseconds: int = 900_000

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # static there
        return self.milliseconds


def work(event: dict[str, Any], context: Context | None = None) -> dict[str, Any]:
    return lambda_handler(event, context or Context())  # type: ignore[arg-type]  # stands in


def test_a_start_is_answered_before_the_run_is_made(
    operator: Operator, shop: Shop, lambda_service: Lambda
) -> None:
    shop.buy("u1")
    status, started, _ = operator.start(dry_run=True)
    assert (status, started["status"]) == (202, "running")
    report = operator.read(started["run_id"]).body
    assert (report["status"], report["finished_at"], report["compared"]) == ("running", None, 0)
    (asked,) = lambda_service.asked
    assert (asked["FunctionName"], asked["InvocationType"]) == ("billing-reconciliation", "Event")

    made = work(json.loads(asked["Payload"]))
    assert made == {"run_id": started["run_id"], "status": "completed"}
    report = operator.read(started["run_id"]).body
    assert (report["status"], report["compared"], report["dry_run"]) == ("completed", 1, True)


def test_a_run_that_nobody_takes_has_failed(
    operator: Operator, lambda_service: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://lambda.example.com")

    monkeypatch.setattr(lambda_service, "invoke", refuse)
    monkeypatch.setattr(start_reconciliation, "mint_id", lambda *_: "run_1")
    status, body, headers = operator.start()
    assert (status, body["code"], headers["retry-after"]) == (503, "try_again", "2")
    report = operator.read("run_1").body
    assert (report["status"], report["error"]) == ("failed", "try_again")


def test_the_function_is_reached_through_lambdas_own_client(deployment: Settings) -> None:
    assert background.functions().meta.service_model.service_name == "lambda"


def test_a_run_that_is_handed_over_twice_is_made_once(
    operator: Operator, lambda_service: Lambda, shop: Shop
) -> None:
    operator.start()
    payload = json.loads(lambda_service.asked[0]["Payload"])
    work(payload)
    shop.buy("u1")
    work(payload)
    assert operator.read(payload["run_id"]).body["compared"] == 0


def test_a_run_of_which_nothing_is_known_is_left_alone(shop: Shop) -> None:
    assert work({"run_id": "run_unknown"}) == {}


def test_the_clock_starts_a_run_of_everything(operator: Operator, shop: Shop) -> None:
    shop.buy("u1")
    made = work(SCHEDULED)
    report = operator.read(made["run_id"]).body
    assert (report["actor"], report["status"], report["compared"]) == ("schedule", "completed", 1)


def test_a_tick_of_the_clock_that_is_delivered_again_is_one_run(
    operator: Operator, shop: Shop
) -> None:
    put_secret("stripe-api-key", {})
    with pytest.raises(NotConfigured):
        work(SCHEDULED)
    put_secret("stripe-api-key", {"api_key": "sk_test_integration"})
    first = work(SCHEDULED)
    shop.buy("u1")
    assert work(SCHEDULED) == first
    assert operator.read(first["run_id"]).body["compared"] == 0
    assert work({**SCHEDULED, "id": "tick-2"}) != first


def test_an_invocation_of_no_known_kind_is_refused(shop: Shop) -> None:
    for event in ({}, {"run_id": 1}, {"source": "aws.s3"}):
        with pytest.raises(ValueError, match="neither"):
            work(event)


def test_a_run_that_fails_says_why_and_goes_on_when_it_is_tried_again(
    operator: Operator, shop: Shop, lambda_service: Lambda
) -> None:
    shop.buy("u1")
    put_secret("stripe-api-key", {})
    operator.start()
    payload = json.loads(lambda_service.asked[0]["Payload"])
    with pytest.raises(NotConfigured):
        work(payload)
    report = operator.read(payload["run_id"]).body
    assert (report["status"], report["error"]) == ("failed", "not_configured")
    assert report["finished_at"] is not None

    put_secret("stripe-api-key", {"api_key": "sk_test_integration"})
    work(payload)
    report = operator.read(payload["run_id"]).body
    assert (report["status"], report["error"], report["compared"]) == ("completed", None, 1)


def test_without_a_background_a_failure_is_still_only_the_runs(
    operator: Operator, shop: Shop
) -> None:
    shop.stripe.add_fault(status=500, times=99)
    status, started, _ = operator.start()
    assert status == 202
    report = operator.read(started["run_id"]).body
    assert (report["status"], report["error"]) == ("failed", "stripe_unavailable")


def test_a_run_goes_on_in_another_invocation_before_the_functions_time_ends(
    operator: Operator, shop: Shop, lambda_service: Lambda
) -> None:
    shop.buy("u1")
    operator.start()
    payload = json.loads(lambda_service.asked[0]["Payload"])
    work(payload, Context(milliseconds=background.RESERVE))
    assert json.loads(lambda_service.asked[1]["Payload"]) == {**payload, "shard": "events.0"}
    assert operator.read(payload["run_id"]).body["status"] == "running"
    work(json.loads(lambda_service.asked[1]["Payload"]))
    report = operator.read(payload["run_id"]).body
    assert (report["status"], report["compared"]) == ("completed", 1)


def test_a_page_of_repairs_goes_on_in_another_invocation_where_it_ended(
    operator: Operator, shop: Shop, lambda_service: Lambda
) -> None:
    for number in range(5):
        shop.buy(f"u{number}")
    shop.deliver(shop.events("product.created"))
    shop.stripe.add_fault(method="GET", path="/v1/subscriptions/*", skip=99)
    (fault,) = shop.stripe.api.faults.planned

    class UntilARepair(Context):
        """Time is over when something was fetched to be repaired."""

        def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # as above
            return 900_000 if fault.skip == left else background.RESERVE

    operator.start()
    invocations = 0
    for asked in lambda_service.asked:
        left, invocations = fault.skip, invocations + 1
        made = work(json.loads(asked["Payload"]), UntilARepair())
    assert (made["status"], invocations) == ("completed", 6)
    assert 99 - fault.skip == 5  # nothing is fetched twice
    report = operator.read(made["run_id"]).body
    assert (report["counts"]["missing_here"], report["repaired"]) == (5, 5)
    assert {difference["repair"] for difference in report["differences"]} == {"applied"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"since": "2026-03-02"}, "since"),
        ({"since": "2026-03-02T12:00:00"}, "since"),
        ({"since": "2026-03-02T12:00:01Z"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"since": "9999-12-31T23:59:59-14:00"}, "since"),
        ({"dry_run": "yes"}, "dry_run"),
        ({"project": "demo"}, "project"),
        ({"project_id": 1}, "project_id"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    operator: Operator, fields: dict[str, Any], field: str
) -> None:
    status, body, _ = operator.start(fields)
    assert (status, body["code"]) == (422, "invalid_input")
    assert [error["field"] for error in body["errors"]] == [field]


def test_an_unknown_project_or_run_is_not_found(operator: Operator) -> None:
    assert operator.start(project_id="unheard-of").status == 404
    assert operator.read("run_unknown").status == 404


def test_runs_are_for_operators(shop: Shop, operator: Operator) -> None:
    for key, expected in ((shop.key, 403), (None, 401)):
        assert call(lambda_handler, request("POST", ROUTE, key=key)).status == expected
        assert call(lambda_handler, request("GET", f"{ROUTE}/run_1", key=key)).status == expected


def test_a_run_is_no_cause(shop: Shop, operator: Operator) -> None:
    run_id = operator.run()["run_id"]
    assert account_store().ledger_entry(run_id) is None
