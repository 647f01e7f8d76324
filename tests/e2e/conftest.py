"""The deployed local stack: one for each process of a run, or the one that BILLING_STACK names."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local import logs
from local import stack as local_stack
from local.place import ROOT, Place
from tests.support.e2e import Service
from tests.support.routes import Tenant, a_tenant

STATE = ROOT / ".local" / f"e2e-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


@dataclass(frozen=True)
class Running:
    """A running stack: what stack.json says, and where its emulator is."""

    description: dict[str, Any]
    place: Place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what has to be before a test advances Stripe's clock, which never goes back.

    Whole files are marked, so it holds where they are divided among processes, too.
    """
    items.sort(key=lambda item: item.get_closest_marker("clocks_agree") is None)


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """Start a stack on free ports, and end it after the last test."""
    if given := os.environ.get("BILLING_STACK"):
        state = Path(given).resolve().parent
        port = json.loads((state / "internals.json").read_text())["port"]
        yield Running(json.loads(Path(given).read_text()), Place(state, port))
        return
    place = Place(STATE, _free_ports())
    local_stack.down(place)  # what a run that was killed has left
    try:
        yield Running(local_stack.up(place), place)
    finally:
        local_stack.down(place)


@pytest.fixture(scope="session")
def stack(running: Running) -> dict[str, Any]:
    """What stack.json says."""
    return running.description


@pytest.fixture(scope="session")
def service(stack: dict[str, Any]) -> Iterator[Service]:
    """The stack as apps, people, operators and Stripe meet it."""
    with Service(stack) as service:
        yield service


@pytest.fixture(scope="session")
def tenant(service: Service) -> Tenant:
    """A project with one of everything."""
    return a_tenant(service)


@pytest.fixture(scope="session")
def place(running: Running) -> Place:
    """Where the stack's emulator, logs and artifacts are."""
    return running.place


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show beside a failure the last lines that the functions logged."""
    report = yield
    running = getattr(item, "funcargs", {}).get("running")
    if report.failed and running is not None:
        with contextlib.suppress(BotoCoreError, ClientError):  # an emulator that is gone
            last = [f"{function}: {line}" for function, line in logs.lines(running.place)][-60:]
            report.sections.append(("the functions' logs", "\n".join(last)))
    return report


def _free_ports() -> int:
    """Find two free ports in a row, the second for the fake Stripe; the system names the first."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
