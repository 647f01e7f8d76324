"""Everything is lost, and put back as it was: nothing is told again, and nothing drifts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from local import backup
from local.backup_tables import TABLES
from local.place import STACK_NAME, Place
from tests.support.e2e import Json, Service, a_user, eventually
from tests.support.receiver import Receiver, a_receiver

Step = Callable[..., int]
ADMIN = "/api/v1/admin"

AT_REST_WITHIN = 4
"""Backups until one is of a stack at rest: in the first, an attempt may be noted meanwhile."""


@pytest.fixture
def step(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Step:
    """Do a step of a backup; `make` finds the stack under test by the same two variables."""
    monkeypatch.setenv("BILLING_STATE_DIR", str(place.state))
    monkeypatch.setenv("BILLING_PORT", str(place.port))

    def do(name: str, *arguments: str, number: int = 0) -> int:
        folder = str(tmp_path / f"backup-{number}")
        return backup.main([name, "--stack", STACK_NAME, "--folder", folder, *arguments])

    return do


def drift(service: Service) -> Json:
    """What a dry run of a reconciliation finds in the demo project."""
    body = {"project_id": service.project_id, "dry_run": True}
    started = service.call("POST", f"{ADMIN}/reconcile", body, key=service.admin_key).ok(202)
    path = f"{ADMIN}/reconcile/{started['run_id']}"
    report: Json = eventually(
        lambda: service.call("GET", path, key=service.admin_key).ok(),
        lambda seen: seen["status"] == "completed",
    )
    counts: Json = report["counts"]
    return counts


def tell(service: Service, receiver: Receiver, endpoint: str, *users: str) -> None:
    """Grant something to users, and wait until the app is told of each, and that is noted."""
    for user in users:
        body = {"project_id": service.project_id, "feature_code": "export", "reason": "drill"}
        service.call(
            "POST", f"{ADMIN}/grant", {**body, "user_id": user}, key=service.admin_key
        ).ok()
    receiver.wait_for(
        lambda: all(any(user.encode() in r.body for r in receiver.received) for user in users)
    )
    pending = f"{endpoint}/deliveries?state=pending"
    eventually(lambda: service.call("GET", pending, key=service.admin_key).ok()["deliveries"] == [])


def is_equal(step: Step, name: str, capsys: pytest.CaptureFixture[str]) -> bool:
    """Do it until the stack was at rest; what is not equal before is what was told meanwhile."""
    for number in range(AT_REST_WITHIN):
        capsys.readouterr()
        if step(name, number=number) == 0:
            return True
        assert_nothing_is_lost(capsys.readouterr().out)
    return False


def assert_nothing_is_lost(said: str) -> None:
    """Deliveries may be noted at any time, by which there are as many or more; nothing else."""
    compared = re.findall(r"^(\w+): (\d+) exported, (\d+) present, (.*)$", said, re.M)
    assert len(compared) == len(TABLES), said
    for table, exported, present, found in compared:
        is_told = table == "NotificationsTable" and int(present) >= int(exported)
        assert found == "equal" or is_told, said


def test_all_that_is_remembered_is_lost_and_comes_back(
    service: Service, step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    buyer, granted, later = a_user("buyer"), a_user("granted"), a_user("later")
    endpoints = f"{ADMIN}/projects/{service.project_id}/endpoints"
    with a_receiver() as receiver:
        made = service.call("POST", endpoints, {"url": receiver.url}, key=service.admin_key).ok()
        endpoint = f"{endpoints}/{made['endpoint_id']}"
        service.buy(buyer)
        access = eventually(lambda: service.features(buyer))
        tell(service, receiver, endpoint, granted)
        service.heard(service.account(buyer)["account"]["customer_id"])
        drifted = drift(service)

        assert is_equal(step, "drill", capsys)
        assert service.features(buyer) == access
        eventually(lambda: drift(service) == drifted, within=120)  # the stream counts all anew

        tell(
            service, receiver, endpoint, later
        )  # which the stream has behind all that was put back
        ids = [each.id for each in receiver.accepted]
        assert len(ids) == len(set(ids)), "something was told twice"
        service.call("DELETE", endpoint, key=service.admin_key).ok()


def test_nothing_is_put_over_anything(
    service: Service, step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(AT_REST_WITHIN):
        assert step("backup", number=number) == 0
        assert step("backup", number=number) == 1
        assert "is not empty" in capsys.readouterr().err
        assert step("restore", number=number) == 1
        assert "Nothing was restored" in capsys.readouterr().err
        assert step("restore", "--resume", number=number) == 0
        capsys.readouterr()
        if step("compare", number=number) == 0:
            return
        assert_nothing_is_lost(capsys.readouterr().out)
    pytest.fail("the stack was never at rest")
