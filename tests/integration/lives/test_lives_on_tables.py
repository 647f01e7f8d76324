"""The same lives on the real store: what the memory's deployment says, the tables say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.settings import Settings
from billing.stores import account_store
from tests.integration.lives.test_lives import service_on
from tests.support.deliveries import Delayed, Duplicated, Late, Manner, Service
from tests.support.lives import Stage, Step
from tests.support.memory import FixedCatalog
from tests.support.snapshot import Snapshots
from tests.support.stories import lives
from tests.support.telling import Tally, tell

Record = Callable[[str, object], None]


@pytest.mark.parametrize("manner", [Duplicated, Delayed, Late])
def test_a_life_on_the_tables_is_the_life_in_memory(
    stage: Stage, deployment: Settings, manner: type[Manner], record_property: Record
) -> None:
    tally, snapshots = Tally(), Snapshots(deployment)
    empty, in_memory = snapshots.take(), service_on(stage)

    def service(name: str, version: str) -> Service:
        if name.startswith("InOrder"):
            return in_memory(name, version)
        snapshots.restore(empty)
        catalog = FixedCatalog(stage.catalog)
        return Service(name, account_store(), catalog, lambda: stage.gateway, version)

    @settings(max_examples=8, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(steps=lives, seed=st.integers(0, 2**16))
    def of_any(steps: list[Step], seed: int) -> None:
        tell(steps, stage, service, seed=seed, tally=tally, manners=[manner])

    of_any()
    for name, number in tally.figures.items():
        record_property(f"{name} on tables", number)
