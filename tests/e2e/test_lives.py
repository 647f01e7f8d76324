"""Whole lives of purchases: what apps ask for, people press, banks decide and time brings.

Stripe's clock is advanced, the service's is not: what it would answer at Stripe's instant is what
the operators' view shows `at` that instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.e2e import Json, Service, a_user, eventually

PRO = {"devices": 5, "export": True, "sync": True}
LIFETIME = {"devices": 2, "export": True}
RENEWED = timedelta(hours=2)
"""Stripe charges a renewal an hour after the period turned."""


class Person:
    """A user of the demo app."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.id = a_user("person")

    # -- what the person does

    def buy(self, price: str = "pro_monthly", **fields: Any) -> str:
        return self.service.buy(self.id, price, **fields)

    def press(self, action: str, **fields: str) -> None:
        """Press a button in the customer portal."""
        assert self.service.press(self.service.portal(self.id), action, **fields).status == 303

    # -- what is so

    def comes_to_have(self, features: Json, *, at: str | None = None) -> None:
        """Wait until these are the features, now or at an instant of Stripe's clock."""
        eventually(lambda: self.has(at), lambda seen: seen == features)

    def has(self, at: str | None = None) -> Json:
        return self.service.features_at(self.id, at) if at else self.service.features(self.id)

    @property
    def account(self) -> Json:
        found: Json = self.service.account(self.id)["account"]
        return found

    @property
    def source(self) -> Json:
        """The one source of all that the person may use now."""
        found = self.service.entitlements(self.id)["entitlements"]
        sources = {str(source["source_id"]): source for each in found for source in each["sources"]}
        (source,) = sources.values()
        return dict(source)

    @property
    def subscription(self) -> Json:
        """The one subscription as Stripe has it."""
        listed = self.service.stripe("GET", f"subscriptions?customer={self.customer}&status=all")
        (found,) = listed["data"]
        return dict(found)

    @property
    def customer(self) -> str:
        return str(self.account["customer_id"])

    @property
    def charge(self) -> str:
        listed = self.service.stripe("GET", f"charges?customer={self.customer}")
        return str(listed["data"][0]["id"])

    def reason(self, feature: str = "export") -> str:
        query = {"user_id": self.id, "feature_code": feature}
        path = "/api/v1/entitlements/check"
        answer = self.service.call("GET", path, query=query, key=self.service.key).ok()
        return str(answer["reason"])

    def stands(self, status: str) -> None:
        """Wait until the account's subscription has this status."""

        def subscription() -> str:
            (held,) = self.account["subscriptions"]
            return str(held["status"])

        eventually(subscription, lambda seen: seen == status)

    def everything_is_heard(self) -> None:
        self.service.heard(self.customer)


@pytest.fixture
def person(service: Service) -> Iterator[Person]:
    yield Person(service)
    service.end_subscriptions()


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _period_end(subscription: Json) -> int:
    return int(subscription["items"]["data"][0]["current_period_end"])


def _until_period_end(service: Service, person: Person, and_further: timedelta) -> None:
    """Advance Stripe's clock to the end of the period, and a while beyond."""
    to = _period_end(person.subscription) + int(and_further.total_seconds())
    service.fake("clock/advance", to=to)


# -- subscriptions


def test_a_trial_gives_access_and_becomes_a_paid_subscription(
    service: Service, person: Person
) -> None:
    person.buy(trial_days=14)
    person.comes_to_have(PRO)
    person.stands("trialing")
    assert person.reason() == "trialing"
    assert service.stripe("GET", f"charges?customer={person.customer}")["data"] == []
    lasts = _instant(person.source["period_end"]) - _instant(service.now())
    assert timedelta(days=13, hours=23) < lasts <= timedelta(days=14)
    _until_period_end(service, person, RENEWED)
    person.stands("active")
    assert person.has(at=service.now()) == person.has(at=service.now(days=28)) == PRO
    assert person.reason() == "active"


def test_a_year_lasts_a_year(service: Service, person: Person) -> None:
    person.buy("pro_yearly")
    person.comes_to_have(PRO)
    assert person.has(at=service.now(days=364)) == PRO
    assert person.has(at=service.now(days=366, hours=30)) == {}
    leeway = _instant(person.source["valid_to"]) - _instant(person.source["period_end"])
    assert leeway == timedelta(days=1)


