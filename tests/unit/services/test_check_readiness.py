"""Readiness is asked of the things themselves, at most every few seconds."""

from __future__ import annotations

import pytest

from billing.services.check_readiness import MAX_AGE, NotReady, Readiness


class Thing:
    """Something that can break, and knows how often it was looked at."""

    def __init__(self) -> None:
        self.is_broken = False
        self.looks = 0

    def check(self) -> None:
        self.looks += 1
        if self.is_broken:
            raise ValueError("its inside")


def test_what_holds_is_named() -> None:
    assert Readiness({"table": Thing().check, "secret": Thing().check}).require() == [
        "table",
        "secret",
    ]


def test_what_fails_is_named_without_its_inside() -> None:
    broken = Thing()
    broken.is_broken = True
    with pytest.raises(NotReady) as refused:
        Readiness({"table": Thing().check, "secret": broken.check}).require()
    assert [e.field for e in refused.value.errors] == ["secret"]
    assert "inside" not in refused.value.detail


def test_an_answer_is_kept_for_a_few_seconds() -> None:
    thing, seconds = Thing(), [0.0]
    readiness = Readiness({"table": thing.check}, clock=lambda: seconds[0])
    readiness.require()
    thing.is_broken = True
    seconds[0] = MAX_AGE - 0.1
    readiness.require()
    assert thing.looks == 1
    seconds[0] = MAX_AGE
    with pytest.raises(NotReady):
        readiness.require()
