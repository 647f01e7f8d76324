"""Lives for as long as there is time. What is found is shrunk, and printed with its seed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.integration.lives.test_lives import service_on
from tests.soak.conftest import Soak
from tests.support.lives import Stage, Step
from tests.support.stories import lives
from tests.support.telling import Tally, tell

A_ROUND = 200


def test_a_life_ends_alike_however_it_is_told(
    stage: Stage, soak: Soak, record_property: Callable[[str, object], None]
) -> None:
    tally, deadline = Tally(), time.monotonic() + soak.seconds
    for number in itertools.count(soak.seed):
        if time.monotonic() > deadline:
            break
        _a_round(number, stage, tally, deadline)
    for name, figure in tally.figures.items():
        record_property(name, figure)
    record_property("last seed", number)


def _a_round(number: int, stage: Stage, tally: Tally, deadline: float) -> None:
    @seed(number)
    @settings(max_examples=A_ROUND, suppress_health_check=list(HealthCheck))
    @given(steps=lives, ids=st.integers(0, 2**16))
    def of_any(steps: list[Step], ids: int) -> None:
        if time.monotonic() < deadline:
            tell(steps, stage, service_on(stage), seed=ids, tally=tally)

    of_any()
