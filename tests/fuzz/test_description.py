"""Requests made up from the description: every answer is described, and none says 5xx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from schemathesis.generation.case import Case

from tests.fuzz.conftest import Target
from tests.fuzz.fuzzing import schema, send_as_everybody

FEW = 8
"""Random cases an operation; the examples and the boundaries of each parameter come on top."""


@schema.parametrize()
@settings(max_examples=FEW, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(
    case: Case[Any], target: Target, record_property: Callable[[str, object], None]
) -> None:
    send_as_everybody(case, target)
    target.tell(record_property)