def test_renewals_carry_access_from_month_to_month(service: Service, person: Person) -> None:
    person.buy()
    person.comes_to_have(PRO)
    for _ in range(2):
        before = person.source["period_end"]
        assert person.has(at=service.now(days=34)) == {}
        _until_period_end(service, person, RENEWED)
        person.comes_to_have(PRO, at=service.now(days=20))
        month = _instant(person.source["period_end"]) - _instant(before)
        assert 28 <= month.days <= 31


def test_who_cancels_keeps_access_until_the_period_ends(service: Service, person: Person) -> None:
    person.buy()
    person.comes_to_have(PRO)
    person.press("cancel")
    eventually(lambda: person.source, lambda seen: seen["valid_to"] == seen["period_end"])
    assert person.has() == PRO
    end = _period_end(person.subscription)
    ends = datetime.fromisoformat(person.source["valid_to"]).timestamp()
    assert ends == end
    _until_period_end(service, person, timedelta(0))
    person.stands("canceled")
    assert person.has() == {}
    assert person.reason() == "canceled"
    assert person.has(at=service.now()) == {}
    assert person.service.checkout(person.id)["session_id"]  # may come back


def test_who_resumes_goes_on(service: Service, person: Person) -> None:
    person.buy()
    person.comes_to_have(PRO)
    usual = person.source["valid_to"]
    person.press("cancel")
    eventually(lambda: person.source, lambda seen: seen["valid_to"] != usual)
    person.press("resume")
    eventually(lambda: person.source, lambda seen: seen["valid_to"] == usual)
    _until_period_end(service, person, RENEWED)
    person.comes_to_have(PRO, at=service.now(days=20))


def test_who_switches_the_plan_has_the_new_one(service: Service, person: Person) -> None:
    person.buy()
    person.comes_to_have(PRO)
    person.press("switch", price=service.prices["pro_yearly"])
    eventually(lambda: person.has(at=service.now(days=300)), lambda seen: seen == PRO)
    (held,) = person.account["subscriptions"]
    assert [item["price_id"] for item in held["items"]] == [service.prices["pro_yearly"]]


def test_who_is_cut_off_at_once_has_nothing_at_once(service: Service, person: Person) -> None:
    person.buy()
    person.comes_to_have(PRO)
    body = service.order(person.id)
    refused = service.call("POST", "/api/v1/checkout/create", body, key=service.key)
    refused.problem(409, "already_subscribed")
    service.stripe("DELETE", f"subscriptions/{person.subscription['id']}")
    person.comes_to_have({})
    assert person.reason() == "canceled"
    person.buy()
    person.comes_to_have(PRO)
    assert len(person.account["subscriptions"]) == 2


# -- payments that fail


def test_a_failed_renewal_leaves_a_week_of_grace_and_a_payment_cures_it(
    service: Service, person: Person
) -> None:
    person.buy()
    person.comes_to_have(PRO)
    service.fake(f"subscriptions/{person.subscription['id']}/fail_next_payment")
    _until_period_end(service, person, RENEWED)
    person.stands("past_due")
    assert person.reason() == "past_due"
    assert person.has(at=service.now()) == person.has(at=service.now(days=6.5)) == PRO
    assert person.has(at=service.now(days=7)) == {}
    service.fake(f"subscriptions/{person.subscription['id']}/pay")
    person.stands("active")
    assert person.has(at=service.now(days=7)) == PRO


def test_a_payment_that_never_comes_ends_the_subscription(service: Service, person: Person) -> None:
    person.buy()
    person.comes_to_have(PRO)
    service.fake(f"subscriptions/{person.subscription['id']}/fail_next_payment")
    _until_period_end(service, person, RENEWED)
    person.stands("past_due")
    service.fake("clock/advance", days=4)  # one retry later, the grace counts from the first
    person.everything_is_heard()
    assert person.has(at=service.now(days=2)) == PRO
    assert person.has(at=service.now(days=3)) == {}
    service.fake("clock/advance", days=16)
    person.stands("canceled")
    assert person.has() == {}


def test_a_declined_card_gives_nothing_until_another_pays(service: Service, person: Person) -> None:
    for price, features in (("lifetime", LIFETIME), ("pro_monthly", PRO)):
        page = service.checkout(person.id, price)["checkout_url"]
        held = person.has()
        assert service.press(page, "decline").status == 200
        person.everything_is_heard()
        assert person.has() == held
        assert service.press(page, "pay").status == 303
        person.comes_to_have(features)


