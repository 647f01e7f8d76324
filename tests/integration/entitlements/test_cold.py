"""A process from its first line on: what init does, and what the first checks cost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.bridge import Bridge
from tests.support.clock import Clock
from tests.support.interruptions import interruptions
from tests.support.template import ROOT
from tests.support.world import a_world

PROCESS = """
import sys
from functions.entitlements.handler import lambda_handler
from tests.support.requests import call, request
for _ in range(int(sys.argv[2])):
    asked = request("GET", "/api/v1/entitlements", query={"user_id": "u"}, key=sys.argv[1])
    answer = call(lambda_handler, asked)
    assert answer.status == 200, answer
"""


@pytest.mark.parametrize(
    ("checks", "calls"),
    [
        (0, []),
        (1, ["dynamodb.BatchGetItem"]),
        (3, ["dynamodb.BatchGetItem", "dynamodb.GetItem", "dynamodb.GetItem"]),
    ],
)
def test_init_opens_the_one_connection_and_each_check_is_one_request(
    clock: Clock, bridge: Bridge, checks: int, calls: list[str]
) -> None:
    world = a_world()
    roots = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "billing")])
    before = bridge.connections
    with interruptions.counted() as counted:
        subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, "-W", "error", "-c", PROCESS, world.key, str(checks)],
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": roots},
            stdout=subprocess.DEVNULL,
        )
    assert counted == calls
    assert bridge.connections - before == 1


def test_a_process_that_cannot_reach_dynamodb_begins_all_the_same(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    roots = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "billing")])
    subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-W", "error", "-c", PROCESS, "none", "0"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": roots},
    )
