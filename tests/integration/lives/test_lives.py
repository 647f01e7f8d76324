"""Whatever happens in an account's life, and in whatever order it is heard, ends alike.

Hypothesis makes the lives; `tests.support.deliveries` says in which manners they are told. A life
that diverges is printed as its steps, with the seed of its ids: `tell` takes both.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.deliveries import ENDIVE, Service
from tests.support.lives import Stage, Step
from tests.support.memory import FixedCatalog, MemoryStore
from tests.support.stories import STORIES, lives
from tests.support.telling import Tally, tell

LIVES = 24
"""With what each costs, about half a minute on one core."""

Record = Callable[[str, object], None]


def service_on(stage: Stage) -> Callable[[str, str], Service]:
    """Make deployments that keep all in memory; the decisions are the real ones."""
    catalog = FixedCatalog(stage.catalog)

    def service(name: str, version: str = ENDIVE) -> Service:
        return Service(name, MemoryStore(), catalog, lambda: stage.gateway, version)

    return service


def test_a_life_ends_alike_however_it_is_told(stage: Stage, record_property: Record) -> None:
    tally = Tally()

    @settings(max_examples=LIVES, suppress_health_check=[HealthCheck.too_slow])
    @given(steps=lives, seed=st.integers(0, 2**16))
    def of_any(steps: list[Step], seed: int) -> None:
        tell(steps, stage, service_on(stage), seed=seed, tally=tally)

    try:
        of_any()
    finally:
        for name, number in tally.figures.items():
            record_property(name, number)


@pytest.mark.parametrize("name", STORIES)
def test_a_life_that_was_told_amiss_once(stage: Stage, name: str, record_property: Record) -> None:
    """What Hypothesis found, made as short as it could be, in every order that chance gives."""
    tally = Tally()
    for seed in range(12):
        tell(STORIES[name], stage, service_on(stage), seed=seed, tally=tally)
    for what, number in tally.figures.items():
        record_property(what, number)
