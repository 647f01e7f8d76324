"""However Stripe's events come in - shuffled, twice, late, old-fashioned - all ends alike.

While Stripe's clock goes with the service's, what happens within one second is told by events of
that very second.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.support.e2e import Json, Service, a_user, at_once, eventually

pytestmark = pytest.mark.clocks_agree


def a_life(service: Service, user: str) -> None:
    """Buy by the month and for life; cancel the month, come back, switch to the year."""
    service.buy(user)
    service.buy(user, "lifetime")
    portal = service.portal(user)
    service.press(portal, "cancel")
    service.press(portal, "resume")
    service.press(portal, "switch", price=service.prices["pro_yearly"])


NO_MATTER = frozenset(
    {
        *("id", "source_id", "subscription_id", "customer_id", "user_id", "timeline"),
        *("first_seen", "as_of", "started_at", "valid_from", "valid_to", "period_start"),
        *("period_end", "paid_at", "checked_at", "updated_at", "revision"),
    }
)
"""Ids and times, which differ between any two users."""


def outcome(service: Service, user: str) -> Json:
    """What a user ended with, comparable between users."""
    seen = service.account(user)["account"]
    return {
        "entitlements": _bare(service.entitlements(user)["entitlements"]),
        "subscriptions": [_bare(each, "status", "items") for each in seen["subscriptions"]],
        "purchases": len(seen["purchases"]),
        "days": _days(service, user),
    }


def _bare(value: Any, *only: str) -> Any:
    if isinstance(value, dict):
        return {
            name: _bare(part)
            for name, part in value.items()
            if name not in NO_MATTER and (not only or name in only)
        }
    if isinstance(value, list):
        return sorted((_bare(part) for part in value), key=str)
    return value


def _days(service: Service, user: str) -> list[int | None]:
    """How many days the access of each source lasts."""
    return sorted(
        (
            source["valid_to"]
            and round(
                (_instant(source["valid_to"]) - _instant(source["valid_from"])).total_seconds()
                / 86_400
            )
            for entitlement in service.entitlements(user)["entitlements"]
            for source in entitlement["sources"]
        ),
        key=str,
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def expected(service: Service) -> Json:
    """How a life ends whose events come in one by one, in order."""
    user = a_user("orderly")
    a_life(service, user)
    service.heard(service.account(user)["account"]["customer_id"])
    ended = outcome(service, user)
    assert {each["feature_code"]: each["value"] for each in ended["entitlements"]} == {
        "devices": 5,
        "export": True,
        "sync": True,
    }
    assert len(ended["subscriptions"]) == ended["purchases"] == 1
    return ended


def test_any_permutation_ends_in_the_same_state(service: Service, expected: Json) -> None:
    users = [a_user(f"shuffled{number}") for number in range(5)]
    service.fake("webhooks/hold")
    try:
        at_once(lambda user: a_life(service, user), users)
        assert [service.features(user) for user in users] == [{}] * len(users)
    finally:
        order = service.fake("webhooks/release", seed=4711)["released"]
    assert len(order) > 10 * len(users)
    service.fake("webhooks/wait", timeout=30)
    for user in users:
        service.heard(service.account(user)["account"]["customer_id"])
        assert outcome(service, user) == expected, order


def test_backwards_ends_in_the_same_state(service: Service, expected: Json) -> None:
    user = a_user("backwards")
    with service.disturbed(drop=True):
        a_life(service, user)
    customer = service.account(user)["account"]["customer_id"]
    for event in reversed(service.events_of(customer)):
        service.post_event(event).ok()
    service.heard(customer)
    assert outcome(service, user) == expected


DISTURBANCES: dict[str, dict[str, Any]] = {
    "duplicated": {"duplicate": 3},
    "reordered": {"reorder": True, "seed": 7},
    "delayed": {"delay": 0.3},
    "all of it": {"duplicate": 2, "reorder": True, "delay": 0.2, "seed": 8},
    "of 2024": {"version": "2024-06-20"},
    "of 2022": {"version": "2022-11-15"},
    "of 2020": {"version": "2020-08-27"},
    "old and disturbed": {"version": "2024-06-20", "duplicate": 1, "reorder": True, "seed": 9},
}


@pytest.mark.parametrize("kind", DISTURBANCES)
def test_disturbed_deliveries_end_in_the_same_state(
    service: Service, expected: Json, kind: str
) -> None:
    user = a_user("disturbed")
    with service.disturbed(**DISTURBANCES[kind]):
        a_life(service, user)
    service.heard(service.account(user)["account"]["customer_id"])
    assert outcome(service, user) == expected


SURVIVORS = ("checkout.session.completed", "invoice.paid", "customer.subscription.updated")


@pytest.mark.parametrize("survivor", SURVIVORS)
def test_one_event_of_a_purchase_is_enough(service: Service, survivor: str) -> None:
    user = a_user("lossy")
    with service.disturbed(drop=True):
        service.buy(user)
    customer = service.account(user)["account"]["customer_id"]
    (event,) = service.events_of(customer, survivor)
    service.post_event(event).ok()
    found = eventually(lambda: service.features(user))
    assert found == {"devices": 5, "export": True, "sync": True}
