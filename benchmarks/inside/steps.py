"""Runs beside a handler, on its Python: tells step by step what a cold and a warm call do.

It reads a handler and an event from standard input, as JSON, and writes a tree of steps with their
average time. A step is a call of this service's own code, of `http.client`, of TLS or of a socket.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from types import FrameType
from typing import Any

REPEATED = 300
OWN = ("/billing/", "/functions/")
LIBRARIES = ("http/client.py", "/ssl.py", "/socket.py")
BUILT_IN = frozenset(
    {"connect", "create_connection", "do_handshake", "getaddrinfo", "load_verify_locations"}
    | {
        "loads",
        "raw_decode",
        "read",
        "recv_into",
        "send",
        "sendall",
        "set_default_verify_paths",
        "write",
    }
)
Path = tuple[str, ...]


class Context:
    """What Lambda passes beside an event."""

    function_name = "billing-benchmarks"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:billing-benchmarks"
    aws_request_id = "00000000-0000-4000-8000-000000000000"


class Tree:
    """Notes calls and returns, and adds up what each path of calls took, in ms."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.took: dict[Path, float] = {}
        self.calls: dict[Path, int] = {}
        self._path: list[str] = []
        self._began: list[float] = []
        self._shown: list[bool] = []

    def note(self, frame: FrameType, event: str, argument: Any) -> None:  # noqa: ANN401 - as sys.setprofile calls it
        """Note one call or return."""
        if event == "call":
            self._enter(*_named(frame))
        elif event == "c_call":
            name = getattr(argument, "__name__", "")
            self._enter(name, is_shown=name in BUILT_IN)
        elif self._shown:
            self._leave()

    def _enter(self, name: str, is_shown: bool) -> None:  # noqa: FBT001 - the pair that _named returns
        self._shown.append(is_shown)
        if is_shown:
            self._path.append(name)
            self._began.append(time.perf_counter())
            self.took.setdefault(tuple(self._path), 0.0)

    def _leave(self) -> None:
        if self._shown.pop():
            path = tuple(self._path)
            self.took[path] += (time.perf_counter() - self._began.pop()) * 1000
            self.calls[path] = self.calls.get(path, 0) + 1
            self._path.pop()


def _named(frame: FrameType) -> tuple[str, bool]:
    file, name = frame.f_code.co_filename, frame.f_code.co_qualname
    if any(part in file for part in OWN):
        package = file.rpartition("/python/")[2].rpartition("/functions/")[2]
        return f"{package.removesuffix('.py').replace('/', '.')}: {name}", "<" not in name
    is_library = any(file.endswith(part) for part in LIBRARIES)
    return f"{os.path.basename(file)}: {name}", is_library and name[0] != "_"  # noqa: PTH119 - pathlib would be a part of what is measured


def told(tree: Tree, times: int) -> list[tuple[str, float, float]]:
    """Return each path, its ms and its calls, a time."""
    return [
        (" > ".join(path), took / times, tree.calls.get(path, 0) / times)
        for path, took in tree.took.items()
    ]


def main() -> None:
    """Do what standard input says."""
    said = json.load(sys.stdin)
    real = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    began = time.perf_counter()
    module, _, name = said["handler"].rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    imported = (time.perf_counter() - began) * 1000
    first = _traced(handler, said["event"], 1)
    handler(said["event"], Context())
    began = time.perf_counter()
    for _ in range(REPEATED):
        handler(said["event"], Context())
    bare = (time.perf_counter() - began) * 1000 / REPEATED
    warm = _traced(handler, said["event"], REPEATED)
    found = {"imported": imported, "bare": bare, "first": first, "warm": warm}
    os.write(real, json.dumps(found).encode())


def _traced(handler: Any, event: Any, times: int) -> list[tuple[str, float, float]]:  # noqa: ANN401 - of any function
    tree, context = Tree(), Context()
    sys.setprofile(tree.note)
    for _ in range(times):
        handler(event, context)
    sys.setprofile(None)
    return told(tree, times)


if __name__ == "__main__":
    main()
