"""Who an operator is, and whose an id is."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from billing.adapters.dynamo.counts import RequestCounts
from billing.adapters.dynamo.models import RunItem
from billing.adapters.dynamo.runs import RunStore
from billing.domain.drift import Difference, Drift
from billing.domain.rate import Hour
from billing.domain.runs import Run
from billing.domain.shards import Findings, Shard, Stage
from billing.settings import settings
from functions.admin.paging import next_cursor
from tests.integration.admin.conftest import Operator
from tests.integration.admin.hearing import heard
from tests.support.builders import a_purchase, a_subscription
from tests.support.clock import Clock
from tests.support.world import World, a_world


@pytest.fixture
def demo(clock: Clock) -> World:
    """A project with everything that builders speak of, since before START."""
    return a_world("demo")


@pytest.fixture
def ada(demo: World) -> Operator:
    return Operator(demo.admin_key)


def test_an_operator_is_told_whose_key_it_is(ada: Operator) -> None:
    status, body, _ = ada.get("me")
    assert (status, body["stage"]) == (200, "dev")
    assert body["name"]
    assert body["key_id"].startswith("key_")


def test_an_account_is_found_by_every_id_that_is_its_own(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    heard("evt_2", a_purchase(), clock)
    order = {"project_id": "demo", "user_id": "user-1", "feature_code": "theme", "value": "dark"}
    grant_id = ada.post("grant", {**order, "reason": "asked for it"}).body["grant_id"]
    for id_ in ("cus_1", "sub_1", "pi_1", grant_id, "evt_1", grant_id.replace("grant_", "op_")):
        status, body, _ = ada.get("lookup", id=id_)
        assert (status, body) == (200, {"id": id_, "project_id": "demo", "user_id": "user-1"}), id_


@pytest.mark.parametrize("id_", ["sub_none", "user-1", "x" * 5000, "demo#user-1", " "])
def test_an_id_of_nobody_is_not_found(ada: Operator, id_: str) -> None:
    status, body, _ = ada.get("lookup", id=id_)
    assert (status, body["code"]) == (404, "not_found")


def test_an_id_is_needed_and_nothing_else_is_taken(ada: Operator) -> None:
    assert ada.get("lookup").body["errors"] == [{"field": "id", "message": "is needed"}]
    assert ada.get("lookup", id="sub_1", project_id="demo").status == 422
    assert ada.get("me", id="sub_1").status == 422


def test_what_shares_the_ledgers_table_is_no_entry_of_it(ada: Operator, clock: Clock) -> None:
    """Runs, their parts and counters have keys that an operator can write."""
    runs, shard = RunStore(settings()), Shard("run_1", Stage.EVENTS)
    found = Difference(Drift.ORPHANED, "sub_1")
    runs.begin(Run("run_1", "Ada", clock.at))
    runs.checkpoint(shard, clock.at)
    runs.put_page(shard, Findings("events", 1, (found,)), clock.at)
    runs.note_reports([found], clock.at)
    runs.move_watermark("events", clock.at)
    RequestCounts(settings()).add("management#key_1", Hour.of(clock.at))
    keys = [item.pk for item in RunItem.scan(attributes_to_get=["pk"])]
    kinds = {key.partition("#")[0] for key in keys}
    assert kinds == {"run", "report", "watermark", "requests"}
    why = {"reason": "to see"}
    whose = {"project_id": "demo", "user_id": "user-1", **why}
    for key in keys:
        path = f"events/{quote(key, safe='')}"
        for answer in (
            ada.get("lookup", id=key),
            ada.get(path),
            ada.post(f"{path}/replay"),
            ada.post(f"{path}/dismiss", why),
            ada.post(f"{path}/link", whose),
        ):
            assert answer.status == 404, key
        cursor = next_cursor(key.removeprefix("run#")) or ""
        listed = ada.get("reconcile", cursor=cursor)
        assert listed.status == (200 if key == "run#run_1" else 422), key
