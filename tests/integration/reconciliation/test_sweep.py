"""Events that Stripe did not deliver."""

from __future__ import annotations

from billing.domain.account import AccountKey
from billing.stores import account_store
from tests.support.shop import Shop

from .conftest import EventsQueue, Operator


def _live_a_day(shop: Shop) -> None:
    """What happens while nobody listens: sales, a refund, a cancellation."""
    shop.buy("u1")
    shop.stripe.advance(days=0.4)
    once = shop.buy("u2", "once")
    session = shop.buy("u3", "seat", quantity=3)
    shop.stripe.advance(days=0.4)
    shop.client.v1.subscriptions.cancel(session["subscription"])
    shop.refund(once["payment_intent"])


def test_what_was_dropped_joins_the_queue_once(
    shop: Shop, operator: Operator, queue: EventsQueue
) -> None:
    shop.buy("u1")
    first, *rest = shop.events()
    shop.deliver([first])
    report = operator.run(dry_run=True)
    assert report["events_swept"] == len(rest)
    assert queue.drain() == []
    assert operator.run()["events_swept"] == len(rest)
    assert {event["id"] for event in queue.drain()} == {event["id"] for event in rest}
    assert operator.run()["events_swept"] == 0
    assert all(account_store().ledger_entry(event["id"]) for event in shop.events())


def test_an_endpoint_that_was_off_for_a_day_ends_as_if_it_had_been_on(
    shop: Shop, operator: Operator, queue: EventsQueue
) -> None:
    _live_a_day(shop)
    users = ("u1", "u2", "u3")
    shop.deliver_all()
    on = {user: (shop.entitlements(user)["entitlements"]) for user in users}
    for user in users:
        shop.forget(user)
    shop.stripe.advance(seconds=60)
    operator.run()
    assert {event["id"] for event in shop.events()} <= {event["id"] for event in queue.drain()}
    off = {user: (shop.entitlements(user)["entitlements"]) for user in users}
    assert {user: [e["feature_code"] for e in es] for user, es in off.items()} == {
        user: [e["feature_code"] for e in es] for user, es in on.items()
    }
    assert operator.run()["counts"] == dict.fromkeys(operator.run()["counts"], 0)


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


def test_a_late_event_changes_nothing_that_was_repaired(
    shop: Shop, operator: Operator, queue: EventsQueue
) -> None:
    shop.buy("u1")
    shop.stripe.advance(seconds=60)
    operator.run()
    repaired = shop.features("u1")
    queue.drain()
    assert shop.features("u1") == repaired
    assert account_store().load(AccountKey("demo", "u1")).revision >= 1
