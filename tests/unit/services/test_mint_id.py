"""Ids of our own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.services.mint_id import mint_id, repeatable_id

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_ids_sort_by_time() -> None:
    ids = [mint_id("grant", NOW + timedelta(milliseconds=n)) for n in range(50)]
    assert ids == sorted(ids)
    assert all(len(id_) == len("grant_") + 26 for id_ in ids)


def test_ids_of_one_instant_differ() -> None:
    assert len({mint_id("grant", NOW) for _ in range(100)}) == 100


@given(st.lists(st.text(alphabet="ab", max_size=3), min_size=2, max_size=2))
def test_the_same_parts_give_the_same_id_and_others_another(parts: list[str]) -> None:
    one = repeatable_id("op", *parts)
    assert one == repeatable_id("op", *parts)
    assert len(one) == len("op_") + 26
    assert (one == repeatable_id("op", *reversed(parts))) == (parts == parts[::-1])
    assert one != repeatable_id("op", "".join(parts))
