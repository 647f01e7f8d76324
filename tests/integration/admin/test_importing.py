"""Importing customers whom an app had at Stripe before: POST /api/v1/admin/accounts/import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from billing import composition
from billing.domain.contribution import contribution
from billing.settings import settings
from functions.admin.handler import lambda_handler as admin
from functions.reconciliation.handler import lambda_handler as reconciliation
from tests.integration.admin.conftest import Operator
from tests.support.brought import OldApp, prices_of
from tests.support.requests import Answer, LambdaContext, call, request
from tests.support.shop import STRIPE_KEY, Shop
from tests.support.snapshot import Snapshots

Json = dict[str, Any]
PRO = {"export": True, "quota": 100}


@pytest.fixture
def app(shop: Shop) -> OldApp:
    """The app as it was."""
    return OldApp.at(shop.stripe.url, STRIPE_KEY, prices_of(shop.catalog))


def bring(operator: Operator, *customers: tuple[str, str], **fields: Any) -> Answer:
    named = [{"user_id": user, "customer_id": customer} for user, customer in customers]
    body = {"project_id": "demo", "customers": named, "reason": "ticket 4711", **fields}
    return operator.post("accounts/import", body)


def brought(operator: Operator, user: str, customer: str, **fields: Any) -> Json:
    status, body, _ = bring(operator, (user, customer), **fields)
    assert status == 200, body
    (found,) = body["customers"]
    assert (found["user_id"], found["customer_id"]) == (user, customer)
    return dict(found)


def tables() -> Any:
    return Snapshots(settings()).take()


def test_a_customer_is_linked_with_what_was_bought(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    subscription = app.subscribe(customer)
    found = brought(operator, "ann", customer)
    assert (found["outcome"], found["subscriptions"], found["purchases"]) == ("imported", 1, 0)
    assert (found["left_out"], found["detail"]) == ([], "")
    assert shop.features("ann") == PRO
    account = shop.account("ann")
    assert (account.customer_id, list(account.subscriptions)) == (customer, [subscription])
    assert account.revision == 1
    (line,) = operator.get("accounts/demo/ann/history").body["history"]
    assert (line["cause_type"], line["cause_name"]) == ("operator", "import")
    assert (line["actor"], line["reason"]) == ("Ada", "ticket 4711")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("quantity", ({"seats": 3, "quota": 50}, (1, 0))),
        ("two", ({"export": True, "seats": 2, "quota": 100}, (2, 0))),
        ("trialing", (PRO, (1, 0))),
        ("canceling", (PRO, (1, 0))),
        ("canceled", ({}, (1, 0))),
        ("past_due", (PRO, (1, 0))),
        ("unpaid", ({}, (1, 0))),
        ("bought", ({"export": True}, (0, 1))),
        ("refunded", ({}, (0, 1))),
        ("period_refunded", ({}, (1, 0))),
        ("disputed", ({"export": True}, (0, 1))),
        ("nothing", ({}, (0, 0))),
    ],
)
def test_each_kind_of_customer_may_use_what_was_bought(
    shop: Shop,
    operator: Operator,
    app: OldApp,
    kind: str,
    told: tuple[Json, tuple[int, int]],
) -> None:
    features, counts = told
    customer = app.customer()
    app.kinds()[kind](customer)
    found = brought(operator, "ann", customer)
    assert (found["outcome"], found["subscriptions"], found["purchases"]) == ("imported", *counts)
    assert shop.features("ann") == features
    assert brought(operator, "ann", customer)["outcome"] == "already"
    assert len(operator.get("accounts/demo/ann/history").body["history"]) == 1
    assert reconciled(operator)["counts"] == {}


def reconciled(operator: Operator) -> Json:
    """What a dry run finds that differs."""
    path = "/api/v1/admin/reconcile"
    body = {"project_id": "demo", "dry_run": True}
    started = call(reconciliation, request("POST", path, json_body=body, key=operator.key))
    run_id = started.body["run_id"]
    report: Json = call(reconciliation, request("GET", f"{path}/{run_id}", key=operator.key)).body
    assert report["status"] == "completed", report
    return {**report, "counts": {k: v for k, v in report["counts"].items() if v}}


def test_what_the_catalog_does_not_have_is_listed_and_taken_later(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    known, unknown = app.subscribe(customer), app.subscribe(customer, "unknown")
    found = brought(operator, "ann", customer)
    assert (found["outcome"], found["subscriptions"]) == ("incomplete", 1)
    (left,) = found["left_out"]
    assert (left["object_id"], left["reason"]) == (unknown, "unknown_price")
    assert app.prices["unknown"] in left["detail"]
    assert shop.features("ann") == PRO
    assert brought(operator, "ann", customer)["outcome"] == "incomplete"
    shop.add_product("theme", {"theme": "dark"}, app.prices["unknown"])
    shop.restart()
    assert brought(operator, "ann", customer)["outcome"] == "imported"
    assert shop.features("ann") == {**PRO, "theme": "dark"}
    assert set(shop.account("ann").subscriptions) == {known, unknown}


def test_what_happens_afterwards_at_stripe_is_followed(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    subscription = app.subscribe(customer)
    brought(operator, "ann", customer)
    shop.stripe.advance(seconds=5)
    app.subscribe(customer, "seat", quantity=4)
    app.client.v1.subscriptions.cancel(subscription)
    shop.deliver_all()
    assert shop.features("ann") == {"seats": 4, "quota": 50}


def test_what_stripe_told_before_is_none_the_better_for_it(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    subscription = app.subscribe(customer)
    shop.stripe.advance(seconds=5)
    app.client.v1.subscriptions.cancel(subscription)
    shop.stripe.advance(seconds=5)
    brought(operator, "ann", customer)
    before = shop.account("ann").subscriptions[subscription]
    shop.deliver_all()
    after = shop.account("ann").subscriptions[subscription]
    assert (after.status, after.ended_at) == (before.status, before.ended_at)
    assert shop.features("ann") == {}


def test_nothing_is_changed_at_stripe(shop: Shop, operator: Operator, app: OldApp) -> None:
    customer = app.customer()
    app.subscribe(customer)
    app.sell_once(customer)
    told = len(shop.stripe.events())
    brought(operator, "ann", customer)
    assert len(shop.stripe.events()) == told


def test_a_dry_run_tells_the_same_and_changes_nothing(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customers = [(user, customer) for _, user, customer in app.sell(len(app.kinds()))]
    before = tables()
    dry = bring(operator, *customers, dry_run=True).body
    assert tables() == before
    assert dry.pop("dry_run") is True
    real = bring(operator, *customers).body
    assert real.pop("dry_run") is False
    assert dry == real
    assert {each["outcome"] for each in real["customers"]} == {"imported", "incomplete"}


def test_a_customer_of_another_user_is_never_moved(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    app.subscribe(customer)
    brought(operator, "ann", customer)
    before = tables()
    found = brought(operator, "bob", customer)
    assert (found["outcome"], found["detail"]) == (
        "conflict",
        "the customer belongs to demo#ann",
    )
    assert tables() == before


def test_a_customer_that_names_another_account_of_ours_is_not_taken(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer(project_id="demo", user_id="bob")
    assert brought(operator, "ann", customer)["outcome"] == "conflict"
    of_its_own = app.customer(project_id="7", user_id="42")
    assert brought(operator, "ann", of_its_own)["outcome"] == "imported"


def test_a_subscription_that_names_another_account_of_ours_is_left(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    app.subscribe(customer, metadata={"project_id": "demo", "user_id": "bob"})
    found = brought(operator, "ann", customer)
    assert found["outcome"] == "incomplete"
    assert [left["reason"] for left in found["left_out"]] == ["belongs_to_other_account"]
    assert shop.features("ann") == {}


def test_a_second_customer_of_a_user_has_to_be_allowed(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    first, second = app.customer(), app.customer()
    app.subscribe(second, "seat", quantity=2)
    brought(operator, "ann", first)
    found = brought(operator, "ann", second)
    assert (found["outcome"], found["detail"]) == ("conflict", f"the user has {first}")
    allowed = brought(operator, "ann", second, may_have_several=True)
    assert allowed["outcome"] == "imported"
    assert shop.account("ann").customer_id == first
    assert shop.features("ann") == {"seats": 2, "quota": 50}


def test_one_that_stripe_does_not_have_is_not_found(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    gone = app.customer()
    app.client.v1.customers.delete(gone)
    for customer in ("cus_nobody", gone):
        assert brought(operator, "ann", customer)["outcome"] == "not_found"
    assert shop.account("ann").version == 0


def test_one_of_the_other_mode_is_not_found(shop: Shop, operator: Operator, app: OldApp) -> None:
    customer = app.customer()
    shop.stripe.state.customers.rows[customer]["livemode"] = True
    assert brought(operator, "ann", customer)["outcome"] == "not_found"


def test_one_thing_that_cannot_be_read_does_not_keep_back_the_others(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    app.subscribe(customer)
    misshapen = app.subscribe(customer, "seat")
    shop.stripe.state.subscriptions.rows[misshapen]["cancel_at"] = "tomorrow"
    found = brought(operator, "ann", customer)
    (left,) = found["left_out"]
    assert (left["object_id"], left["reason"]) == (misshapen, "unreadable")
    assert shop.features("ann") == PRO


def test_a_customer_with_very_much_is_taken_in_parts(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    subscriptions = {app.subscribe(customer, "seat") for _ in range(45)}
    found = brought(operator, "ann", customer)
    assert (found["outcome"], found["subscriptions"]) == ("imported", 45)
    assert set(shop.account("ann").subscriptions) == subscriptions
    assert shop.account("ann").revision == 5, "their invoices are as many again"
    assert brought(operator, "ann", customer)["outcome"] == "already"


class OneObjectATime(LambdaContext):
    """Where time is short as soon as anything was looked at."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 1_000


