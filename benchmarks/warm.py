"""Warm calls over a real socket: CPU per call beside botocore's and a hand-signed GetItem's."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.ground import HERE, Aws, Ground
from benchmarks.requests import checks, delivery, known, messages

ENTITLEMENTS = "functions.entitlements.handler.lambda_handler"
READS = ("GetItem", "BatchGetItem", "Query")


@dataclass(frozen=True)
class Effort:
    """How long to measure: blocks of calls, by turns."""

    blocks: int
    calls: int
    warm_up: int = 20


@dataclass(frozen=True)
class Cost:
    """What one call costs: medians of the blocks, ms; and the bytes that it logs."""

    cpu: float
    wall: float
    bytes_logged: float
    blocks: tuple[float, ...] = ()

    @classmethod
    def of(cls, told: dict[str, Any]) -> Cost:
        """Read what `inside/calls.py` tells of a case."""
        cpu = tuple(told["cpu"])
        return cls(median(cpu), median(told["wall"]), told["bytes_logged"], cpu)


def hot_read(ground: Ground, aws: Aws, effort: Effort, *, tls: bool = False) -> dict[str, Cost]:
    """Measure each kind of check, and both floors, in one process, in turn.

    A kind that this deployment does not serve is left out.
    """
    floor = {"event": {"pk": "demo#user-1"}}
    cases: dict[str, Any] = {
        "botocore GetItem": {**floor, "handler": "boto3_get.lambda_handler"},
        "hand-signed GetItem": {**floor, "handler": "signed_get.lambda_handler"},
    }
    for name, asked in _served(ground, aws):
        share = 0.1 if name.startswith("batch") else 1.0
        cases[name] = {"handler": ENTITLEMENTS, "event": asked, "share": share}
    if tls:
        cases = {name: cases[name] for name in [*list(cases)[:2], "list"]}
    return _measured(ground, aws, cases, effort, "EntitlementsFunction", tls=tls)


def webhook(ground: Ground, aws: Aws, effort: Effort) -> dict[str, Cost]:
    """Measure an event's way: received, and processed alone or with nine others."""
    received = _measured(
        ground, aws, {"receive": delivery(ground.world)}, effort, "WebhookReceiveFunction"
    )
    each = Effort(effort.blocks, max(1, effort.calls // 10), 2)
    cases = {"process": messages(ground.world, 10), "process one": messages(ground.world, 1)}
    return received | _measured(ground, aws, cases, each, "WebhookProcessFunction")


def requests_of(ground: Ground, aws: Aws) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """Count what each kind of call asks of AWS and Stripe: cold, and warm."""
    cases = [
        (name, "EntitlementsFunction", {"handler": ENTITLEMENTS, "event": asked})
        for name, asked in _served(ground, aws)
    ]
    cases.append(("receive", "WebhookReceiveFunction", delivery(ground.world)))
    cases.append(("process", "WebhookProcessFunction", messages(ground.world, 1)))
    found = {}
    for name, function, case in cases:
        said = {"cases": {name: case}, "port": aws.port}
        told = ground.inside(aws, said, ground.artifact(function))
        found[name] = (told["cold"], told["warm"])
    return found


def _measured(
    ground: Ground,
    aws: Aws,
    cases: dict[str, Any],
    effort: Effort,
    function: str,
    *,
    tls: bool = False,
) -> dict[str, Cost]:
    said = {**effort.__dict__, "cases": cases}
    told = ground.inside(aws, said, ground.artifact(function), HERE / "floors", tls=tls)
    return {name: Cost.of(each) for name, each in told.items()}


def _served(ground: Ground, aws: Aws) -> list[tuple[str, Any]]:
    """Return the kinds of check that are answered with 200, and the 304 of the first."""
    served, tag = [], ""
    for name, asked in checks(ground.world).items():
        said = {"cases": {name: {"handler": ENTITLEMENTS, "event": asked}}, "port": aws.port}
        answer = ground.inside(aws, said, ground.artifact("EntitlementsFunction"))["answer"]
        if answer["statusCode"] == 200:
            served.append((name, asked))
            headers = {key.lower(): value for key, value in answer["headers"].items()}
            tag = tag or headers["etag"]
    return [*served, ("304", known(checks(ground.world)["list"], tag))]
