"""`make import` of customers of every kind, killed again and again; `tests/soak` has a thousand."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from billing.settings import settings
from functions.admin.handler import lambda_handler
from local.importing.file import read
from local.importing.sender import Sender, Stopped
from tests.support.brought import OldApp, prices_of
from tests.support.importing import Importer
from tests.support.interruptions import Killed, When, interruptions
from tests.support.migration import Migration
from tests.support.requests import Event, LambdaContext, call, request
from tests.support.served import served
from tests.support.shop import STRIPE_KEY, Shop
from tests.support.snapshot import Snapshots

KINDS = 15
"""As `OldApp.kinds` has them, so that every kind is there twice."""


class OneObjectATime(LambdaContext):
    """Where time is short as soon as anything was looked at."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 1_000


def tables() -> Any:
    return Snapshots(settings()).take()


@pytest.fixture
def migration(shop: Shop, tmp_path: Path) -> Migration:
    """Customers of every kind."""
    return Migration.of(shop, tmp_path, 2 * KINDS)


def test_killed_at_each_request_none_is_lost_and_none_doubled(migration: Migration) -> None:
    said, _ = migration.import_killed(before=(1, 3, 5), after=(2, 4, 6, 8))
    assert migration.killed == 7
    assert "4 incomplete" in said
    migration.assert_none_lost_none_doubled()
    failed = migration.file.with_name("customers.failed.csv").read_text().splitlines()
    assert len(failed) == 5
    assert all("unknown_price" in line or "does not have" in line for line in failed[1:])
    migration.assert_again_changes_nothing(tables)


def test_a_dry_run_tells_what_would_be_and_changes_nothing(migration: Migration) -> None:
    before = tables()
    with served(lambda_handler) as service:
        importer = Importer(migration.file, "demo", service.url, migration.shop.admin_key)
        status, said, _ = importer.run("--dry-run")
    assert status == 1
    assert "30 customers would be:" in said
    assert "26 imported" in said
    assert "4 incomplete" in said
    assert "the catalog of 'demo' does not have price_" in said
    assert (tables(), importer.journal) == (before, [])


def test_passing_trouble_is_waited_for(migration: Migration) -> None:
    waits: list[float] = []
    with served(lambda_handler) as service:
        service.answers = [503, 429]
        sender = Sender(
            *(service.url, migration.shop.admin_key, "demo", "ticket"),
            dry_run=False,
            may_have_several=False,
            wait=waits.append,
        )
        results = [result for some in sender.send(read(migration.file)) for result in some]
    assert (service.count, waits) == (4, [7, 7])
    assert [result["user_id"] for result in results] == [user for _, user, _ in migration.customers]
    migration.assert_none_lost_none_doubled()


def test_trouble_that_does_not_pass_ends_it_in_time(migration: Migration) -> None:
    waits: list[float] = []
    with served(lambda_handler) as service:
        service.answers = [502] * 99
        sender = Sender(
            *(service.url, migration.shop.admin_key, "demo", "ticket"),
            dry_run=False,
            may_have_several=False,
            wait=waits.append,
        )
        with pytest.raises(Stopped, match="line 2"):
            list(sender.send(read(migration.file)))
    assert (service.count, len(waits)) == (8, 7)
    assert waits == sorted(waits)
    gone = Sender(service.url, "k", "demo", "t", False, False, wait=waits.append)
    with pytest.raises(Stopped, match="nobody answers"):
        list(gone.send(read(migration.file)))


