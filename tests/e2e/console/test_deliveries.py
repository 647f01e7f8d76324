"""Endpoints and deliveries, with an app that listens, or does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.console.conftest import Console, Story
from tests.support.e2e import Service, a_user
from tests.support.receiver import Receiver, a_receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiver:
        yield receiver


def a_project(service: Service) -> str:
    """A project of the test's own, whose endpoints nobody else is told of."""
    project = a_user("told")
    made = {"id": project, "name": "Told", "allowed_origins": []}
    service.call("POST", "/api/v1/admin/projects", made, key=service.admin_key).ok()
    return project


def test_an_endpoint_is_registered_tried_disabled_and_tried_again(
    console: Console, service: Service, receiver: Receiver
) -> None:
    project = a_project(service)
    console.go(f"deliveries?project={project}", "Deliveries")
    expect(console.main).to_contain_text("are told of no change")
    console.page.get_by_role("button", name="Register an endpoint").click()
    dialog = console.dialog()
    dialog.get_by_label("Address").fill("http://app.example.com/hooks")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_role("alert")).to_contain_text("url")
    dialog.get_by_label("Address").fill(receiver.url)
    dialog.get_by_label("entitlements.changed").check()
    dialog.get_by_role("button", name="Register").click()
    secret = dialog.locator(".secret").inner_text()
    dialog.get_by_role("button", name="Close").click()
    console.stands_at("Deliveries")
    row = console.page.get_by_role("row").filter(has_text=receiver.url)
    expect(row).to_contain_text("entitlements.changed")
    assert secret not in console.page.content()

    console.page.get_by_role("button", name="Send a ping").click()
    console.stands_at("Delivery")
    expect(console.main.locator(".verdict")).to_contain_text("delivered ping")
    expect(console.page.get_by_role("table", name="Attempts")).to_contain_text("204")
    expect(console.page.locator("pre")).to_contain_text('"type": "ping"')
    assert receiver.received[-1].verified(secret)["type"] == "ping"

    receiver.statuses = [500] * 3  # for the half minute in which it is disabled
    console.go(f"deliveries?project={project}", "Deliveries")
    console.page.get_by_role("button", name="Send a ping").click()
    console.stands_at("Delivery")
    expect(console.page.get_by_role("table", name="Attempts")).to_contain_text("500")
    delivery = console.page.url
    console.page.get_by_role("link", name="All deliveries to the endpoint").click()
    console.stands_at("Deliveries")
    console.page.get_by_role("button", name="Send a ping").click()  # it waits behind the other
    console.stands_at("Delivery")
    console.page.get_by_role("link", name="All deliveries to the endpoint").click()
    console.stands_at("Deliveries")
    console.page.get_by_role("button", name="Disable").click()
    expect(console.main).to_contain_text("It is told nothing.")
    expect(console.page.get_by_role("button", name="Send a ping")).to_have_count(0)
    console.page.goto(delivery)
    console.stands_at("Delivery")
    expect(console.page.get_by_role("table", name="Attempts")).to_contain_text("endpoint disabled")
    console.page.get_by_role("button", name="Retry").click()
    dialog.get_by_role("button", name="Retry").click()
    expect(dialog.get_by_role("alert")).to_contain_text("409 endpoint_disabled")
    dialog.get_by_role("button", name="Cancel").click()

    receiver.statuses = []
    console.go(f"deliveries?project={project}", "Deliveries")
    console.page.get_by_role("button", name="Enable").click()
    expect(console.page.get_by_role("button", name="Send a ping")).to_be_visible()
    console.page.goto(delivery)
    console.stands_at("Delivery")
    console.page.get_by_role("button", name="Retry").click()
    dialog.get_by_role("button", name="Retry").click()
    expect(console.main.locator(".verdict")).to_contain_text("delivered ping")
    console.go(f"deliveries?project={project}&state=failed", "Deliveries")
    failed = console.page.get_by_role("row").filter(has_text="the last: endpoint disabled")
    expect(failed).to_have_count(1)
    console.page.get_by_role("button", name="Retry all that failed").click()
    dialog.get_by_role("button", name="Retry them").click()
    expect(console.main).to_contain_text("None is in that state.")
    receiver.wait_for(lambda: len(receiver.accepted) == 3)


def test_an_endpoint_is_changed_its_secret_rotated_and_it_is_removed(
    console: Console, service: Service, receiver: Receiver
) -> None:
    project = a_project(service)
    path = f"/api/v1/admin/projects/{project}/endpoints"
    service.call("POST", path, {"url": receiver.url}, key=service.admin_key).ok()
    console.go(f"deliveries?project={project}", "Deliveries")
    console.page.get_by_role("button", name="Change").click()
    dialog = console.dialog()
    dialog.get_by_label("Description").fill("the web server")
    dialog.get_by_label("trial.ending").check()
    dialog.get_by_role("button", name="Change").click()
    row = console.page.get_by_role("row").filter(has_text="the web server")
    expect(row).to_contain_text("trial.ending")
    console.page.get_by_role("button", name="Rotate the secret").click()
    dialog.get_by_role("button", name="Rotate").click()
    expect(dialog.locator(".secret")).to_contain_text("whsec_")
    dialog.get_by_role("button", name="Close").click()
    expect(console.main).to_contain_text("The old secret signs until")
    console.page.get_by_role("button", name="Remove").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(console.main).to_contain_text("The project has none")
    assert service.call("GET", path, key=service.admin_key).ok() == {"endpoints": []}


def test_what_an_endpoint_missed_is_told(story: Story, console: Console) -> None:
    console.choose("Deliveries")
    console.page.get_by_label("Project").select_option(console.stack["other_project_id"])
    row = console.page.get_by_role("row").filter(has_text=story.delivery_id)
    expect(row).to_contain_text(re.compile(r"\d+ attempts?, the last: unreachable"))
    row.get_by_role("link").click()
    console.stands_at("Delivery")
    attempts = console.page.get_by_role("table", name="Attempts")
    expect(attempts).to_contain_text("No connection came about")
    console.picture("delivery")
