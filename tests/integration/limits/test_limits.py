"""429 over the real handlers: what is counted, where, and until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from billing.domain.rate import HOUR
from billing.settings import settings
from functions.admin.handler import lambda_handler as admin
from functions.checkout.handler import lambda_handler as checkout
from functions.entitlements.handler import lambda_handler as entitlements
from functions.metrics.handler import lambda_handler as metrics
from functions.portal.handler import lambda_handler as portal
from functions.reconciliation.handler import lambda_handler as reconciliation
from tests.integration.conftest import dynamodb
from tests.integration.webhooks.conftest import queue_url, shop, standing_stripe
from tests.support.clock import Clock
from tests.support.interruptions import interruptions
from tests.support.new_process import a_new_process
from tests.support.requests import Answer, call, request
from tests.support.shop import Shop

__all__ = ["queue_url", "shop", "standing_stripe"]

LIMITS = ("MANAGEMENT_REQUESTS_PER_HOUR", "PAGE_REQUESTS_PER_HOUR", "CHECKS_PER_SECOND")

Ask = Callable[[str], Answer]


def get(handler: Any, path: str, key: str, **query: str) -> Answer:
    return call(handler, request("GET", path, query=query, key=key))


def post(handler: Any, path: str, key: str) -> Answer:
    return call(handler, request("POST", path, json_body={}, key=key))


ME = partial(get, admin, "/api/v1/admin/me")
MANAGEMENT: dict[str, Ask] = {
    "admin": ME,
    "runs": partial(get, reconciliation, "/api/v1/admin/reconcile/run_1"),
    "Prometheus": partial(get, metrics, "/metrics"),
    "metrics": lambda key: get(metrics, "/api/v1/metrics/project/demo", key),
}
PAGES: dict[str, Ask] = {
    "checkout": partial(post, checkout, "/api/v1/checkout/create"),
    "portal": partial(post, portal, "/api/v1/portal/create-session"),
}
CHECKS: dict[str, Ask] = {
    "entitlements": lambda key: get(
        entitlements, "/api/v1/entitlements", key, user_id="user-1", project_id="demo"
    ),
    "check": lambda key: get(
        entitlements,
        "/api/v1/entitlements/check",
        key,
        user_id="user-1",
        feature_code="export",
        project_id="demo",
    ),
}


@pytest.fixture
def limited(shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop where three of each are allowed; the time stands still."""
    for name in LIMITS:
        monkeypatch.setenv(name, "3")
    settings.cache_clear()
    a_new_process(clock)
    return shop


def refused(answer: Answer) -> int:
    """For how many seconds a request is refused; 0 for one that is answered."""
    if answer.status != 429:
        return 0
    assert answer.body["code"] == "too_many_requests"
    return int(answer.headers["retry-after"])


@pytest.mark.parametrize("name", MANAGEMENT)
def test_an_operators_key_has_so_many_requests_an_hour(
    limited: Shop, clock: Clock, name: str
) -> None:
    ask = MANAGEMENT[name]
    clock.advance(timedelta(minutes=10))
    assert [refused(ask(limited.admin_key)) for _ in range(5)] == [0, 0, 0, 3000, 3000]
    clock.advance(timedelta(seconds=2999))
    assert refused(ask(limited.admin_key)) == 1
    clock.advance(timedelta(seconds=1))
    assert refused(ask(limited.admin_key)) == 0


@pytest.mark.parametrize("name", PAGES)
def test_an_apps_key_has_so_many_pages_an_hour(limited: Shop, clock: Clock, name: str) -> None:
    ask = PAGES[name]
    assert [refused(ask(limited.key)) for _ in range(4)] == [0, 0, 0, HOUR]
    clock.advance(timedelta(hours=1))
    assert refused(ask(limited.key)) == 0


