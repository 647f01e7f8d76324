"""How far the comparison of figures is, as the cursor of its run writes it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.services.compare_figures import Place

PROJECTS = st.from_regex(r"[a-z0-9][a-z0-9-]{1,47}", fullmatch=True)


@given(PROJECTS, st.none() | st.text(min_size=1, max_size=256))
@example("demo", "dXNlcg==")
@example("demo", "=")
@example("demo", "|=")
@example("demo", "a\n=")
def test_a_cursor_is_read_as_it_was_written_whatever_the_user_id(
    project_id: str, after: str | None
) -> None:
    place = Place(project_id, after)
    assert Place.read(str(place)) == place


@pytest.mark.parametrize("cursor", [None, ""])
def test_no_cursor_is_the_beginning(cursor: str | None) -> None:
    assert Place.read(cursor) == Place()


def test_a_project_alone_is_its_beginning() -> None:
    assert Place.read("demo") == Place("demo", "")
