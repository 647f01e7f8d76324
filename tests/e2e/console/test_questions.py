"""What a person comes to the console for, found as a person finds it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.console.conftest import Console, Story


def test_the_overview_says_what_needs_somebody(story: Story, console: Console) -> None:
    attention = console.page.get_by_role("region", name="Needs attention")
    expect(attention.get_by_role("link", name=re.compile("parked: unmatched"))).to_be_visible()
    expect(console.main).to_contain_text(console.project_id)
    for name in ("MRR, USD", "MRR movements, USD", "Net revenue, USD", "Customers this month"):
        expect(console.page.get_by_role("region", name=name)).to_be_visible()
    trend = console.page.get_by_role("region", name="MRR, USD")
    expect(trend).to_contain_text(re.compile(r"\d+\.\d\d USD"))
    for name in ("Stripe's events today", "Requests and latency"):
        expect(console.page.get_by_role("region", name=name)).to_be_visible()
    console.picture("overview")
    console.page.get_by_role("region", name="Customers this month").scroll_into_view_if_needed()
    console.page.mouse.wheel(0, 500)
    console.picture("traffic")
    console.page.get_by_label("Figures of").select_option(console.project_id)
    console.stands_at("Overview")
    table = console.page.get_by_role("table", name="Figures by project")
    expect(table.get_by_role("row")).to_have_count(2)


def test_why_a_user_has_a_feature(story: Story, console: Console) -> None:
    console.account(story.keeps)
    console.page.get_by_role("button", name="Why export").click()
    why = console.page.get_by_role("region", name="Why", exact=True)
    expect(why).to_contain_text("allowed export: yes because it is paid")
    expect(why).to_contain_text("checkout.session.completed of stripe")
    console.picture("why-allowed")


def test_why_another_user_lost_it(story: Story, console: Console) -> None:
    console.account(story.lost)
    bars = console.page.get_by_role("img", name=re.compile("^export: yes from .* until "))
    expect(bars).to_be_visible()
    console.page.get_by_role("button", name="Why not export").click()
    why = console.page.get_by_role("region", name="Why", exact=True)
    expect(why).to_contain_text("denied export because it is canceled")
    expect(why).to_contain_text("customer.subscription.deleted of stripe")
    expect(why).to_contain_text("an operator grants the feature")
    console.picture("why-lost")
    bars.locator("rect.given").click()
    expect(why).to_contain_text("allowed export: yes because it is active")
    history = console.page.get_by_role("region", name="History")
    history.get_by_role("button", name="Explain then").first.click()
    expect(why).to_contain_text("denied export because it is canceled")


def test_which_events_are_parked(story: Story, console: Console) -> None:
    console.choose("Parked events")
    console.page.get_by_label("Reason").select_option("unmatched")
    console.stands_at("Parked events")
    row = console.page.get_by_role("row").filter(has_text=story.parked_id)
    expect(row).to_contain_text("nothing in it names a project and a user")
    console.picture("parked")
    row.get_by_role("link").click()
    console.stands_at("Event")
    expect(console.page.locator("pre")).to_contain_text('"object": "subscription"')
    expect(console.page.locator("pre")).to_contain_text("[redacted]")


def test_what_the_last_reconciliation_repaired(story: Story, console: Console) -> None:
    attention = console.page.get_by_role("region", name="Needs attention")
    attention.get_by_role("link", name="The last reconciliation repaired 1 thing.").click()
    console.stands_at("Reconciliation run")
    expect(console.main).to_contain_text(story.run_id)
    expect(console.main).to_contain_text("1 thing repaired")
    row = console.page.get_by_role("row").filter(has_text=story.missed)
    expect(row).to_contain_text("missing here")
    expect(row).to_contain_text("repaired")
    console.picture("reconciliation")
    row.get_by_role("link", name=story.missed).click()
    console.stands_at("Account")
    expect(console.main).to_contain_text("(repair)")


def test_an_account_is_found_by_any_of_its_ids(story: Story, console: Console) -> None:
    console.account(story.lost)
    ids = console.main.locator("code").all_text_contents()
    for prefix in ("cus_", "sub_", "evt_"):
        (found, *_) = [each for each in ids if each.startswith(prefix)]
        console.choose("Overview").account(found)
        expect(console.page.locator(".user")).to_have_text(story.lost)


def test_nobody_is_found_as_nobody(console: Console) -> None:
    console.find("nobody-at-all").stands_at("Accounts")
    expect(console.main).to_contain_text("No account has nobody-at-all.")
