"""Cold starts under AWS's runtime emulator: init, the first call, and the peak of memory.

Each repetition starts every variant once, in turn, so that a disturbance hits all of them alike.
The emulator starts the runtime with the first request; what it says of the init is its
`INIT REPORT`, and what the first request took beyond that is the first call.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ground import HERE, Aws, Ground

INVOKE = "/2015-03-31/functions/function/invocations"
INIT_REPORT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")
READY_SECONDS = 10.0


@dataclass(frozen=True)
class Variant:
    """Something that is started.

    Attributes:
        paths: in front of the layers: /var/task.
        event: makes the first call's; it must be answered, and not with a `statusCode` of 500 or
            more, nor with items that failed.
    """

    name: str
    handler: str
    paths: tuple[Path, ...]
    event: Callable[[], Mapping[str, Any]]


@dataclass(frozen=True)
class Start:
    """One cold start; times in ms, memory in MB.

    Attributes:
        cpu: of the process until the first answer was there, in ms; steps of 10.
    """

    init: float
    first_call: float
    cpu: float
    memory: float

    @property
    def total(self) -> float:
        """What the first caller waits for."""
        return self.init + self.first_call


def measure(
    ground: Ground, aws: Aws, variants: list[Variant], repetitions: int
) -> dict[str, list[Start]]:
    """Start every variant so many times, by turns."""
    found: dict[str, list[Start]] = {variant.name: [] for variant in variants}
    for _ in range(repetitions):
        for variant in variants:
            found[variant.name].append(start(ground, aws, variant))
    return found


def start(ground: Ground, aws: Aws, variant: Variant) -> Start:
    """Start a variant once, ask once, and end it.

    Raises:
        RuntimeError: it did not start, or the answer is a failure.
    """
    log = ground.state / "rie.log"
    with _emulator(ground, aws, variant, log) as port:
        began = time.perf_counter()
        answer = _invoke(port, variant.event())
        whole = (time.perf_counter() - began) * 1000
        told = log.read_text()
        is_failure = "errorMessage" in answer or answer.get("statusCode", 200) >= 500
        if is_failure or answer.get("batchItemFailures"):
            raise RuntimeError(f"{variant.name} answered {answer}; the log: {told[-2000:]}")
        init = init_of(told)
        pid = _runtime_pid(ground)
        return Start(init, whole - init, _cpu_ms(pid), _peak_mb(pid))


def init_of(log: str) -> float:
    """Read the duration of the init from the emulator's log, in ms.

    Raises:
        ValueError: there is none.
    """
    found = INIT_REPORT.search(log)
    if not found:
        raise ValueError(f"no INIT REPORT in {log[-500:]}")
    return float(found[1])


@contextmanager
def _emulator(ground: Ground, aws: Aws, variant: Variant, log: Path) -> Iterator[int]:
    api, port = _free_port(), _free_port()
    command = [str(ground.rie), "--runtime-api-address", f"127.0.0.1:{api}"]
    command += ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    command += [str(ground.python), "-m", "awslambdaric", variant.handler]
    env = ground.environment(aws, *variant.paths, ground.runtime)
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=variant.paths[0], env=env, stdout=output, stderr=output
        ) as process,
    ):
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise RuntimeError("the runtime emulator does not listen")


def _invoke(port: int, event: Mapping[str, Any]) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", INVOKE, json.dumps(event).encode())
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer


def _runtime_pid(ground: Ground) -> int:
    """Find the process in which the handler runs, by its Python, which nothing else uses."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if command.startswith(str(ground.python).encode() + b"\0"):
                return int(entry.name)
    raise RuntimeError("the runtime is gone")


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 10.0


def floors() -> list[Variant]:
    """Return what every function is compared with."""
    paths, event = (HERE / "floors",), {"pk": "demo#user-1"}
    return [
        Variant(name, f"{name}.lambda_handler", paths, lambda: event)
        for name in ("nothing", "import_stripe", "boto3_get", "signed_get", "boto3_get_stripe")
    ]
