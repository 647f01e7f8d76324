"""Events that Stripe did not deliver."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from billing.adapters.stripe import calls
from billing.domain.account import AccountKey
from billing.services.sweep_events import WAITS
from billing.settings import Settings
from billing.stores import account_store
from functions.reconciliation import background
from tests.support.shop import Shop
from tests.support.snapshot import Snapshots

from .conftest import EventsQueue, Operator

Tables = dict[str, list[dict[str, Any]]]

HOW_IT_WAS_HEARD = {
    "updated_at": "the account's last write",
    "first_seen": "by our clock",
    "paid_seen": "by our clock",
    "as_of": "events of one second are a tie, for which Stripe is asked how it stands now, ...",
    "event_id": "... so who hears of them late knows the newest state from the first of them, ...",
    "timeline": "... has a moment of it, ...",
    "revision": "... and finds the later ones stale",
}
"""All in which an account that was heard of late may differ from one that was heard of in time."""


@pytest.fixture
def emptied(queue: EventsQueue, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """While a run waits, the queue is emptied, as in production; the events that it had."""
    taken: list[dict[str, Any]] = []
    monkeypatch.setattr(background, "sleep", lambda _seconds: taken.extend(queue.drain()))
    return taken


def test_what_was_dropped_joins_the_queue_once(
    shop: Shop, operator: Operator, queue: EventsQueue
) -> None:
    shop.buy("u1")
    first, *rest = shop.events()
    shop.deliver([first])
    report = operator.run(dry_run=True)
    assert report["events_swept"] == len(rest)
    assert (queue.drain(), queue.waits) == ([], [])
    assert operator.run()["events_swept"] == len(rest)
    assert [event["id"] for event in queue.drain()] == [event["id"] for event in rest]
    assert operator.run()["events_swept"] == 0
    assert all(account_store().ledger_entry(event["id"]) for event in shop.events())


def _a_day(shop: Shop, sessions: dict[str, str]) -> Iterator[None]:
    """What happens in a day: sales, changes, cancellations, refunds, a dispute; one at a time."""
    client, paid = shop.client.v1, dict[str, dict[str, Any]]()
    for user, session in sessions.items():
        shop.stripe.advance(seconds=3000)
        paid[user] = shop.stripe.pay(session)
        yield
    item = client.subscriptions.retrieve(paid["seats"]["subscription"])["items"]["data"][0]["id"]
    intent = paid["disputes"]["payment_intent"]
    charge = next(shop.stripe.state.charges.where(payment_intent=intent))["id"]
    deeds: list[Callable[[], object]] = [
        lambda: client.subscriptions.update(
            paid["seats"]["subscription"], {"items": [{"id": item, "quantity": 5}]}
        ),
        lambda: client.subscriptions.update(
            paid["leaves later"]["subscription"], {"cancel_at_period_end": True}
        ),
        lambda: client.subscriptions.cancel(paid["leaves"]["subscription"]),
        lambda: shop.refund(paid["part back"]["payment_intent"], 100),
        lambda: shop.refund(paid["all back"]["payment_intent"]),
        lambda: shop.control(f"charges/{charge}/dispute"),
    ]
    for deed in deeds:
        shop.stripe.advance(seconds=3000)
        deed()
        yield


@pytest.fixture(params=[7, 100])
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much Stripe lists at once: what happened in that day fits, or does not."""
    size: int = request.param
    monkeypatch.setattr(calls, "PAGE", size)
    return size


SOLD = {
    "stays": "pro_monthly",
    "seats": "seat",
    "leaves": "pro_monthly",
    "leaves later": "pro_monthly",
    "part back": "once",
    "all back": "once",
    "disputes": "once",
}