def brought_in_a_hurry(operator: Operator, customer: str, cursor: str | None) -> Json:
    named = {"user_id": "ann", "customer_id": customer, "cursor": cursor}
    body = {"project_id": "demo", "customers": [named], "reason": "ticket 4711"}
    path = "/api/v1/admin/accounts/import"
    event = request("POST", path, json_body=body, key=operator.key)
    (found,) = call(admin, event, OneObjectATime()).body["customers"]
    return dict(found)


def test_a_customer_with_too_much_for_one_request_is_gone_on_with_by_the_cursor(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    subscriptions = {app.subscribe(customer, price) for price in ("monthly", "seat", "unknown")}
    app.kinds()["refunded"](customer)
    app.kinds()["disputed"](customer)
    cursors: list[str | None] = [None]
    found = brought_in_a_hurry(operator, customer, None)
    while found["outcome"] == "later":
        assert found["cursor"] not in cursors, "each request gets on"
        cursors.append(found["cursor"])
        found = brought_in_a_hurry(operator, customer, found["cursor"])
    assert (found["outcome"], found["cursor"]) == ("already", None)
    at_stripe = [
        *app.client.v1.subscriptions.list({"customer": customer, "status": "all"}),
        *app.client.v1.checkout.sessions.list({"customer": customer}),
        *app.client.v1.invoices.list({"customer": customer, "status": "paid"}),
        *app.client.v1.charges.list({"customer": customer}),
    ]
    assert len(cursors) - 1 == len(at_stripe), "an object each"
    account = shop.account("ann")
    assert len(set(account.subscriptions) & subscriptions) == 2
    (left,) = brought(operator, "ann", customer)["left_out"]
    assert left["reason"] == "unknown_price"
    assert shop.account("ann") == account, "nothing was left to take"
    assert shop.features("ann") == {**PRO, "seats": 1}


def test_what_follows_on_further_pages_is_not_fetched_where_time_is_short(
    shop: Shop, operator: Operator, app: OldApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.adapters.stripe.calls.PAGE", 2)
    customer = app.customer()
    for _ in range(5):
        app.subscribe(customer, "seat")
    shop.stripe.add_fault(path="/v1/charges", status=503, times=9)
    found = brought_in_a_hurry(operator, customer, None)
    assert (found["outcome"], found["subscriptions"]) == ("later", 1)
    assert found["cursor"].startswith("subscriptions:sub_")


@pytest.mark.parametrize(
    "cursor", ["", "x", "subscriptions:", ":sub_1", "disputes:dp_1", "charges:a b", "charges:é"]
)
def test_a_cursor_that_no_answer_gave_is_refused(
    shop: Shop, operator: Operator, cursor: str
) -> None:
    named = {"user_id": "ann", "customer_id": "cus_1", "cursor": cursor}
    body = {"project_id": "demo", "customers": [named], "reason": "ticket"}
    answer = operator.post("accounts/import", body)
    assert answer.status == 422
    assert [error["field"] for error in answer.body["errors"]] == ["customers[0].cursor"]


def test_figures_have_what_was_paid_and_given_back_before_on_its_days(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customer = app.customer()
    app.subscribe(customer)
    shop.stripe.advance(days=40)
    app.client.v1.refunds.create({"charge": app.charge_of(customer), "amount": 500})
    shop.stripe.advance(days=5)
    app.client.v1.refunds.create({"charge": app.charge_of(customer), "amount": 200})
    shop.stripe.advance(days=20)
    assert brought(operator, "ann", customer)["outcome"] == "imported"
    expected: dict[tuple[str, str], int] = {}
    for kind, rows, at, amount in (
        ("paid", app.client.v1.charges.list().data, "created", "amount"),
        ("refunded", app.client.v1.refunds.list().data, "created", "amount"),
    ):
        for row in rows:
            day = datetime.fromtimestamp(row[at], UTC)
            named = f"{day:%Y-%m}", f"{kind}:usd:{day:%d}"
            expected[named] = expected.get(named, 0) + row[amount]
    money = {
        (place, name): int(value)
        for place, figures in contribution(shop.account("ann"), composition.now()).items()
        for name, value in figures.items()
        if name.partition(":")[0] in ("paid", "refunded")
    }
    assert money == expected
    assert len(money) >= 4
    again = brought(operator, "ann", customer)
    assert again["outcome"] == "already"


def test_trouble_at_stripe_leaves_the_rest_for_later(
    shop: Shop, operator: Operator, app: OldApp
) -> None:
    customers = [(user, customer) for _, user, customer in app.sell(3)]
    shop.stripe.add_fault(path=f"/v1/customers/{customers[1][1]}", status=503, times=9)
    told = bring(operator, *customers).body["customers"]
    assert [each["outcome"] for each in told] == ["imported", "later", "later"]
    status, body, headers = bring(operator, *customers[1:])
    assert (status, body["code"]) == (503, "stripe_unavailable")
    assert int(headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda b: b["customers"][0].update(user_id=""), "customers[0].user_id"),
        (lambda b: b["customers"][0].update(customer_id="no id"), "customers[0].customer_id"),
        (lambda b: b["customers"][0].update(customer_id=".."), "customers[0].customer_id"),
        (lambda b: b.update(customers=[]), "customers"),
        (lambda b: b.update(customers=b["customers"] * 26), "customers"),
        (lambda b: b.update(reason=""), "reason"),
        (lambda b: b.update(force=True), "force"),
    ],
)
def test_bad_input_is_refused(
    shop: Shop, operator: Operator, change: Callable[[Json], None], field: str
) -> None:
    body = {
        "project_id": "demo",
        "customers": [{"user_id": "ann", "customer_id": "cus_1"}],
        "reason": "ticket",
    }
    change(body)
    answer = operator.post("accounts/import", body)
    assert answer.status == 422
    assert [error["field"] for error in answer.body["errors"]] == [field]


def test_an_unknown_project_has_no_customers(shop: Shop, operator: Operator) -> None:
    assert bring(operator, ("ann", "cus_1"), project_id="nobody").status == 404
