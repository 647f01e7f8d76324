"""The page itself: its key, its keyboard, its sizes, its figures."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from billing.domain.money import major_units
from tests.e2e.console.conftest import Console, Open, Story

VIEWS = {
    "overview": "Overview",
    "search": "Accounts",
    "events": "Parked events",
    "runs": "Reconciliation",
    "keys": "Keys",
    "catalog": "Catalog",
    "deliveries": "Deliveries",
    "reference": "API",
}
KEPT = """() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie,
  location.href, history.state, document.documentElement.outerHTML])"""
FOCUSED = """() => {
  const at = document.activeElement;
  return at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent;
}"""
WIDTHS = "() => [document.documentElement.scrollWidth, window.innerWidth]"


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until what has that name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            return
    pytest.fail(f"{name} cannot be reached by Tab")


def test_the_key_is_in_memory_alone(console: Console) -> None:
    for view, title in VIEWS.items():
        console.go(view, title)
        assert console.stack["admin_key"] not in console.page.evaluate(KEPT)
    console.page.get_by_role("button", name="Sign out").click()
    expect(console.page.get_by_text("You are signed out.")).to_be_visible()
    expect(console.page.locator("main.door")).to_be_visible()
    assert console.page.get_by_label("Operator's key").input_value() == ""


def test_a_reload_forgets_the_key_and_keeps_the_place(console: Console) -> None:
    console.choose("Keys")
    console.page.reload()
    console.page.get_by_label("Operator's key").fill(console.stack["admin_key"])
    console.page.get_by_role("button", name="Sign in").click()
    console.stands_at("Keys")


def test_nobody_there_for_a_while_is_signed_out(open_console: Open) -> None:
    window = open_console()
    window.page.clock.install()
    window.enter()
    window.page.clock.fast_forward("14:00")
    window.page.keyboard.press("Shift")
    window.page.clock.fast_forward("14:00")
    expect(window.page.get_by_role("button", name="Sign out")).to_be_visible()
    window.page.clock.fast_forward("01:01")
    expect(window.page.get_by_text("You were signed out after 15 minutes")).to_be_visible()


@pytest.mark.parametrize("key", ["bk_admin_mistyped", "project_key"])
def test_another_key_is_refused_in_the_services_words(open_console: Open, key: str) -> None:
    window = open_console()
    window.page.goto(f"{window.stack['api_url']}/console")
    window.page.get_by_label("Operator's key").fill(window.stack.get(key, key))
    window.page.get_by_role("button", name="Sign in").click()
    told = window.page.get_by_role("alert")
    expect(told).to_contain_text(re.compile(r"\((401 unauthenticated|403 forbidden)\)"))
    expect(told).to_contain_text(re.compile(r"Request \S+"))


def test_from_the_door_to_an_explanation_by_keyboard_alone(
    story: Story, open_console: Open
) -> None:
    window = open_console()
    page = window.page
    page.goto(f"{window.stack['api_url']}/console")
    expect(page.get_by_label("Operator's key")).to_be_focused()
    page.keyboard.insert_text(window.stack["admin_key"])
    page.keyboard.press("Enter")
    window.stands_at("Overview")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.evaluate("() => document.activeElement.blur()")
    tab_to(page, "Find an account")
    page.keyboard.insert_text(story.keeps)
    page.keyboard.press("Enter")
    window.stands_at("Account")
    tab_to(page, "Why export")
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus is seen"
    page.keyboard.press("Enter")
    why = page.get_by_role("region", name="Why", exact=True)
    expect(why).to_contain_text("allowed export: yes because it is paid")
    expect(page.locator(".result")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("'export' is allowed")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_no_window_has_to_be_scrolled_sideways(
    story: Story, open_console: Open, width: int, scheme: str
) -> None:
    window = open_console(viewport={"width": width, "height": 740}, color_scheme=scheme).enter()
    more = {
        f"account?project={window.project_id}&user={story.keeps}&feature=export": "Account",
        f"event?id={story.parked_id}": "Event",
        f"run?id={story.run_id}": "Reconciliation run",
        f"deliveries?project={window.stack['other_project_id']}": "Deliveries",
        "events?state=dismissed": "Parked events",
    }
    for view, title in (VIEWS | more).items():
        window.go(view, title)
        assert window.page.evaluate(WIDTHS) == [width, width], view
    if width == 360:
        window.go("overview", "Overview").picture("telephone")


def test_dark_is_dark(story: Story, open_console: Open) -> None:
    window = open_console(color_scheme="dark").enter()
    ground = window.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground))) < 40
    window.account(story.lost)
    window.page.get_by_role("button", name="Why not export").click()
    window.stands_at("Account")
    window.picture("dark")


def test_an_instant_is_in_utc_and_its_title_is_exact(story: Story, open_console: Open) -> None:
    window = open_console(timezone_id="Pacific/Auckland", locale="de-DE").enter()
    window.account(story.keeps)
    times = window.page.locator("main time")
    shown = times.evaluate_all("(all) => all.map((t) => [t.title, t.textContent])")
    assert shown
    for exact, text in shown:
        if "ago" not in text:
            assert text == exact[:19].replace("T", " ") + " UTC"


def test_money_is_written_as_the_service_writes_it(console: Console) -> None:
    amounts = [0, 5, 99, 100, 1250, -1999, 123_456_789_012]
    currencies = ["usd", "jpy", "kwd", "eur", "mga", "isk", "bhd"]
    written = console.page.evaluate(
        """async ([amounts, currencies]) => {
          const script = document.querySelector('script[type=module]').src;
          const { money } = await import(new URL('format.js', script).href);
          return currencies.map((currency) => amounts.map((amount) => money(amount, currency)));
        }""",
        [amounts, currencies],
    )
    expected = [
        [f"{major_units(amount, currency):,f} {currency.upper()}" for amount in amounts]
        for currency in currencies
    ]
    assert json.dumps(written) == json.dumps(expected)


def test_lists_come_in_pages(story: Story, console: Console) -> None:
    console.account(story.lost)
    pages = re.compile(r"/api/v1/admin/history\?")
    entry = {"at": "2026-11-20T09:05:00Z", "cause_type": "operator", "cause_name": "grant"}
    entry |= {"actor": "Ada", "reason": "", "outcome": "applied", "cause_id": "op_1"}
    entries = {"history": [{**entry, "before": {}, "after": {}}], "next_cursor": "more"}

    console.page.route(
        pages,
        lambda route: route.fulfill(
            json={**entries, "next_cursor": None if "cursor=more" in route.request.url else "more"}
        ),
    )
    console.page.reload()
    console.page.get_by_label("Operator's key").fill(console.stack["admin_key"])
    console.page.get_by_role("button", name="Sign in").click()
    console.stands_at("Account")
    history = console.page.get_by_role("region", name="History")
    expect(history).to_contain_text("1 change, and more")
    history.get_by_role("button", name="More changes").click()
    expect(history.get_by_text("2 changes", exact=True)).to_be_visible()
    expect(history.get_by_role("button", name="More changes")).to_have_count(0)
