"""The stack's programs: started in process groups of their own, and every one ended by name.

A file `pids/NAME` holds the process's id and when it began, so that `down` ends what a crashed
`up` left behind and never a stranger to whom the system has since given the same id.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from local.console import LocalError

GRACE_SECONDS = 8.0
TAIL_LINES = 30

_children: dict[int, subprocess.Popen[bytes]] = {}
"""What this very process has started: its own children it must wait for, or they stay zombies."""


def start(
    name: str, arguments: Sequence[str], *, state: Path, cwd: Path, env: Mapping[str, str]
) -> None:
    """Start a program that outlives this one; its output goes to logs/NAME.log."""
    (state / "pids").mkdir(parents=True, exist_ok=True)
    process = _spawn(arguments, _log(state, name), cwd=cwd, env=env)
    (state / "pids" / name).write_text(f"{process.pid} {_began(process.pid)}")


def run(
    name: str, arguments: Sequence[str], *, state: Path, cwd: Path, env: Mapping[str, str]
) -> None:
    """Run a program to its end; if this process is interrupted, so is all that it started.

    Raises:
        LocalError: it failed; the message carries the end of its output.
    """
    log_path = _log(state, name)
    process = _spawn(arguments, log_path, cwd=cwd, env=env)
    try:
        process.wait()
    except BaseException:
        _end_group(process.pid)
        raise
    finally:
        _children.pop(process.pid, None)
    if process.returncode != 0:
        end = "\n".join(log_path.read_text(errors="replace").splitlines()[-TAIL_LINES:])
        message = f"{name} failed with status {process.returncode}. All of it: {log_path}\n{end}"
        raise LocalError(message)


def is_running(name: str, *, state: Path) -> bool:
    """Whether the program that was started under this name still runs."""
    return _pid(state / "pids" / name) is not None


def stop_all(*, state: Path) -> list[str]:
    """End every program that was started here and all that it started.

    Returns:
        The names of those that were still running.
    """
    stopped = []
    for file in sorted((state / "pids").glob("*")):
        pid = _pid(file)
        if pid is not None:
            _end_group(pid)
            stopped.append(file.name)
        file.unlink()
    return stopped


def wait_until(ready: Iterator[bool], *, what: str, seconds: float) -> None:
    """Draw from `ready` until it yields True.

    Raises:
        LocalError: it did not within that many seconds.
    """
    deadline = time.monotonic() + seconds
    for is_ready in ready:
        if is_ready:
            return
        if time.monotonic() > deadline:
            message = f"{what} did not get ready within {seconds:.0f} s."
            raise LocalError(message)
        time.sleep(0.05)


def who_listens(port: int) -> str:
    """Name the process that listens on a port, as well as this machine can tell."""
    if shutil.which("lsof"):
        command = ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
        found = dict.fromkeys(_output(command).split())
        words = {word[0]: word[1:] for word in found if word[0] in "pc"}
        if "p" in words:
            return f"{words.get('c', 'a process')} (process {words['p']})"
    if shutil.which("ss"):
        _, _, users = _output(["ss", "-Hltnp", f"sport = :{port}"]).partition("users:")
        if users:
            return users.strip()
    return "another process"


def _spawn(
    arguments: Sequence[str], log_path: Path, *, cwd: Path, env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    with log_path.open("w") as log:
        process = subprocess.Popen(
            arguments, cwd=cwd, env=dict(env), stdout=log, stderr=log, start_new_session=True
        )
    _children[process.pid] = process
    return process


def _log(state: Path, name: str) -> Path:
    (state / "logs").mkdir(parents=True, exist_ok=True)
    return state / "logs" / f"{name}.log"


def _pid(file: Path) -> int | None:
    """The id in a pid file, if that very process still runs."""
    with contextlib.suppress(OSError, ValueError):
        pid, began = file.read_text().split(" ", 1)
        if began and _began(int(pid)) == began:
            return int(pid)
    return None


def _began(pid: int) -> str:
    """When a process began; empty for one that is gone or a zombie."""
    state, _, began = _output(["ps", "-o", "stat=,lstart=", "-p", str(pid)]).strip().partition(" ")
    return "" if state.startswith("Z") else began.strip()


def _output(command: Sequence[str]) -> str:
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    ).stdout


def _end_group(pid: int) -> None:
    """Ask a process group to end, wait, and then insist."""
    child = _children.pop(pid, None)
    deadline = time.monotonic() + GRACE_SECONDS
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            if child is not None:
                child.poll()
            os.killpg(pid, 0)
            time.sleep(0.05)
        os.killpg(pid, signal.SIGKILL)
    if child is not None:
        child.wait()
