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
from billing.domain.tally import MOST_PLACES, NOW, Tally, difference, fitting, total

if TYPE_CHECKING:
    from billing.adapters.dynamo.figures import FiguresStore
    from billing.adapters.dynamo.store import AccountStore

ATTEMPTS = 30
"""How often counting is tried again while others count in the same project."""

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
        head = figures.head(key.project_id)
        if figures.write(added(figures, head, counted, change, now)):
            has_counted = True
            continue
        overtaken += 1
        wait(random.uniform(0, min(0.5, 0.01 * 2**overtaken)))  # noqa: S311 - jitter, no secret
    raise ContentionTooHigh(f"{ATTEMPTS} attempts were overtaken.")


def added(
    figures: FiguresStore, head: Head, counted: Counted, change: Tally, now: datetime
) -> FiguresChange:
    """Add a change to what was counted of an account, and to what its project comes to.

    Of one that is too large for a transaction the newest months come first, the rest the next time.
    """
    months = sorted(set(change) - {NOW}, reverse=True)[:MOST_PLACES]
    before = figures.figures(head.project_id, months)
    sums = total((before, {month: change[month] for month in months}))
    fit = fitting(months, sums)
    part = {place: change[place] for place in (NOW, *fit) if place in change}
    sum_now = total(({NOW: head.figures}, {NOW: part.get(NOW, {})}))
    user_id, recount = counted.key.user_id, head.recount
    in_recount = {p: part[p] for p in part if recount and recount.has_added(user_id, p)}
    return FiguresChange(
        head=replace(head, version=head.version + 1, figures=sum_now.get(NOW, {})),
        at=now,
        counted=Counted(counted.key, counted.version + 1, total((counted.tally, part))),
        places={month: sums.get(month, {}) for month in fit},
        shadow=shadow_with(figures, head, in_recount),
    )


def shadow_with(figures: FiguresStore, head: Head, change: Tally) -> Tally:
    """Say what the sums of the recount under way are with a change."""
    if head.recount is None:
        return {}
    sums = total((figures.shadow(head.project_id, head.recount, change), change))
    return {place: sums.get(place, {}) for place in change}
