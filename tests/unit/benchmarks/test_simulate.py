"""The simulation keeps to what a FIFO queue promises, in cases that can be reckoned by hand."""

from __future__ import annotations

import pytest

from benchmarks.simulate import Burst, simulate


def test_one_event_takes_its_time_and_no_more() -> None:
    done = simulate(Burst(rate=1, seconds=1, process_ms=30, overhead_ms=5))

    assert (done.events, done.processes) == (1, 1)
    assert done.oldest == pytest.approx(0.035)


def test_events_of_one_customer_are_never_worked_on_by_two_processes() -> None:
    done = simulate(Burst(rate=100, seconds=1, customers=1, process_ms=10, overhead_ms=0))

    assert done.processes == 1
    assert done.drained == pytest.approx(1.0, abs=0.02)


def test_a_customer_with_more_than_one_process_can_do_falls_behind_alone() -> None:
    calm = simulate(Burst(rate=200, seconds=5, process_ms=20))
    hot = simulate(Burst(rate=200, seconds=5, process_ms=20, hot=0.5))

    assert hot.drained > 9 > calm.drained
    assert hot.median < 5


def test_a_limit_of_processes_makes_the_queue_longer() -> None:
    many = simulate(Burst(rate=500, seconds=4))
    few = simulate(Burst(rate=500, seconds=4, most=2))

    assert few.processes == 2
    assert few.longest_queue > many.longest_queue
    assert few.drained > 2 * many.drained


def test_lambda_adds_processes_as_time_passes() -> None:
    done = simulate(Burst(rate=1000, seconds=10, first=5, added=5))

    assert 5 < done.processes <= 5 + 5 * done.drained


def test_nothing_is_lost_and_a_seed_repeats_itself() -> None:
    burst = Burst(rate=300, seconds=3, customers=40, hot=0.1)

    assert simulate(burst, seed=3) == simulate(burst, seed=3)
    assert simulate(burst).events == 900