def test_who_gives_up_has_bought_nothing(service: Service, person: Person) -> None:
    started = service.checkout(person.id)
    left = service.press(started["checkout_url"], "cancel")
    assert (left.status, left.headers["location"]) == (303, f"{service.app}/plans")
    service.stripe("POST", f"checkout/sessions/{started['session_id']}/expire")
    person.everything_is_heard()
    assert person.has() == {}
    assert person.reason() == "not_held"
    person.buy()
    person.comes_to_have(PRO)


# -- one-time purchases


def test_a_lifetime_lasts_and_adds_to_a_subscription(service: Service, person: Person) -> None:
    person.buy("lifetime")
    person.comes_to_have(LIFETIME)
    assert (person.source["source"], person.source["valid_to"]) == ("purchase", None)
    assert person.has(at=service.now(days=3650)) == LIFETIME
    person.buy()
    person.comes_to_have(PRO)  # the larger of two limits
    assert person.has(at=service.now(days=3650)) == LIFETIME
    found = service.entitlements(person.id)["entitlements"]
    kinds = {e["feature_code"]: {s["source"] for s in e["sources"]} for e in found}
    both = {"purchase", "subscription"}
    assert kinds == {"devices": both, "export": both, "sync": {"subscription"}}


def test_money_that_takes_days_gives_access_when_it_arrives(
    service: Service, person: Person
) -> None:
    session = person.buy("lifetime", action="pay_later")
    person.everything_is_heard()
    assert (person.has(), person.reason()) == ({}, "unpaid")
    service.fake(f"checkout/sessions/{session}/async", succeed=True)
    person.comes_to_have(LIFETIME)


def test_money_that_never_arrives_gives_nothing(service: Service, person: Person) -> None:
    session = person.buy("lifetime", action="pay_later")
    service.fake(f"checkout/sessions/{session}/async", succeed=False)
    person.everything_is_heard()
    assert (person.has(), person.reason()) == ({}, "failed")
    person.buy("lifetime")
    person.comes_to_have(LIFETIME)


def test_a_subscription_is_active_while_its_money_is_under_way(
    service: Service, person: Person
) -> None:
    session = person.buy(action="pay_later")
    person.comes_to_have(PRO)  # as Stripe has it; a purchase waits, a subscription does not
    service.fake(f"checkout/sessions/{session}/async", succeed=False)
    person.stands("past_due")
    assert person.has() == PRO
    assert person.has(at=service.now(days=7)) == {}


# -- money back


def test_a_part_of_the_money_back_keeps_access_and_all_of_it_ends_it(
    service: Service, person: Person
) -> None:
    person.buy("lifetime")
    person.comes_to_have(LIFETIME)
    service.stripe("POST", "refunds", charge=person.charge, amount="4900")
    person.everything_is_heard()
    assert person.has() == LIFETIME
    service.stripe("POST", "refunds", charge=person.charge)
    person.comes_to_have({})
    assert person.reason() == "refunded"


def test_the_money_of_a_period_back_ends_the_period(service: Service, person: Person) -> None:
    person.buy()
    person.comes_to_have(PRO)
    service.stripe("POST", "refunds", charge=person.charge)
    person.comes_to_have({})
    assert person.reason() == "refunded"
    _until_period_end(service, person, RENEWED)
    person.comes_to_have(PRO)  # the next period is paid


# -- what all of it leaves behind


def test_every_step_of_a_life_is_told_in_the_history(service: Service, person: Person) -> None:
    person.buy()
    person.comes_to_have(PRO)
    person.press("cancel")
    person.everything_is_heard()
    grant = {"user_id": person.id, "project_id": service.project_id, "feature_code": "sync"}
    body = {**grant, "reason": "A gift"}
    service.call("POST", "/api/v1/admin/grant", body, key=service.admin_key).ok()
    seen = service.account(person.id)
    history = seen["history"][::-1]
    revisions = [entry["revision"] for entry in history]
    assert revisions == sorted(revisions)
    assert (
        revisions[-1]
        == seen["account"]["revision"]
        == person.service.entitlements(person.id)["revision"]
    )
    assert [entry["cause_name"] for entry in (history[0], history[-1])] == [
        "link_customer",
        "grant",
    ]
    assert (history[-1]["actor"], history[-1]["reason"]) == ("local", "A gift")
    assert {entry["actor"] for entry in history[1:-1]} == {"stripe"}
    before_all = (_instant(history[0]["at"]) - timedelta(seconds=1)).isoformat()
    assert service.account(person.id, at=before_all)["entitlements"] == []
