"""Measures the FastAPI + PostgreSQL + Redis service: CPU, latency and throughput of both calls."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

from benchmarks.alternative.servers import Running, run_sql, running
from benchmarks.world import WEBHOOK_SECRET, World
from local.stripe import signing

CLIENTS = 4
"""Connections that ask at the same time: enough to keep one process busy on any machine."""
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")

Ask = Callable[[http.client.HTTPConnection, int], http.client.HTTPResponse]


@dataclass(frozen=True)
class Alternative:
    """One kind of call; CPU and times in ms.

    Attributes:
        cpu: of the service's process, for one call.
        cpu_of_stores: of PostgreSQL and Redis, for one call.
        alone: what one caller waits for, when nobody else asks.
        p95: what 95 of 100 wait at most, at full load.
        rate: calls a second at full load.
    """

    cpu: float
    cpu_of_stores: float
    alone: float
    p95: float
    rate: float


def measure(world: World, calls: int) -> dict[str, Alternative]:
    """Start it, ask it so often, and end it.

    Raises:
        Absent: PostgreSQL or Redis is not installed.
    """
    with running() as alternative:
        _seed(alternative, world)
        headers = {"Authorization": f"Bearer {world.key}"}

        def check(connection: http.client.HTTPConnection, number: int) -> http.client.HTTPResponse:
            user = world.users[1 + number % 100]
            connection.request("GET", f"/api/v1/entitlements?user_id={user}", headers=headers)
            return connection.getresponse()

        numbers = count()

        def event(connection: http.client.HTTPConnection, _: int) -> http.client.HTTPResponse:
            payload = {**world.event, "id": f"evt_{next(numbers)}"}
            body = json.dumps(payload, separators=(",", ":")).encode()
            signed = signing.headers(body, (WEBHOOK_SECRET,), int(time.time()))
            connection.request("POST", "/api/v1/webhooks/stripe", body, signed)
            return connection.getresponse()

        return {
            "check": _measured(alternative, check, calls),
            "event": _measured(alternative, event, calls),
        }


def _measured(alternative: Running, ask: Ask, calls: int) -> Alternative:
    _ask_all(alternative, ask, calls // 10)  # statements are prepared, connections are open
    alone = _ask_all(alternative, ask, calls // 10)
    stores = [alternative.pids["PostgreSQL"], alternative.pids["Redis"]]
    before, before_stores = _cpu(alternative.pids["service"]), sum(map(_cpu, stores))
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        share = calls // CLIENTS
        asked = [clients.submit(_ask_all, alternative, ask, share) for _ in range(CLIENTS)]
        times = [each for one in asked for each in one.result()]
    elapsed = time.perf_counter() - began
    return Alternative(
        cpu=(_cpu(alternative.pids["service"]) - before) / len(times),
        cpu_of_stores=(sum(map(_cpu, stores)) - before_stores) / len(times),
        alone=median(alone),
        p95=quantiles(times, n=20)[-1],
        rate=len(times) / elapsed,
    )


def _ask_all(alternative: Running, ask: Ask, calls: int) -> list[float]:
    """Ask so often over one connection; what each call took, in ms."""
    url = urlsplit(alternative.url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
    times = []
    for number in range(calls):
        began = time.perf_counter()
        answer = ask(connection, number)
        body = answer.read()
        times.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"the alternative answered {answer.status}: {body[:500]!r}")
    connection.close()
    return times


def _cpu(pid: int) -> float:
    """CPU that a process and its children have used, in ms."""
    return sum(_own_cpu(each) for each in (pid, *_children(pid)))


def _own_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_MS


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def _seed(alternative: Running, world: World) -> None:
    hashed = hashlib.sha256(world.key.encode()).hexdigest()
    run_sql(alternative.database, "seed.sql", "--set", f"hash={hashed}")
