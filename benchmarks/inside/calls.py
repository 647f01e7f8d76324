"""Runs beside the handlers, on their Python: calls them in turn and tells what each call cost.

It reads what to do from standard input and writes the result to standard output, both JSON, and
sees only what a function sees, so it imports nothing of this folder. What the handlers write goes
to a file whose size tells the bytes of their log lines.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Handler = Callable[[Json, Any], Any]


class Context:
    """What Lambda passes beside an event."""

    function_name = "billing-benchmarks"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:billing-benchmarks"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Say that there is time enough."""
        return 10_000


class Case:
    """One thing that is called: `size` events at once, `share` of the calls of a block."""

    def __init__(self, name: str, said: Json) -> None:
        """Import its handler, unless there is none: then it is botocore itself."""
        self.name = name
        self.said = said
        self.size = said.get("size", 1)
        self.share = said.get("share", 1.0)
        module, _, attribute = said["handler"].rpartition(".")
        self.handler: Handler = getattr(importlib.import_module(module), attribute)
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.bytes_logged = 0.0
        self.answer: Any = None

    def prepare(self, calls: int) -> list[Json]:
        """Return the events of so many calls; no event id comes twice."""
        makers = {"same": self._same, "receive": self._received, "process": self._queued}
        return list(makers[self.said.get("kind", "same")](calls))

    def block(self, calls: int) -> None:
        """Call so many times, and note the ms of each event."""
        events, context = self.prepare(calls), Context()
        handler = self.handler
        wall, cpu = time.perf_counter(), time.process_time()
        for event in events:
            self.answer = handler(event, context)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        self.cpu.append(cpu * 1000 / calls / self.size)
        self.wall.append(wall * 1000 / calls / self.size)

    def _same(self, calls: int) -> Iterator[Json]:
        yield from [self.said["event"]] * calls

    def _payloads(self, count: int) -> Iterator[str]:
        for _ in range(count):
            payload = {**self.said["payload"], "id": f"evt_{os.urandom(12).hex()}"}
            yield json.dumps(payload, separators=(",", ":"))

    def _received(self, calls: int) -> Iterator[Json]:
        at = int(time.time())
        for body in self._payloads(calls):
            text = f"{at}.{body}".encode()
            signature = hmac.new(self.said["secret"].encode(), text, hashlib.sha256).hexdigest()
            headers = {
                **self.said["event"]["headers"],
                "stripe-signature": f"t={at},v1={signature}",
            }
            yield {**self.said["event"], "headers": headers, "body": body, "isBase64Encoded": False}

    def _queued(self, calls: int) -> Iterator[Json]:
        for _ in range(calls):
            records = [
                {**self.said["record"], "body": body, "messageId": os.urandom(8).hex()}
                for body in self._payloads(self.size)
            ]
            yield {"Records": records}


class Output:
    """Standard output of the handlers: a file; the result goes where it really leads."""

    def __init__(self) -> None:
        """Put the file in its place."""
        self._real = os.dup(1)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        os.dup2(self._file.fileno(), 1)

    def size(self) -> int:
        """Bytes that were written since the last time."""
        sys.stdout.flush()
        size = os.fstat(1).st_size
        os.ftruncate(1, 0)
        os.lseek(1, 0, os.SEEK_SET)
        return size

    def tell(self, result: Json) -> None:
        """Write the result."""
        os.write(self._real, json.dumps(result, default=str).encode())


def timed(said: Json, output: Output) -> Json:
    """Call every case in blocks, by turns, so that a disturbance hits all of them alike."""
    cases = [Case(name, case) for name, case in said["cases"].items()]
    for case in cases:
        case.block(said["warm_up"])
        case.cpu.clear()
        case.wall.clear()
        output.size()
    for _ in range(said["blocks"]):
        for case in cases:
            calls = max(1, round(said["calls"] * case.share))
            case.block(calls)
            case.bytes_logged += output.size() / calls / case.size / said["blocks"]
    return {
        case.name: {
            "cpu": case.cpu,
            "wall": case.wall,
            "bytes_logged": case.bytes_logged,
            "answer": case.answer,
        }
        for case in cases
    }


def counted(said: Json) -> Json:
    """Call one case twice, cold and warm, and tell which requests each call made."""
    ((name, said_of_case),) = said["cases"].items()
    # Whoever starts a process has nobody waiting: what it asks then is not a part of the call.
    case = Case(name, said_of_case)
    _counts(said["port"])
    told = []
    for _ in range(2):
        case.block(1)
        told.append(_counts(said["port"]))
    return {"cold": told[0], "warm": told[1], "answer": case.answer}


def _counts(port: int) -> Json:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/counts")
    counts: Json = json.loads(connection.getresponse().read())
    return counts


def main() -> None:
    """Do what standard input says."""
    said = json.load(sys.stdin)
    output = Output()
    output.tell(counted(said) if said.get("port") else timed(said, output))


if __name__ == "__main__":
    main()
