"""Load on the local stack, by Locust: a hundred checks a second, and then as many as it takes.

The stack is the deployed template in the emulator, IAM enforced, on this machine together with
the ones who ask; so its limit is the machine's and the emulator's and not the service's on AWS.
"""

from __future__ import annotations

import csv
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.ground import HERE, STATE
from local import stack, web
from local.console import LocalError
from local.place import Place, tool

PORT = 4690
USERS = 30
"""Users of the project who are asked about."""
APPS = 5
"""Workers of micro-apps that ask at the same time, each over its own connection. The emulator
unpacks the layers for each process of a function, so more of them only fill the disk."""
FEATURE = "export"
STEPS = (150, 200, 250, 300, 400, 500, 600)
"""Checks a second that are tried after the hundred, until it is too many."""
SLOW_MS = 250.0
WARM_MS = 100.0
WARM_SECONDS = 90.0


@dataclass(frozen=True)
class Load:
    """What Locust saw at one rate; times in ms."""

    asked_rate: int
    rate: float
    requests: int
    failures: int
    median: float
    p95: float
    p99: float

    @property
    def is_kept_up(self) -> bool:
        """Whether the stack did all that was asked of it, in time."""
        return not self.failures and self.rate >= 0.9 * self.asked_rate and self.p95 <= SLOW_MS


@contextmanager
def running_stack() -> Iterator[dict[str, Any]]:
    """Describe the stack of BILLING_STACK, or one that is started for this and then ended."""
    if given := os.environ.get("BILLING_STACK"):
        path = Path(given)
        yield stack.read(Place(path.parent, 0))
        return
    place = Place(STATE / "stack", PORT)
    try:
        yield stack.up(place)
    finally:
        stack.down(place)


def seed(running: Mapping[str, Any]) -> list[str]:
    """Grant a feature to the users who are asked about.

    Raises:
        LocalError: the service refused.
    """
    users = [f"bench-{number}" for number in range(USERS)]
    for user in users:
        body = {
            "project_id": running["project_id"],
            "user_id": user,
            "feature_code": FEATURE,
            "reason": "benchmarks",
        }
        url = f"{running['api_url']}/api/v1/admin/grant"
        answer = web.request("POST", url, key=running["admin_key"], body=body)
        if answer.status not in {200, 409}:
            raise LocalError(f"{url} answered {answer.status}: {answer.text}")
    return users


def measure(running: Mapping[str, Any], seconds: int, *, steps: bool) -> list[Load]:
    """Send a hundred a second for so long, after a warm-up; then, where wanted, step up."""
    users = seed(running)
    _warm_up(running, users[0])
    found = [_locust(running, users, 100, seconds)]
    for rate in STEPS if steps else ():
        found.append(_locust(running, users, rate, max(6, seconds // 4)))
        if not found[-1].is_kept_up:
            break
    return found


def _warm_up(running: Mapping[str, Any], user: str) -> None:
    """Ask until every worker of an app finds a warm process: first calls are measured elsewhere."""
    url = f"{running['api_url']}/api/v1/entitlements?user_id={user}"
    deadline = time.monotonic() + WARM_SECONDS
    with ThreadPoolExecutor(APPS) as apps:
        while time.monotonic() < deadline:
            asked = [
                apps.submit(web.request, "GET", url, key=running["project_key"])
                for _ in range(APPS)
            ]
            if all(answer.result().milliseconds < WARM_MS for answer in asked):
                return


def _locust(running: Mapping[str, Any], users: list[str], rate: int, seconds: int) -> Load:
    url = urlsplit(running["api_url"])
    csv_prefix = STATE / "locust"
    STATE.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "BENCH_KEY": running["project_key"],
        "BENCH_USERS": ",".join(users),
        "BENCH_FEATURE": FEATURE,
        "BENCH_PREFIX": url.path,
        "BENCH_RATE_PER_USER": str(rate / APPS),
    }
    command = [tool("bench", "python"), "-m", "locust", "--headless"]
    command += ["--locustfile", str(HERE / "locustfile.py")]
    command += ["--users", str(APPS), "--spawn-rate", str(APPS), "--run-time", f"{seconds}s"]
    command += ["--host", f"{url.scheme}://{url.netloc}", "--csv", str(csv_prefix)]
    command += ["--only-summary", "--loglevel", "ERROR", "--exit-code-on-error", "0"]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return read_stats(Path(f"{csv_prefix}_stats.csv"), rate)


def read_stats(path: Path, asked_rate: int) -> Load:
    """Read the line of all requests from what Locust wrote.

    Raises:
        ValueError: it has no such line.
    """
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["Name"] == "Aggregated":
                return Load(
                    asked_rate,
                    float(row["Requests/s"]),
                    int(row["Request Count"]),
                    int(row["Failure Count"]),
                    *(_ms(row[name]) for name in ("50%", "95%", "99%")),
                )
    raise ValueError(f"{path} has no line of all requests")


def _ms(text: str) -> float:
    return float("inf") if text == "N/A" else float(text)
