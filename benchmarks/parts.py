"""The parts of a run that measure: each says its figures beside floors and budgets."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from benchmarks import cold, load, starts, warm
from benchmarks.alternative import compare
from benchmarks.alternative.servers import Absent
from benchmarks.figures import Figure
from benchmarks.money import bursts, costs
from benchmarks.run import Part, Run


def cold_starts(run: Run) -> Part:
    """Start everything cold."""
    hot, others = starts.hot(run.ground), starts.others(run.ground)
    variants = [*cold.floors(), *(each.variant for each in hot)]
    found = cold.measure(run.ground, run.aws, variants, run.effort.cold_starts)
    more = [each.variant for each in others]
    found |= cold.measure(run.ground, run.aws, more, run.effort.other_starts)
    run.raw["cold"] = {
        name: {
            "init": median(s.init for s in each),
            "first": median(s.first_call for s in each),
            "memory": median(s.memory for s in each),
        }
        for name, each in found.items()
    }
    figures = [figure for each in (*hot, *others) for figure in _figures(found, each)]
    figures.insert(2, _memory(found, "Entitlements"))
    return Part("Cold start: init + first call", figures)


Found = dict[str, list[cold.Start]]


def _figures(found: Found, started: starts.Started) -> list[Figure]:
    """Return a function's figure beside its floor; and beside a closer one, without a verdict."""
    name, boto3 = started.variant.name, _median(found["boto3_get"])
    init = median(start.init for start in found[name])
    memory = median(start.memory for start in found[name])
    floor, floor_name, closer = boto3, "boto3 GetItem", ("signed_get", "hand-signed GetItem")
    if started.asks_stripe:
        stripe = _median(found["import_stripe"]) - _median(found["nothing"])
        floor, floor_name = boto3 + stripe, "boto3 GetItem + import stripe, apart"
        closer = ("boto3_get_stripe", "both in one process")
    note = f"init {init:.0f}, {memory:.0f} MB"
    whole = Figure(name, _median(found[name]), "ms", floor, floor_name, started.budget, note=note)
    if started.budget is None:
        return [whole]
    return [
        whole,
        Figure(f"{name}, the same", whole.value, "ms", _median(found[closer[0]]), closer[1]),
    ]


def _memory(found: Found, name: str) -> Figure:
    def peak(of: str) -> float:
        return median(start.memory for start in found[of])

    title = f"{name}: peak memory"
    return Figure(title, peak(name), "MB", peak("boto3_get"), "boto3 GetItem", 0.7)


def _median(found: list[cold.Start]) -> float:
    return median(start.total for start in found)


def requests_made(run: Run) -> Part:
    """Count what every call asks."""
    figures = []
    for name, (first, then) in warm.requests_of(run.ground, run.aws).items():
        if name == "receive":
            continue
        if name == "process":
            figures += [
                Figure("event: calls of Stripe", then.get("Stripe", 0), "", budget=0),
                Figure("event: reads", _reads(then), "", budget=1),
                Figure("event: transactions", then.get("TransactWriteItems", 0), "", budget=1),
            ]
            continue
        limit = None if name.startswith("batch") else 1
        figures += [
            Figure(f"{name}: DynamoDB requests, cold", _reads(first), "", budget=limit),
            Figure(f"{name}: DynamoDB requests, warm", _reads(then), "", budget=1),
        ]
    return Part("Requests", figures)


def _reads(counts: dict[str, int]) -> int:
    return sum(counts.get(operation, 0) for operation in warm.READS)


def warm_checks(run: Run) -> Part:
    """Measure warm checks, over plain sockets and over TLS."""
    run.checks = warm.hot_read(run.ground, run.aws, run.effort.warm)
    by_tls = warm.hot_read(run.ground, run.aws, run.effort.warm, tls=True)
    run.raw["warm"] = {name: each.cpu for name, each in run.checks.items()}
    run.raw["tls"] = {name: each.cpu for name, each in by_tls.items()}
    budgeted = {"list", "check"}
    figures = [
        _cpu(name, run.checks, 0.45 if name in budgeted else None)
        for name in run.checks
        if not name.endswith("GetItem")
    ]
    figures.append(_cpu("list", by_tls, 0.45, note="over TLS"))
    lowest = run.checks["hand-signed GetItem"].cpu
    name = "list, against the lowest floor"
    figures.append(Figure(name, run.checks["list"].cpu, "ms", lowest, "hand-signed GetItem"))
    logged = run.checks["list"].bytes_logged
    figures.append(Figure("list: bytes logged", logged, "bytes"))
    return Part("Warm CPU per check", figures)