def test_the_routes_of_a_kind_share_an_hour_and_kinds_do_not(limited: Shop) -> None:
    asks = [*MANAGEMENT.values()]
    assert [refused(ask(limited.admin_key)) for ask in asks] == [0, 0, 0, HOUR]
    assert [refused(PAGES["portal"](limited.key)) for _ in range(3)] == [0, 0, 0]
    assert refused(PAGES["checkout"](limited.key)) == HOUR
    assert refused(MANAGEMENT["metrics"](limited.key)) == 0
    assert refused(CHECKS["check"](limited.key)) == 0


def test_processes_count_together(limited: Shop, clock: Clock) -> None:
    for expected in (0, 0, 0, HOUR, HOUR):
        a_new_process(clock)
        assert refused(ME(limited.admin_key)) == expected


def test_a_refusal_comes_before_anything_is_done(limited: Shop) -> None:
    for _ in range(4):
        ME(limited.admin_key)
    body = {"id": "new", "name": "New"}
    event = request("POST", "/api/v1/admin/projects", json_body=body, key=limited.admin_key)
    assert refused(call(admin, event)) == HOUR
    assert (
        get(
            entitlements, "/api/v1/entitlements", limited.admin_key, user_id="u", project_id="new"
        ).status
        == 404
    )


def test_what_is_forbidden_counts_and_who_is_unknown_does_not(limited: Shop) -> None:
    for _ in range(3):
        assert ME("bk_admin_nobody").status == 401
        assert ME(limited.key).status == 403
    assert refused(ME(limited.key)) == HOUR
    assert ME(limited.admin_key).status == 200


def test_a_count_is_one_request_and_forgets_itself(limited: Shop) -> None:
    ME(limited.admin_key)
    with interruptions.counted() as counted:
        ME(limited.admin_key)
    assert [each.rpartition(".")[2] for each in counted] == ["GetItem", "UpdateItem"]
    items = dynamodb().scan(TableName=settings().ledger_table)["Items"]
    (count,) = (item for item in items if item["pk"]["S"].startswith("requests#management#key_"))
    hour = int(count["pk"]["S"].rpartition("#")[2])
    assert count["requests"] == {"N": "2"}
    assert int(count["expires_at"]["N"]) == (hour + 1) * HOUR + 24 * HOUR


@pytest.mark.parametrize("name", [*MANAGEMENT, *PAGES])
def test_where_requests_cannot_be_counted_they_are_answered_and_it_is_logged(
    limited: Shop,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    ask, key = {**MANAGEMENT, **PAGES}[name], limited.key if name in PAGES else limited.admin_key
    dynamodb().delete_table(TableName=settings().ledger_table)
    answers = {ask(key).status for _ in range(5)}
    assert 429 not in answers
    assert "a request is not counted" in capsys.readouterr().out + caplog.text


@pytest.mark.parametrize("name", CHECKS)
def test_a_key_is_checked_so_often_a_second_in_a_process(
    limited: Shop, clock: Clock, name: str
) -> None:
    ask = CHECKS[name]
    for key in (limited.key, limited.admin_key):
        assert [refused(ask(key)) for _ in range(5)] == [0, 0, 0, 1, 1]
    clock.advance(timedelta(seconds=1))
    assert refused(ask(limited.key)) == 0
    a_new_process(clock)
    assert [refused(ask(limited.key)) for _ in range(4)] == [0, 0, 0, 1]


def test_a_check_that_is_refused_asks_nobody(limited: Shop, bridge: Any) -> None:
    while not refused(CHECKS["check"](limited.key)):
        pass
    with interruptions.counted() as counted:
        assert refused(CHECKS["check"](limited.key)) == 1
    assert counted == []


def test_a_batch_counts_once(limited: Shop) -> None:
    body = {"user_ids": [f"user-{number}" for number in range(50)]}
    event = request("POST", "/api/v1/entitlements/batch", json_body=body, key=limited.key)
    assert [refused(call(entitlements, event)) for _ in range(4)] == [0, 0, 0, 1]


def test_the_keys_that_verify_tokens_are_not_limited(limited: Shop) -> None:
    event = request("GET", "/.well-known/jwks.json")
    assert [refused(call(entitlements, event)) for _ in range(9)] == [0] * 9
