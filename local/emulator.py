"""The emulator of AWS: ministack, in an environment of its own, with IAM enforced."""

from __future__ import annotations

import itertools
import os
import shutil
import socket

from local import processes, web
from local.console import LocalError
from local.place import REGION, ROOT, Place, tool

READY_SECONDS = 30.0


def start(place: Place) -> None:
    """Start the emulator, empty, and wait until it serves.

    Raises:
        LocalError: a port is taken, or the emulator does not come up.
    """
    for port in (place.port, place.stripe_port):
        _require_free(port)
    scratch = (
        place.state / "tmp"
    )  # unpacked functions and layers; its own, so that `down` clears it
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    environment = {
        # Workers inherit all of this, so nothing else of the developer's environment goes in.
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(place.port),
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",  # else it looks for containers to clean up
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    python = tool("emulator", "python")
    program = [python, "-P", str(ROOT / "local" / "unpack_once.py")]
    processes.start("emulator", program, state=place.state, cwd=scratch, env=environment)
    processes.wait_until(
        (_serves(place) for _ in itertools.count()),
        what=f"The emulator (log: {place.logs / 'emulator.log'})",
        seconds=READY_SECONDS,
    )


def _serves(place: Place) -> bool:
    if not processes.is_running("emulator", state=place.state):
        message = f"The emulator ended at once; its log: {place.logs / 'emulator.log'}"
        raise LocalError(message)
    return web.answers(f"{place.endpoint}/_ministack/ready")


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            who = processes.who_listens(port)
            message = f"Port {port} is already taken by {who}; set BILLING_PORT=… to another one."
            raise LocalError(message) from error
