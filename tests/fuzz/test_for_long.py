"""For as long as one likes: `make fuzz`, with FUZZ_SECONDS and FUZZ_SEED."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case

from tests.fuzz.conftest import Target
from tests.fuzz.fuzzing import schema, send_as_everybody
from tests.fuzz.test_links import CHAINS, follow_links

OPERATIONS: list[Any] = [
    found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)
]
A_ROUND = 50


@pytest.fixture
def rounds() -> Iterator[int]:
    """Seeds, until this test's share of the time is over."""
    if "FUZZ_SECONDS" not in os.environ:
        pytest.skip("run by `make fuzz`")
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    share = int(os.environ["FUZZ_SECONDS"]) * workers / (len(OPERATIONS) + 1)
    deadline = time.monotonic() + share
    first = int(os.environ.get("FUZZ_SEED", "1"))
    return itertools.takewhile(lambda _: time.monotonic() < deadline, itertools.count(first))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_as_described(
    rounds: Iterator[int],
    operation: Any,
    target: Target,
    record_property: Callable[[str, object], None],
) -> None:
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode])
    for done, number in enumerate(rounds, 1):

        @seed(number)
        @settings(max_examples=A_ROUND, suppress_health_check=list(HealthCheck))
        @given(case=cases)
        def of_any(case: Case[Any]) -> None:
            send_as_everybody(case, target)

        of_any()
        record_property("rounds", done)
    target.tell(record_property)


def test_linked_requests_are_answered_as_described(
    rounds: Iterator[int], target: Target, record_property: Callable[[str, object], None]
) -> None:
    for number in rounds:
        follow_links(target, settings(CHAINS, max_examples=A_ROUND, derandomize=False), number)
    target.tell(record_property)