def test_an_endpoint_that_was_off_for_a_day_ends_as_if_it_had_been_on(
    shop: Shop,
    operator: Operator,
    deployment: Settings,
    emptied: list[dict[str, Any]],
    page: int,
) -> None:
    snapshots = Snapshots(deployment)
    sessions = {user: shop.checkout(user, price).body["session_id"] for user, price in SOLD.items()}
    shop.deliver_all()
    morning, heard = snapshots.take(), len(shop.events())
    for _ in _a_day(shop, sessions):
        events = shop.events()
        assert shop.deliver(events[heard:]) == []
        heard = len(events)
    in_time = snapshots.take()
    features = {user: shop.features(user) for user in SOLD}

    shop.stripe.advance(seconds=60)
    snapshots.restore(morning)
    assert not any(shop.features(user) for user in SOLD)
    shop.deliver_all()
    late = snapshots.take()

    snapshots.restore(morning)
    report = operator.run()
    missed = shop.events()[len(shop.events()) - report["events_swept"] :]
    assert [event["id"] for event in emptied] == [event["id"] for event in missed]
    assert len(emptied) > 30
    assert (report["drifted"], report["repaired"], report["differences"]) == (0, 0, [])
    swept = _without_the_run(snapshots.take(), deployment)
    assert swept == late  # in everything
    assert _substance(swept, deployment) == _substance(in_time, deployment)
    assert {user: shop.features(user) for user in SOLD} == features


def _without_the_run(tables: Tables, deployment: Settings) -> Tables:
    """What is remembered beside the run itself, and beside the figures, which a run counts anew."""
    ledger = tables[deployment.ledger_table]
    kept = [item for item in ledger if not item["pk"]["S"].startswith(("run#", "watermark#"))]
    figures = {deployment.metrics_table: list[Any]()}
    return {**tables, deployment.ledger_table: kept, **figures}


def _substance(tables: Tables, deployment: Settings) -> dict[str, list[Any]]:
    """All but how it was heard; of the ledger and of histories, what was heard and of whom."""
    lines = [json.loads(item["data"]["S"]) for item in tables[deployment.history_table]]
    entries = tables[deployment.ledger_table]
    assert all("parked" not in entry for entry in entries)
    return {
        "accounts": [_timeless(item) for item in tables[deployment.accounts_table]],
        "pointers": tables[deployment.pointers_table],
        "ledger": [(entry["pk"], entry.get("account")) for entry in entries],
        "history": [[line[k] for k in ("key", "version", "cause_id", "actor")] for line in lines],
    }


def _timeless(value: Any) -> Any:
    if isinstance(value, list):
        return [_timeless(part) for part in value]
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in HOW_IT_WAS_HEARD}
    if isinstance(value, str) and value.startswith(("{", "[")):
        return _timeless(json.loads(value))
    return value


def test_what_nobody_hears_is_waited_for_in_vain_and_repaired(
    shop: Shop, operator: Operator, queue: EventsQueue
) -> None:
    shop.buy("u1")
    shop.stripe.advance(seconds=60)
    report = operator.run()
    assert queue.waits == list(WAITS)
    assert (report["counts"]["missing_here"], report["repaired"]) == (1, 1)
    repaired = shop.features("u1")
    assert len(queue.drain()) == report["events_swept"]
    assert shop.features("u1") == repaired
    assert account_store().load(AccountKey("demo", "u1")).revision >= 1


def test_waiting_begins_anew_whenever_some_of_it_was_heard(
    shop: Shop, operator: Operator, queue: EventsQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.buy("u1")
    events, waits = shop.events(), list[float]()

    def hear_one(seconds: float) -> None:
        waits.append(seconds)
        if events and len(waits) % 3 == 0:
            shop.deliver([events.pop(0)])

    monkeypatch.setattr(background, "sleep", hear_one)
    report = operator.run()
    assert report["events_swept"] == len(waits) / 3
    assert set(waits) == set(WAITS[:3])
    assert report["drifted"] == 0


def test_the_watermark_moves_only_with_a_run_of_everything(
    shop: Shop, operator: Operator, queue: EventsQueue
) -> None:
    shop.buy("u1")
    shop.stripe.advance(days=1)
    assert operator.run(project_id="demo")["events_swept"] == 0
    operator.run(dry_run=True)
    report = operator.run()
    assert report["events_swept"] > 0
    queue.drain()
    shop.stripe.advance(days=1)
    shop.buy("u2")
    later = operator.run()
    assert later["events_swept"] > 0
    assert later["phases"]["events"] == later["events_swept"]  # none from before the watermark
