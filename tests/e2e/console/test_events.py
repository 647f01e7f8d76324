"""What an operator does about an event that is parked."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.console.conftest import Console
from tests.support.e2e import Service, a_user


def test_an_event_is_linked_to_its_user(
    console: Console, service: Service, a_parked_event: Callable[[], str]
) -> None:
    event_id, user = a_parked_event(), a_user("linked")
    console.go(f"event?id={event_id}", "Event")
    expect(console.main).to_contain_text("Find out from the customer at Stripe whose it is")
    console.page.get_by_role("button", name="Replay").click()
    expect(console.main.get_by_text("It stays parked: unmatched")).to_be_visible()
    console.page.get_by_role("button", name="Link to a user").click()
    dialog = console.dialog()
    dialog.get_by_label("Project").select_option(console.project_id)
    dialog.get_by_label("User").fill(user)
    dialog.get_by_label(re.compile("^Reason")).fill("sold by phone, ticket 4711")
    console.picture("link")
    dialog.get_by_role("button", name="Link and replay").click()
    told = console.main.get_by_text("Its outcome is: applied.")
    expect(told).to_contain_text(re.compile(r"Linked: cus_\w+"))
    expect(console.main).not_to_contain_text("What can be done")
    told.get_by_role("link", name=user).click()
    console.stands_at("Account")
    expect(console.main).to_contain_text("sold by phone, ticket 4711")
    assert service.features(user)["export"] is True


def test_all_of_a_reason_are_replayed(console: Console, a_parked_event: Callable[[], str]) -> None:
    event_id = a_parked_event()
    console.go("events?reason=unmatched", "Parked events")
    console.page.get_by_role("button", name="Replay all that are parked").click()
    console.dialog().get_by_role("button", name="Replay them").click()
    expect(console.main.get_by_text(re.compile(r"Replayed: parked \d+"))).to_be_visible()
    expect(console.page.get_by_role("row").filter(has_text=event_id)).to_be_visible()


def test_an_event_is_dismissed_and_found_again(
    console: Console, a_parked_event: Callable[[], str]
) -> None:
    event_id = a_parked_event()
    console.go(f"event?id={event_id}", "Event")
    console.page.get_by_role("button", name="Dismiss").click()
    dialog = console.dialog()
    dialog.get_by_label(re.compile("^Reason")).fill("of an app that sells elsewhere")
    dialog.get_by_role("button", name="Dismiss").click()
    expect(console.main.get_by_text("It is dismissed.")).to_be_visible()
    expect(console.main).to_contain_text("of an app that sells elsewhere")
    expect(console.page.get_by_role("button", name="Dismiss")).to_have_count(0)
    console.choose("Parked events")
    expect(console.page.get_by_role("row").filter(has_text=event_id)).to_have_count(0)
    console.page.get_by_label("Show", exact=True).select_option("dismissed")
    row = console.page.get_by_role("row").filter(has_text=event_id)
    expect(row).to_contain_text("of an app that sells elsewhere")
    console.picture("dismissed")
    row.get_by_role("link").click()
    console.stands_at("Event")
    console.page.get_by_role("button", name="Replay").click()
    expect(console.main.get_by_text("It stays parked: unmatched")).to_be_visible()
