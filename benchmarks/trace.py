"""Shows the way of an entitlement check, cold and warm, step by step: `python -m benchmarks.trace`.

The output is a part of docs/performance.md. Tracing itself takes time, which the steps carry;
the whole call is told without it, too.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable

from benchmarks.ground import HERE, Aws, Ground
from benchmarks.requests import checks
from benchmarks.warm import ENTITLEMENTS

IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)")
LEAST_MS = 0.01
DEEPEST = 11


def imports(log: str, own: tuple[str, ...] = ("billing", "functions")) -> list[tuple[str, float]]:
    """Sum up what `-X importtime` tells, in ms of each package itself, the longest first.

    Modules of the service are summed up by their first two names, others by their first.
    """
    took: dict[str, float] = defaultdict(float)
    for itself, _, _, name in IMPORT.findall(log):
        parts = name.split(".")
        took[".".join(parts[: 2 if parts[0] in own else 1])] += int(itself) / 1000
    return sorted(took.items(), key=lambda each: -each[1])


def steps(told: Iterable[tuple[str, float, float]]) -> str:
    """Write a tree of steps, without those that take no time worth telling."""
    lines = []
    for path, took, calls in told:
        names = path.split(" > ")
        if took >= LEAST_MS and len(names) <= DEEPEST:
            often = f"  x{calls:.0f}" if calls >= 1.5 else ""
            lines.append(f"{took:8.3f}  {'  ' * (len(names) - 1)}{names[-1]}{often}")
    return "\n".join(lines)


def trace(ground: Ground, aws: Aws) -> str:
    """Trace a check over TLS: what is imported, and the steps of the first and of a warm call."""
    env = ground.environment(aws, ground.artifact("EntitlementsFunction"), tls=True)
    module = ENTITLEMENTS.rpartition(".")[0]
    command = [str(ground.python), "-X", "importtime", "-c", f"import {module}"]
    log = subprocess.run(command, check=True, env=env, capture_output=True, text=True).stderr
    said = {"handler": ENTITLEMENTS, "event": checks(ground.world)["list"]}
    command = [str(ground.python), str(HERE / "inside" / "steps.py")]
    done = subprocess.run(
        command, check=True, env=env, input=json.dumps(said), capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    slowest = "\n".join(f"{ms:8.1f}  {name}" for name, ms in imports(log)[:22])
    return (
        f"ms of import, each package itself ({found['imported']:.0f} in all, connection opened)\n\n"
        f"{slowest}\n\nms of the first call\n\n{steps(found['first'])}\n\n"
        f"ms of a warm call ({found['bare']:.3f} untraced)\n\n{steps(found['warm'])}"
    )


def main() -> None:
    """Print the trace, from artifacts that are built when they have to be."""
    ground = Ground()
    ground.prepare()
    with ground.aws() as aws:
        print(trace(ground, aws))


if __name__ == "__main__":
    main()
