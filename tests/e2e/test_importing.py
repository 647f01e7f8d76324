"""`make import` against the running stack, killed and resumed; then events find their way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.brought import OldApp
from tests.support.e2e import STRIPE_KEY, Service, a_user, eventually
from tests.support.importing import Importer

pytestmark = pytest.mark.clocks_agree

SIZE = 45
FAILING = 6
"""Of 45 customers of 15 kinds, those of two kinds have something that is in no catalog."""

WITHOUT_ACCESS = {"canceled", "unpaid", "refunded", "period_refunded", "nothing", "unknown"}


@pytest.fixture
def app(service: Service) -> OldApp:
    """An app that sold the demo project's prices by itself."""
    monthly, yearly = service.prices["pro_monthly"], service.prices["pro_yearly"]
    prices = {"monthly": monthly, "yearly": yearly, "seat": monthly}
    prices["once"] = service.prices["lifetime"]
    return OldApp.at(service.stack["stripe_url"], STRIPE_KEY, prices)


def test_customers_are_imported_by_an_importer_that_is_killed(
    service: Service, app: OldApp, tmp_path: Path, record_property: Any
) -> None:
    prefix = a_user("old")
    customers = [(kind, f"{prefix}-{user}", customer) for kind, user, customer in app.sell(SIZE)]
    service.caught_up()  # what was sold is parked now: nobody knows the customers
    file = tmp_path / "customers.csv"
    file.write_text("".join(f"{user},{customer}\n" for _, user, customer in customers))
    importer = Importer(file, service.project_id, service.stack["api_url"], service.admin_key)
    status, said, complained = importer.run("--dry-run")
    assert (status, f"{SIZE - FAILING} imported" in said) == (1, True), (said, complained)

    started = time.monotonic()
    importer.start()
    first = customers[0][1]
    eventually(lambda: service.features(first))  # it is at work
    importer.kill()
    importer.end()
    status, said, complained = importer.run()
    record_property(f"import of {SIZE}, killed once", f"{time.monotonic() - started:.1f} s")
    assert status == 1, (said, complained)
    assert f"{FAILING} incomplete" in said
    through = ("imported", "already")
    failed = {r["user_id"] for r in importer.journal if r["outcome"] not in through}
    assert len(failed) == FAILING  # told once or, where the kill came after, twice
    for kind, user, customer in customers:
        view = service.account(user)
        told = [line["cause_name"] for line in view["history"]]
        assert told.count("import") == 1, (kind, told)  # and what was on its way meanwhile
        assert bool(service.features(user)) == (kind not in WITHOUT_ACCESS), kind
        assert view["account"]["customer_id"] == customer

    status, said, complained = importer.run()
    assert f"{SIZE - FAILING} of {SIZE} are through already" in said
    kind, user, customer = customers[0]
    assert kind == "one"
    (subscription,) = service.account(user)["account"]["subscriptions"]
    service.stripe("DELETE", f"subscriptions/{subscription['id']}")
    eventually(lambda: service.features(user) == {})

    found_their_way = Counter(_replayed(service))
    assert found_their_way.total() - found_their_way["parked"] >= SIZE - FAILING, found_their_way
    assert not found_their_way["failed"]


def _replayed(service: Service) -> Iterator[str]:
    """Replay what was parked meanwhile, as the guide says; tell the outcomes."""
    path, body = "/api/v1/admin/events/replay", {"reason": "unmatched"}
    while True:
        page = service.call("POST", path, body, key=service.admin_key).ok()
        yield from (event["outcome"] for event in page["events"])
        if page["next_cursor"] is None:
            return
        body["cursor"] = page["next_cursor"]
