"""What the page shows to whom, by the role of the key."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.console.conftest import Console, Open, Story
from tests.support.e2e import Service, a_user

OPEN = {
    "support": ["Overview", "Accounts", "Parked events", "Catalog", "Deliveries", "API"],
    "finance": ["Overview", "Reconciliation", "Catalog", "API"],
}


def enter_as(role: str, service: Service, open_console: Open) -> Console:
    """Sign in with a new key of a role."""
    keys, made = "/api/v1/admin/projects/admin/keys", {"name": a_user(role), "role": role}
    key = str(service.call("POST", keys, made, key=service.admin_key).ok()["key"])
    window: Console = open_console().enter(key)
    return window


@pytest.mark.parametrize("role", OPEN)
def test_a_role_is_offered_what_it_may_read(
    role: str, story: Story, service: Service, open_console: Open
) -> None:
    window = enter_as(role, service, open_console)
    expect(window.page.get_by_role("banner")).to_contain_text(role)
    menu = window.page.get_by_role("navigation").get_by_role("link")
    assert menu.all_inner_texts() == OPEN[role]
    for view in OPEN[role]:
        window.choose(view)
        expect(window.page.get_by_role("alert")).to_have_count(0)


def test_who_may_only_read_is_told_so_and_given_no_button(
    story: Story, service: Service, open_console: Open
) -> None:
    window = enter_as("support", service, open_console)
    expect(window.main).to_contain_text("Your role, support, may not read metrics.")
    window.account(story.keeps)
    expect(window.main).to_contain_text("Your role, support, may not grant.")
    expect(window.page.get_by_role("button", name="Grant a feature")).to_have_count(0)
    window.go(f"event?id={story.parked_id}", "Event")
    expect(window.main).to_contain_text("Your role, support, may not settle events.")
    expect(window.page.get_by_role("button", name="Replay")).to_have_count(0)
    window.go("keys", "Keys")
    expect(window.main).to_contain_text("Your role, support, may not read keys.")


def test_an_operators_key_is_made_with_a_role(console: Console) -> None:
    name = a_user("ada")
    console.choose("Keys")
    console.page.get_by_label("Of", exact=True).select_option("admin")
    console.page.get_by_role("button", name="Create a key").click()
    dialog = console.dialog()
    dialog.get_by_label(re.compile("^Operator's name")).fill(name)
    dialog.get_by_label("Role").select_option("finance")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_contain_text("shown this once")
    dialog.get_by_role("button", name="Close").click()
    expect(console.page.get_by_role("row").filter(has_text=name)).to_contain_text("finance")