def _cpu(name: str, found: dict[str, warm.Cost], budget: float | None, note: str = "") -> Figure:
    floor = found["botocore GetItem"].cpu
    return Figure(name, found[name].cpu, "ms", floor, "botocore GetItem", budget, note=note)


def webhook(run: Run) -> Part:
    """Measure an event's way through both functions."""
    run.events = warm.webhook(run.ground, run.aws, run.effort.warm)
    receive, process = run.events["receive"], run.events["process"]
    run.raw["event"] = {name: each.cpu for name, each in run.events.items()}
    return Part(
        "Webhook",
        [
            Figure("CPU per event, receive + process", receive.cpu + process.cpu, "ms", budget=4),
            Figure("of it, receive", receive.cpu, "ms"),
            Figure("of it, process, in batches of ten", process.cpu, "ms"),
            Figure("process, one by one", run.events["process one"].cpu, "ms"),
            Figure("events a second, one process of each", 1000 / process.wall, "/s"),
        ],
    )


def alternative(run: Run) -> Part:
    """Measure the FastAPI + PostgreSQL + Redis service beside this one."""
    title = "Beside FastAPI + PostgreSQL + Redis"
    try:
        found = compare.measure(run.ground.world, run.effort.alternative_calls)
    except Absent as absent:
        return Part(title, [], f"Left out: {absent}.")
    ours = {
        "check": run.checks["list"].cpu,
        "event": run.events["receive"].cpu + run.events["process"].cpu,
    }
    figures = []
    for name, theirs in found.items():
        figures.append(Figure(f"{name}: CPU", ours[name], "ms", theirs.cpu, "FastAPI's process"))
        note = f"alone {theirs.alone:.1f} ms, p95 at full load {theirs.p95:.0f} ms"
        figures += [
            Figure(f"{name}: CPU of its PostgreSQL and Redis", theirs.cpu_of_stores, "ms"),
            Figure(f"{name}: its rate on this machine", theirs.rate, "/s", note=note),
        ]
    return Part(title, figures)


def under_load(run: Run) -> Part:
    """Send a hundred checks a second to the local stack, and then more."""
    with load.running_stack() as running:
        found = load.measure(running, run.effort.load_seconds, steps=run.effort.load_steps)
    run.raw["load"] = [[each.rate, each.median, each.p95, each.p99] for each in found]
    first, kept = found[0], [each.rate for each in found if each.is_kept_up]
    note = f"{first.requests} requests, {first.rate:.0f}/s, p50 {first.median:.0f} ms"
    figures = [
        Figure("p95 at 100 checks a second", first.p95, "ms", budget=100, note=note),
        Figure("p99 at 100 checks a second", first.p99, "ms"),
        Figure("errors at 100 checks a second", first.failures, "", budget=0),
        Figure("rate at 100 checks a second", first.rate, "/s", budget=90, at_least=True),
    ]
    if run.effort.load_steps:
        most = max(kept, default=0.0)
        text = "emulator, functions and Locust on one machine"
        figures.append(Figure("the most that was kept up with", most, "/s", note=text))
    return Part("Load on the local stack", figures)


PARTS: dict[str, Callable[[Run], Part]] = {
    "requests": requests_made,
    "cold": cold_starts,
    "warm": warm_checks,
    "webhook": webhook,
    "alternative": alternative,
    "load": under_load,
    "cost": costs,
    "bursts": bursts,
}
NEEDS = {"alternative": {"warm", "webhook"}, "cost": {"warm", "webhook"}, "bursts": {"webhook"}}
"""Parts that build on what others have measured."""
