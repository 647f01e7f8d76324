"""A browser at the console of the running stack, after the demo.

With CONSOLE_IMAGES=1 the tests write the pictures of docs/console.md anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from local.demo import Demo
from local.demo_operators import CREATED, OperatorsDemo
from local.place import ROOT
from tests.support import npm
from tests.support.browser import chromium
from tests.support.e2e import Service, eventually

IMAGES = ROOT / "docs" / "images"
PATIENCE = 120_000
"""Milliseconds; a function of the emulator that starts cold on a busy machine takes seconds."""

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Story:
    """What the demo left behind."""

    lost: str
    keeps: str
    missed: str
    parked_id: str
    run_id: str
    delivery_id: str


@dataclass(frozen=True)
class Console:
    """The page, and who looks at it."""

    page: Page
    stack: dict[str, Any]

    @property
    def project_id(self) -> str:
        return str(self.stack["project_id"])

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def enter(self, key: str | None = None) -> Console:
        """Sign in, with the stack's admin key unless another is given."""
        self.page.goto(f"{self.stack['api_url']}/console")
        self.page.get_by_label("Operator's key").fill(key or self.stack["admin_key"])
        self.page.get_by_role("button", name="Sign in").click()
        return self.stands_at("Overview")

    def stands_at(self, title: str) -> Console:
        """Wait until a view is there, whole."""
        expect(self.page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
        expect(self.page.locator("[aria-busy]")).to_have_count(0)
        return self

    def go(self, address: str, title: str) -> Console:
        """Go to a view by its address."""
        self.page.goto(f"{self.stack['api_url']}/console#/{address}")
        return self.stands_at(title)

    def choose(self, view: str) -> Console:
        """Go to a view by the navigation."""
        self.page.get_by_role("navigation").get_by_role("link", name=view, exact=True).click()
        return self.stands_at(view)

    def find(self, text: str) -> Console:
        """Search as a person does."""
        self.page.get_by_label("Find an account").fill(text)
        self.page.get_by_role("button", name="Find", exact=True).first.click()
        return self

    def account(self, user_id: str) -> Console:
        """Search for a user who is known, and be there."""
        return self.find(user_id).stands_at("Account")

    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def picture(self, name: str) -> None:
        """Keep what is seen for the documentation, where that is wanted."""
        if os.environ.get("CONSOLE_IMAGES"):
            path = IMAGES / f"console-{name}.png"
            self.page.screenshot(path=path)
            assert path.stat().st_size < 150_000


@pytest.fixture(scope="session")
def story(stack: dict[str, Any]) -> Story:
    """The demo, played on the running stack."""
    told: list[str] = []
    lost, meets = Demo(stack, told.append), OperatorsDemo(stack, told.append)
    lost.run()
    meets.run()
    return Story(
        lost.user_id,
        meets.keeps,
        meets.missed,
        meets.parked_id,
        meets.run_id,
        meets.delivery_id,
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    try:
        found = chromium()
    except npm.Absent as absent:
        npm.give_up("Chromium", absent)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.path, env={**found.environment})
        yield browser
        browser.close()


Open = Callable[..., Console]


@pytest.fixture
def open_console(browser: Browser, stack: dict[str, Any]) -> Iterator[Open]:
    """Open the console in a window; afterwards nothing may have gone wrong in it unseen."""
    windows: list[Any] = []
    wrong: list[str] = []

    def open_(**options: Any) -> Console:
        size = {"width": 1280, "height": 800}
        windows.append(
            browser.new_context(**{"viewport": size, "reduced_motion": "reduce"} | options)
        )
        page = windows[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console", lambda message: wrong.append(message.text) if _is_wrong(message) else None
        )
        return Console(page, stack)

    yield open_
    for window in windows:
        window.close()
    assert wrong == []


@pytest.fixture
def a_parked_event(stack: dict[str, Any], service: Service) -> Callable[[], str]:
    """Make events that name nobody, as somebody does who sells at Stripe's dashboard."""

    def park() -> str:
        customer = str(service.stripe("POST", "customers", name="Sold by phone")["id"])
        price = stack["prices"]["pro_monthly"]
        order = {"customer": customer, "items[0][price]": price, "trial_period_days": "7"}
        service.stripe("POST", "subscriptions", **order)
        (event, *_) = service.events_of(customer, CREATED)
        eventually(partial(service.event, event["id"]))
        return str(event["id"])

    return park


def _is_wrong(message: Any) -> bool:
    """A refusal by the policy is an error; an answer like 404 is one that a test may expect."""
    return message.type == "error" and "the server responded with a status" not in message.text


@pytest.fixture
def console(open_console: Open) -> Console:
    """Somebody who has signed in."""
    return open_console().enter()
