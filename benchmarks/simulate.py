"""A burst of webhooks through the queue: how old does the oldest event get, and when is it over?

A discrete-event simulation of what AWS documents: a FIFO queue whose groups are each in the hands
of one process at a time, batches of ten, and processes that Lambda adds as the queue fills.
Time is a value; nothing waits. `python -m benchmarks.simulate` prints the cases of
docs/scaling.md.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

PROCESS_MS = 28.0
"""Of one event on a function of 512 MB: CPU three and a half times that of a whole core, and two
requests to DynamoDB. `make bench` prints the measured one."""
RECEIVE_MS = 14.0


@dataclass(frozen=True)
class Burst:
    """What comes, and who takes it.

    Attributes:
        rate: events a second.
        seconds: for so long.
        customers: whose events they are; each customer is a group of the queue.
        hot: the share of the events that is one single customer's.
        process_ms: what one event takes; a batch takes as much for each of its events.
        overhead_ms: what a batch takes besides.
        first: processes that poll at the beginning.
        added: processes that Lambda adds each second while there are messages (300 a minute).
        most: processes, by the function's or the account's limit.
        batch: events that a process takes at once.
    """

    rate: float = 1000.0
    seconds: float = 60.0
    customers: int = 20_000
    hot: float = 0.0
    process_ms: float = PROCESS_MS
    overhead_ms: float = 5.0
    first: int = 5
    added: float = 5.0
    most: int = 1000
    batch: int = 10


@dataclass(frozen=True)
class Drained:
    """How it went; times in seconds since the burst began.

    Attributes:
        drained: when the last event was applied.
        oldest: the age that the oldest event had when it was applied.
        median: the age that half of the events had at most.
        processes: that worked at the same time, at most.
        longest_queue: events that waited at the same time, at most.
    """

    events: int
    drained: float
    oldest: float
    median: float
    processes: int
    longest_queue: int


@dataclass
class _Queue:
    """Messages by group; a group that is in a process's hands is not given to another."""

    waiting: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    ready: deque[int] = field(default_factory=deque)
    locked: set[int] = field(default_factory=set)
    size: int = 0

    def put(self, group: int, at: float) -> None:
        messages = self.waiting[group]
        if not messages and group not in self.locked:
            self.ready.append(group)
        messages.append(at)
        self.size += 1

    def take(self, most: int) -> tuple[list[float], list[int]]:
        """Take messages of the groups that have waited longest, each group's in order."""
        taken: list[float] = []
        groups: list[int] = []
        while self.ready and len(taken) < most:
            group = self.ready.popleft()
            messages = self.waiting[group]
            while messages and len(taken) < most:
                taken.append(messages.popleft())
            groups.append(group)
            self.locked.add(group)
        self.size -= len(taken)
        return taken, groups

    def release(self, groups: list[int]) -> None:
        for group in groups:
            self.locked.discard(group)
            if self.waiting[group]:
                self.ready.append(group)


def simulate(burst: Burst, seed: int = 1) -> Drained:
    """Let a burst come and be worked off."""
    queue, ages = _Queue(), list[float]()
    arrivals = _arrivals(burst, random.Random(seed))  # noqa: S311 - a simulation, no secret
    coming = next(arrivals, None)
    working: list[tuple[float, list[float], list[int]]] = []
    busiest = longest = 0
    now = 0.0
    while coming or working or queue.size:
        if coming and (not working or coming[0] <= working[0][0]):
            now = coming[0]
            queue.put(coming[1], now)
            coming = next(arrivals, None)
        elif working:
            now, taken, groups = heapq.heappop(working)
            ages += [now - at for at in taken]
            queue.release(groups)
        allowed = min(burst.most, int(burst.first + burst.added * now))
        while queue.ready and len(working) < allowed:
            taken, groups = queue.take(burst.batch)
            took = (burst.overhead_ms + burst.process_ms * len(taken)) / 1000
            heapq.heappush(working, (now + took, taken, groups))
        busiest, longest = max(busiest, len(working)), max(longest, queue.size)
    ages.sort()
    return Drained(len(ages), now, ages[-1], ages[len(ages) // 2], busiest, longest)


def _arrivals(burst: Burst, chance: random.Random) -> Iterator[tuple[float, int]]:
    """Yield when an event comes and of which group it is; group 0 is the hot one."""
    for number in range(round(burst.rate * burst.seconds)):
        is_hot = chance.random() < burst.hot
        group = 0 if is_hot else chance.randrange(1, burst.customers + 1)
        yield number / burst.rate, group


def cases(process_ms: float) -> dict[str, Burst]:
    """Return the bursts that docs/scaling.md speaks of."""
    usual = Burst(process_ms=process_ms)
    return {
        "1 000/s for a minute, 20 000 customers": usual,
        "the same, processes limited to 50": replace(usual, most=50),
        "the same, to 10": replace(usual, most=10),
        "the same, all of 50 customers": replace(usual, customers=50),
        "the same, 5 % of one customer": replace(usual, hot=0.05),
        "100/s for ten minutes": replace(usual, rate=100, seconds=600),
        "a day's backlog of 100 000 at once": replace(usual, rate=100_000, seconds=1),
    }


def told(process_ms: float) -> str:
    """Write every case as a line of Markdown."""
    lines = [
        f"| {process_ms:.0f} ms an event | applied after | oldest | median | processes | queue |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, burst in cases(process_ms).items():
        d = simulate(burst)
        lines.append(
            f"| {name} | {d.drained:.0f} s | {d.oldest:.1f} s | {d.median:.2f} s"
            f" | {d.processes} | {d.longest_queue:,} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the cases."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("--process-ms", type=float, default=PROCESS_MS)
    print(told(parser.parse_args().process_ms))


if __name__ == "__main__":
    main()
