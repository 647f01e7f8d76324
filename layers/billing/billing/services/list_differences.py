"""List what a run found, in the order in which it looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.adapters.dynamo.page import Page
from billing.domain.drift import Difference
from billing.domain.errors import InvalidInput
from billing.domain.runs import Run
from billing.domain.shards import Stage

if TYPE_CHECKING:
    from billing.adapters.dynamo.runs import RunStore

LISTED = 100
"""Differences on a page, at least, unless it is the last."""


def list_differences(runs: RunStore, run: Run, cursor: str | None = None) -> Page[Difference]:
    """Return a page of a run's differences, with what became of each.

    Raises:
        InvalidInput: no page gave that cursor.
    """
    shards = {shard.name: shard for shard in runs.shards(run)}
    places = [
        f"{shard.name}:{number}"
        for stage in Stage
        for each in run.shards_of(stage)
        if (shard := shards.get(each.name))
        for number in range(shard.pages)
    ]
    if cursor is not None and cursor not in places:
        raise InvalidInput.field("cursor", "must be the next_cursor of an answer")
    found: list[Difference] = []
    for place in places[places.index(cursor) if cursor else 0 :]:
        if len(found) >= LISTED:
            return Page(found, place)
        name, _, number = place.partition(":")
        page = runs.page(shards[name], int(number))
        found += page.found if page else ()
    return Page(found)
