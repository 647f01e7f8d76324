"""Starts PostgreSQL, Redis and the FastAPI service on free ports, from what Debian installs."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.world import WEBHOOK_SECRET
from local.place import ROOT, tool

READY_SECONDS = 30.0


class Absent(Exception):
    """A program is not installed; the comparison is left out."""


@dataclass(frozen=True)
class Running:
    """The comparison, as it runs.

    Attributes:
        url: of the service.
        database: of PostgreSQL.
        pids: of the service, and of each store's first process.
    """

    url: str
    database: str
    pids: dict[str, int]


def postgres_bin() -> Path:
    """Return where PostgreSQL's programs are.

    Raises:
        Absent: nowhere.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    beside = shutil.which("postgres")
    if not found and not beside:
        raise Absent("PostgreSQL is not installed (apt install postgresql)")
    return found[-1].parent if found else Path(str(beside)).parent


def run_sql(database: str, name: str, *options: str) -> None:
    """Run a file of this folder."""
    psql = [str(postgres_bin() / "psql"), "--quiet", "--set", "ON_ERROR_STOP=1", *options, database]
    with Path(__file__).with_name(name).open() as file:
        subprocess.run(psql, check=True, stdin=file)


@contextmanager
def running() -> Iterator[Running]:
    """Start all three, and end them.

    Raises:
        Absent: PostgreSQL or Redis is not installed.
    """
    binaries, redis = postgres_bin(), shutil.which("redis-server")
    if not redis:
        raise Absent("Redis is not installed (apt install redis-server)")
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as started:
        database, postgres = _postgres(binaries, Path(scratch), started)
        cache_port = free_port()
        options = ["--port", str(cache_port), "--bind", "127.0.0.1", "--save", ""]
        cache = _start([redis, *options, "--dir", scratch], started)
        wait_until(lambda: _listens(cache_port), "Redis")
        port = free_port()
        command = [tool("bench", "python"), "-m", "uvicorn", "benchmarks.alternative.service:app"]
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": f"redis://127.0.0.1:{cache_port}/0",
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }
        run_sql(database, "schema.sql")
        service = _start([*command, "--port", str(port)], started, env=environment)
        wait_until(lambda: _listens(port), "the service")
        pids = {"service": service, "PostgreSQL": postgres, "Redis": cache}
        yield Running(f"http://127.0.0.1:{port}", database, pids)


def _postgres(binaries: Path, scratch: Path, started: ExitStack) -> tuple[str, int]:
    """PostgreSQL refuses to run as root, so there it runs as the user that Debian made for it."""
    user = "postgres" if os.geteuid() == 0 else None
    data, port = scratch / "data", free_port()
    if user:
        entry = pwd.getpwnam(user)
        os.chown(scratch, entry.pw_uid, entry.pw_gid)
    initdb = [str(binaries / "initdb"), "--auth", "trust", "--username", "bench", "-D", str(data)]
    subprocess.run(initdb, check=True, user=user, cwd=scratch, stdout=subprocess.DEVNULL)
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={scratch}"]
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *settings]
    pid = _start(command, started, user=user, cwd=scratch)
    url = f"postgresql://bench@127.0.0.1:{port}/postgres"
    probe = [str(binaries / "pg_isready"), "--quiet", "--dbname", url]
    wait_until(lambda: subprocess.run(probe, check=False).returncode == 0, "PostgreSQL")
    return url, pid


def _start(
    command: list[str],
    started: ExitStack,
    *,
    env: dict[str, str] | None = None,
    user: str | None = None,
    cwd: Path = ROOT,
) -> int:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=cwd, env=env, user=user, stdout=quiet, stderr=quiet)
    started.callback(process.wait)
    started.callback(process.terminate)
    return process.pid


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Ask until it is ready.

    Raises:
        TimeoutError: it did not get ready.
    """
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not get ready within {READY_SECONDS:.0f} s")
        time.sleep(0.05)
