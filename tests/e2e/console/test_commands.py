"""What a person does at the console."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.console.conftest import Console, Story
from tests.support.e2e import Service, a_user

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>alert(1)</script>'\"&amp;"


def grant(console: Console, feature: str, reason: str) -> None:
    console.page.get_by_role("button", name="Grant a feature").click()
    dialog = console.dialog()
    dialog.get_by_label("Feature").select_option(feature)
    dialog.get_by_label(re.compile("^Reason")).fill(reason)
    dialog.get_by_role("button", name="Grant").click()
    expect(dialog).to_have_count(0)
    console.stands_at("Account")


def test_a_feature_is_granted_and_revoked(console: Console, service: Service) -> None:
    user = a_user("console")
    console.find(user).stands_at("Accounts")
    console.main.get_by_role("link", name=console.project_id).first.click()
    console.stands_at("Account")
    grant(console, "export", "a beta tester")
    assert service.features(user) == {"export": True}
    grants = console.page.get_by_role("region", name="Grants")
    expect(grants).to_contain_text("a beta tester")
    grants.get_by_role("button", name="Revoke export").click()
    dialog = console.dialog()
    expect(dialog).to_contain_text("gives no access any more")
    dialog.get_by_label(re.compile("^Reason")).fill("the beta is over")
    console.picture("revoke")
    dialog.get_by_role("button", name="Revoke").click()
    expect(grants).to_contain_text("the beta is over")
    assert service.features(user) == {}


def test_a_refusal_is_told_where_it_can_be_mended(console: Console) -> None:
    console.go(f"account?project={console.project_id}&user={a_user()}", "Account")
    grant(console, "export", "once")
    console.page.get_by_role("button", name="Grant a feature").click()
    dialog = console.dialog()
    dialog.get_by_label("Feature").select_option("devices")
    dialog.get_by_label("Value").fill("many")
    dialog.get_by_label(re.compile("^Reason")).fill("twice")
    dialog.get_by_role("button", name="Grant").click()
    expect(dialog.get_by_role("alert")).to_contain_text("value")
    expect(dialog.get_by_role("alert")).to_contain_text(re.compile(r"Request \S+"))
    dialog.get_by_label("Feature").select_option("export")
    dialog.get_by_role("button", name="Grant").click()
    expect(dialog.get_by_role("alert")).to_contain_text("409 already_granted")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_a_key_is_made_shown_once_and_revoked(console: Console, service: Service) -> None:
    name = a_user("key")
    console.choose("Keys")
    console.page.get_by_role("button", name="Create a key").click()
    dialog = console.dialog()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("checkout").uncheck()
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_contain_text("shown this once")
    key = dialog.locator(".secret").inner_text()
    assert (
        service.call("GET", f"/api/v1/metrics/project/{console.project_id}", key=key).status == 200
    )
    dialog.get_by_role("button", name="Close").click()
    expect(console.page.locator("dialog")).to_have_count(0)
    assert key not in console.page.content()
    row = console.page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("entitlements, metrics, portal")
    row.get_by_role("button", name=f"Rotate {name}").click()
    console.dialog().get_by_role("button", name="Rotate").click()
    expect(console.dialog()).to_contain_text("shown this once")
    console.dialog().get_by_role("button", name="Close").click()
    row = console.page.get_by_role("row").filter(has_text="(rotated)").filter(has_text=name)
    row.get_by_role("button", name=f"Revoke {name}").click()
    console.dialog().get_by_role("button", name="Revoke").click()
    expect(console.page.get_by_role("row").filter(has_text=name).first).to_contain_text("revoked")
    console.picture("keys")


def test_a_catalog_is_compared_before_it_is_saved(console: Console, service: Service) -> None:
    project = a_user("sold")
    made = {"id": project, "name": "Sold", "allowed_origins": []}
    admin = "/api/v1/admin/projects"
    service.call("POST", admin, made, key=service.admin_key).ok()
    console.go(f"catalog?project={project}", "Catalog")
    document = console.page.get_by_label(f"Catalog of {project}")
    review = console.page.get_by_role("button", name="Review the changes")

    document.fill(document.input_value().replace('"features": [],', '"features": [,'))
    review.click()
    expect(console.main).to_contain_text("not JSON")
    features = '"features": [{"code": "export"},\n {"code": "Not a code"}],'
    document.fill(document.input_value().replace('"features": [,', features))
    review.click()
    mistake = console.main.get_by_role("listitem").filter(has_text="features[1].code")
    expect(mistake).to_contain_text("Line 5")
    expect(console.page.locator(".gutter .wrong")).to_have_text("5")
    mistake.get_by_role("button", name="Line 5").click()
    selected = "(area) => area.value.slice(area.selectionStart, area.selectionEnd)"
    assert "Not a code" in document.evaluate(selected)

    document.fill(document.input_value().replace("Not a code", "sync"))
    review.click()
    changes = console.page.get_by_role("table", name="Changes")
    expect(changes).to_contain_text("export")
    console.picture("catalog")
    console.page.get_by_role("button", name="Save them").click()
    console.dialog().get_by_role("button", name="Save").click()
    expect(console.main).to_contain_text("Saved as version 1.")

    stale = document.input_value().replace('"version": 1', '"version": 0').replace("sync", "other")
    document.fill(stale)
    review.click()
    expect(console.main.get_by_role("alert")).to_contain_text("version_conflict")


def test_a_run_is_started_watched_and_read(story: Story, console: Console) -> None:
    console.choose("Reconciliation")
    console.page.get_by_role("button", name="Start a run").click()
    dialog = console.dialog()
    expect(dialog.get_by_label("What it shall do")).to_have_value("dry")
    dialog.get_by_role("button", name="Start").click()
    console.stands_at("Reconciliation run")
    expect(console.main).to_contain_text("dry run")
    expect(console.main).to_contain_text("completed")
    for_person = console.page.get_by_role("region", name="Only a person can settle")
    expect(for_person).to_contain_text("orphaned Nothing says to whom it was sold")
    console.page.get_by_label("Show").select_option("person")
    row = console.page.get_by_role("row").filter(has_text="orphaned").first
    expect(row).to_contain_text("for a person")


def test_what_users_and_operators_write_stays_text(console: Console, service: Service) -> None:
    order = {
        "project_id": console.project_id,
        "user_id": HOSTILE,
        "feature_code": "export",
        "reason": f"{HOSTILE} reason",
    }
    service.call("POST", "/api/v1/admin/grant", order, key=service.admin_key).ok()
    console.account(HOSTILE)
    expect(console.page.locator(".user")).to_have_text(HOSTILE)
    expect(console.page.get_by_role("region", name="Grants")).to_contain_text(f"{HOSTILE} reason")
    console.page.get_by_role("button", name="Why export").click()
    expect(console.page.get_by_role("region", name="Why", exact=True)).to_contain_text("allowed")
    console.find(f"{HOSTILE}?").stands_at("Accounts")
    expect(console.main).to_contain_text(f"{HOSTILE}?")
    console.go(f"search?project={console.project_id}", "Accounts")
    expect(console.main.get_by_role("link", name=HOSTILE, exact=True)).to_be_visible()
    assert console.page.title() == "Accounts · Billing console"
    assert console.page.locator("main img, main script").count() == 0


def test_a_route_of_the_api_is_tried(console: Console) -> None:
    console.choose("API")
    console.page.get_by_label("Find", exact=True).fill("lookup")
    route = console.page.locator("details.route:visible")
    expect(route).to_have_count(1)
    route.locator("summary").click()
    console.page.get_by_label("id (query)").fill("sub_of_nobody")
    console.page.get_by_role("button", name="Send GET").click()
    expect(console.page.locator(".try .result")).to_contain_text("404")
    expect(console.page.locator(".try pre")).to_contain_text('"code": "not_found"')
    console.picture("api")


def test_a_project_is_made_and_changed(console: Console, service: Service) -> None:
    project = a_user("made")
    console.choose("Catalog")
    console.page.get_by_role("button", name="Create a project").click()
    dialog = console.dialog()
    dialog.get_by_label("Id", exact=True).fill(project)
    dialog.get_by_label("Name").fill("Made")
    dialog.get_by_label(re.compile("^Allowed origins")).fill("http://not.safe.example.com")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("allowed_origins[0]")
    dialog.get_by_label(re.compile("^Allowed origins")).fill("https://made.example.com")
    dialog.get_by_role("button", name="Create").click()
    about = console.page.get_by_role("region", name="Project", exact=True)
    expect(about).to_contain_text("https://made.example.com")
    about.get_by_role("button", name="Change the project").click()
    dialog.get_by_label("Name").fill("Made well")
    dialog.get_by_role("button", name="Change").click()
    expect(about).to_contain_text("Made well")
    shown = service.call("GET", f"/api/v1/admin/projects/{project}", key=service.admin_key).ok()
    assert shown == {
        "id": project,
        "name": "Made well",
        "allowed_origins": ["https://made.example.com"],
    }
