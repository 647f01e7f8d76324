"""Every command of the documents that can be run here, typed as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from local import seed
from local.place import ROOT, Place
from tests.support.e2e import Json, Service, a_user, eventually
from tests.support.receiver import a_receiver
from tests.support.typed import clone, commands, typed

SHELL = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
CALLS = re.compile(r"^```\n(curl .*?)^```$", re.M | re.S)


@pytest.fixture
def folder(tmp_path: Path, place: Place) -> Path:
    """A clone."""
    return clone(tmp_path, place)


def test_the_migration_guide_brings_a_shop_along(folder: Path, place: Place) -> None:
    said = typed(commands("docs/migration.md"), folder, place)
    assert said.count("5 imported") == 2
    assert not (folder / "customers.failed.csv").exists()
    *_, report, account, access = (
        json.loads(line) for line in said.splitlines() if line[:1] == "{"
    )
    assert set(report["counts"].values()) <= {0}
    assert account["history"][-1]["cause_name"] == "import"
    assert [each["feature_code"] for each in access["entitlements"]] == ["export"]


def test_the_readmes_calls_answer(folder: Path, place: Place, service: Service) -> None:
    user = a_user("reader")
    blocks = SHELL.findall((ROOT / "README.md").read_text())
    first = next(number for number, block in enumerate(blocks) if block.startswith("value()"))
    shell, checkout, asks, portal = (b.replace("user-1", user) for b in blocks[first : first + 4])
    checkout = checkout.replace("order-1", f"order-{user}")
    started = json.loads(typed([shell, checkout], folder, place))
    assert service.press(started["checkout_url"], "pay").status == 303
    eventually(lambda: service.features(user))
    said = typed([shell, asks], folder, place)
    assert '"allowed":true' in said.replace(" ", "")
    assert "portal_url" in typed([shell, portal], folder, place)


@pytest.fixture(scope="module")
def demo(service: Service) -> dict[str, str]:
    """The project of the API reference's samples, and the shell's variables."""

    def admin(method: str, path: str, body: object) -> Json:
        answer = service.call(method, f"/api/v1/admin/{path}", body, key=service.admin_key)
        found: Json = answer.ok()
        return found

    origins = ["https://app.example.com"]
    admin("POST", "projects", {"id": "demo", "name": "Demo", "allowed_origins": origins})
    admin("PUT", "projects/demo/catalog", seed.NOTES)
    made = admin("POST", "projects/demo/keys", {"name": "samples"})
    api, key = service.stack["api_url"], service.admin_key
    return {"API": api, "ADMIN_KEY": key, "KEY": made["key"], "no_proxy": "127.0.0.1"}


@pytest.mark.parametrize("call", CALLS.findall((ROOT / "docs" / "api.md").read_text()))
def test_the_api_references_calls_answer(call: str, demo: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_text(json.dumps(seed.NOTES))
    asked = call.replace("curl ", "curl -sS -w '\\n%{http_code}' ", 1)
    done = subprocess.run(  # noqa: S603 - our own document
        ["/usr/bin/env", "bash", "-euo", "pipefail", "-c", asked],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **demo},
    )
    body, _, status = done.stdout.rpartition("\n")
    is_made_up = "_..." in call.partition(" -H")[0]  # an id that the reader fills in
    if "does not resolve" in body:
        pytest.skip("an endpoint's name has to resolve, which needs the internet")
    assert status in (("404",) if is_made_up else ("200", "202")), body


def test_the_integration_guide_sells_a_feature(folder: Path, place: Place) -> None:
    blocks = SHELL.findall((ROOT / "docs" / "integration.md").read_text())
    assert blocks[0].startswith("make up\n")
    try:
        said = typed([blocks[0].removeprefix("make up\n"), *blocks[1:]], folder, place)
    except AssertionError as failed:
        if "No matching distribution" in str(failed):
            pytest.skip("pip reaches no index")
        raise
    assert said.count('{"pinned":true}') == 2
    assert said.count('"code": "payment_required"') == 2
    assert "1 passed" in said


def test_everything_is_lost_and_comes_back_by_the_drill(
    folder: Path, place: Place, service: Service
) -> None:
    service.caught_up()
    said = typed(commands("docs/deployment.md"), folder, place)
    assert "The state is equal." in said


ADMIN_LINES = [
    line.strip()
    for line in re.findall(r"^ *admin [^\n]*$", (ROOT / "docs" / "operations.md").read_text(), re.M)
    if "$" not in line and '"…"' not in line  # the others are typed by test_parked_events
]


def test_the_operators_commands_answer(folder: Path, place: Place, service: Service) -> None:
    function = next(b for b in commands("docs/operations.md") if b.startswith("admin()"))
    (function,) = function.splitlines(keepends=True)
    shell = f"export API={service.stack['api_url']} ADMIN_KEY={service.admin_key}\n{function}"

    def types(line: str) -> Json:
        said: Json = json.loads(typed([shell, line], folder, place))
        assert said.get("code") in (None, "delivery_not_failed"), (line, said)
        return said

    with a_receiver() as receiver:
        endpoint = types(f'admin projects/acme-notes/endpoints -d \'{{"url": "{receiver.url}"}}\'')
        of_it = f"projects/acme-notes/endpoints/{endpoint['endpoint_id']}"
        ids = {
            "key_…": types('admin projects/acme-notes/keys -d \'{"name": "typed"}\'')["key_id"],
            "ep_…": endpoint["endpoint_id"],
            "msg_…": types(f"admin {of_it}/test -X POST")["delivery_id"],
            "run_…": types("admin reconcile -d '{\"dry_run\": true}'")["run_id"],
        }
        for line in ADMIN_LINES:
            types(re.sub(r"\w+_…", lambda found: ids[found[0]], line))
        service.call("DELETE", f"/api/v1/admin/{of_it}", key=service.admin_key).ok()