def test_one_customer_at_which_nothing_gets_on_is_left_behind(migration: Migration) -> None:
    """Of two beside each other, and of the last of all, too."""
    customers = [customer for _, _, customer in migration.customers]
    bad = {customers[7], customers[8], customers[-1]}

    def handler(event: Event, context: Any) -> dict[str, Any]:
        body = json.loads(event["body"])
        asked = [each["customer_id"] for each in body["customers"]]
        if asked[0] in bad:
            return {"statusCode": 503, "body": '{"detail": "it takes too long"}'}
        well = [*itertools.takewhile(lambda id_: id_ not in bad, asked)]
        body["customers"] = body["customers"][: len(well)]
        return lambda_handler({**event, "body": json.dumps(body)}, context)

    with served(handler) as service:
        sender = Sender(
            *(service.url, migration.shop.admin_key, "demo", "ticket"),
            dry_run=False,
            may_have_several=False,
            wait=lambda _seconds: None,
        )
        results = [result for some in sender.send(read(migration.file)) for result in some]
    assert [result["customer_id"] for result in results] == customers
    left = [result for result in results if result["outcome"] == "stuck"]
    assert {result["customer_id"] for result in left} == bad
    assert {result["detail"] for result in left} == {"503: it takes too long"}


def test_a_customer_in_several_parts_is_one_result(migration: Migration) -> None:
    def outcomes(context: Any, *, dry_run: bool) -> list[str]:
        with served(lambda event, _: lambda_handler(event, context)) as service:
            sender = Sender(
                *(service.url, migration.shop.admin_key, "demo", "ticket"),
                dry_run=dry_run,
                may_have_several=False,
                wait=lambda _seconds: None,
            )
            results = [result for some in sender.send(read(migration.file)) for result in some]
        assert [r["user_id"] for r in results] == [user for _, user, _ in migration.customers]
        assert [len(r["left_out"]) for r in results if r["left_out"]] == [1] * 4
        return [r["outcome"] for r in results]

    assert outcomes(OneObjectATime(), dry_run=True).count("incomplete") == 4
    assert outcomes(OneObjectATime(), dry_run=False).count("incomplete") == 4
    before = tables()
    assert set(outcomes(LambdaContext(), dry_run=False)) == {"already", "incomplete"}
    assert tables() == before, "it was whole"


@pytest.mark.parametrize("answer", [401, 403, 404, 422])
def test_what_does_not_pass_ends_it_at_once(migration: Migration, answer: int) -> None:
    with served(lambda_handler) as service:
        importer = Importer(migration.file, "demo", service.url, migration.shop.admin_key)
        service.answers = [answer]
        status, _, complained = importer.run()
    assert (status, service.count) == (1, 1)
    assert f"({answer}): so it is" in complained


def test_a_bad_line_sends_nothing(migration: Migration) -> None:
    migration.file.write_text(migration.file.read_text() + "carl\n")
    with served(lambda_handler) as service:
        importer = Importer(migration.file, "demo", service.url, migration.shop.admin_key)
        status, _, complained = importer.run()
    assert (status, service.count) == (1, 0)
    assert "line 32: has not the two columns" in complained


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_the_service_has_all_or_nothing(shop: Shop, when: When) -> None:
    app = OldApp.at(shop.stripe.url, STRIPE_KEY, prices_of(shop.catalog))
    customer = app.customer()
    app.kinds()["two"](customer)
    app.sell_once(customer)
    body = {
        "project_id": "demo",
        "reason": "ticket",
        "customers": [{"user_id": "ann", "customer_id": customer}],
    }
    event = request(
        "POST", "/api/v1/admin/accounts/import", body=json.dumps(body), key=shop.admin_key
    )
    snapshots = Snapshots(settings())
    empty = snapshots.take()
    assert call(lambda_handler, event).body["customers"][0]["outcome"] == "imported"
    whole = snapshots.take()
    for fatal in itertools.count(1):
        snapshots.restore(empty)
        shop.restart()
        try:
            with interruptions.counted(fatal, when):
                call(lambda_handler, event)
        except Killed:
            shop.restart()
        else:
            break  # there is no such call any more
        assert snapshots.take() in (empty, whole)
        (again,) = call(lambda_handler, event).body["customers"]
        assert again["outcome"] in ("imported", "already")
        assert snapshots.take() == whole
    assert fatal > 6
