"""The purchase that `make run` tells, on the deployed stack."""

from __future__ import annotations

from typing import Any

from local.demo import Demo


def test_the_demo_runs_from_checkout_to_the_end_of_access(stack: dict[str, Any]) -> None:
    told: list[str] = []
    Demo(stack, told.append).run()
    assert [line for line in told if "8. Access is gone" in line]
