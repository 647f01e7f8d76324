"""Count an account: bring what its project was told of it up to its facts, once, or not at all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.dynamo.figure_items import Counted, FiguresChange, Head
from billing.domain.account import AccountKey
from billing.domain.contribution import contribution
from billing.domain.errors import ContentionTooHigh
from billing.domain.recount import parted
from billing.domain.tally import NOW, Tally, difference, total

if TYPE_CHECKING:
    from billing.adapters.dynamo.figures import FiguresStore
    from billing.adapters.dynamo.store import AccountStore

ATTEMPTS = 30
"""How often counting is tried again while others count in the same project."""

MOST_MONTHS = 40
"""Months that one transaction changes, which may have a hundred items; the rest take another."""

Wait = Callable[[float], None]


def count_account(
    key: AccountKey,
    *,
    accounts: AccountStore,
    figures: FiguresStore,
    now: datetime,
    wait: Wait = time.sleep,
) -> bool:
    """Count an account as its facts are now; counting again changes nothing.

    What was counted is read before the facts, and written only if it is still that: so whoever
    writes last has read the facts last.

    Returns:
        Whether there was anything to count.

    Raises:
        ContentionTooHigh: others counted in the project in every attempt; a retry is safe.
        TryAgain: the database has trouble that passes.
    """
    has_counted, overtaken = False, 0
    while overtaken < ATTEMPTS:
        counted = figures.counted(key)
        wanted = contribution(accounts.load(key), now)
        change = difference(wanted, counted.tally)
        if not change:
            return has_counted
        part = {place: change[place] for place in sorted(change, reverse=True)[:MOST_MONTHS]}
        if _write(figures, counted, part, now):
            has_counted = True
            continue
        overtaken += 1
        wait(random.uniform(0, min(0.5, 0.01 * 2**overtaken)))  # noqa: S311 - jitter, no secret
    raise ContentionTooHigh(f"{ATTEMPTS} attempts were overtaken.")


def _write(figures: FiguresStore, counted: Counted, change: Tally, now: datetime) -> bool:
    """Add a change to what was counted of the account and to what its project comes to."""
    head = figures.head(counted.key.project_id)
    after = Counted(counted.key, counted.version + 1, total((counted.tally, change)))
    return figures.write(added(figures, head, change, now, counted=after))


def added(
    figures: FiguresStore, head: Head, change: Tally, now: datetime, *, counted: Counted
) -> FiguresChange:
    """Say what a project's figures, and those of a recount that has passed, are with a change."""
    months = {place: each for place, each in change.items() if place != NOW}
    before = figures.figures(head.project_id, months)
    sums = total((before, months))
    sum_now = total(({NOW: head.figures}, {NOW: change.get(NOW, {})}))
    recount = head.recount
    has_passed = recount is not None and recount.has_passed(counted.key.user_id)
    return FiguresChange(
        head=replace(head, version=head.version + 1, figures=sum_now.get(NOW, {})),
        at=now,
        counted=counted,
        places={place: sums.get(place, {}) for place in months},
        shadow=shadow_with(figures, head, change) if has_passed else {},
    )


def shadow_with(figures: FiguresStore, head: Head, change: Tally) -> dict[str, Tally]:
    """Say what the sums of the recount under way are with a change."""
    if head.recount is None:
        return {}
    parts = parted(change)
    known = figures.shadow(head.project_id, head.recount, parts)
    return {part: total((known.get(part, {}), tally)) for part, tally in parts.items()}
