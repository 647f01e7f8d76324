"""Recount a project: add up what its accounts were counted with, and compare that with its figures.

Both go on while events arrive: docs/decisions/0016 says why the comparison is exact all the same.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.dynamo.figure_items import FiguresChange, Head
from billing.domain.errors import ContentionTooHigh
from billing.domain.recount import Recount
from billing.domain.tally import MOST_PLACES, NOW, Tally, difference, fitting, total
from billing.services.count_account import ATTEMPTS, Wait, shadow_with

if TYPE_CHECKING:
    from billing.adapters.dynamo.figures import FiguresStore

AT_ONCE = 5
"""How often all accounts of a project are read, where nothing may be written."""


@dataclass(frozen=True, slots=True)
class Recounting:
    """A recount of a project for a run.

    Attributes:
        clock: the instant.
        wait: how to wait between attempts, given seconds.
    """

    figures: FiguresStore
    project_id: str
    run_id: str
    clock: Callable[[], datetime]
    wait: Wait = time.sleep

    def begin(self) -> None:
        """Begin it at a project's first account, unless this run has.

        A recount of another run is given up for it.

        Raises:
            ContentionTooHigh, TryAgain: a retry is safe.
        """

        def begun(head: Head) -> FiguresChange | None:
            if head.recount and head.recount.run_id == self.run_id:
                return None
            return self._with(head, Recount(self.run_id, begun_at=head.version))

        self._change(begun)

    def add(self, until: str | None) -> None:
        """Add up the accounts up to a user id, `None` for all that are left; each once.

        A page that was begun is ended first, wherever it ends.

        Raises:
            ContentionTooHigh, TryAgain: a retry is safe.
        """

        def with_more(head: Head) -> FiguresChange | None:
            recount = head.recount
            if recount is None or recount.run_id != self.run_id or recount.has_passed_all:
                return None
            if until is not None and recount.has_passed(until):
                return None
            end = recount.until if recount.added_to else until
            page = self.figures.counted_between(self.project_id, recount.passed, end)
            sums = total(each.tally for each in page)
            places = [place for place in sorted(sums) if place > recount.added_to]
            shadow, is_whole = self._part(head, {place: sums[place] for place in places})
            if is_whole:
                passed, is_last = end or recount.passed, end is None
                after = Recount(self.run_id, recount.begun_at, passed, is_last)
            else:
                after = replace(recount, added_to=max(shadow), until=end)
            return replace(self._with(head, after), shadow=shadow)

        while self._change(with_more):
            pass

    def _part(self, head: Head, sums: Tally) -> tuple[Tally, bool]:
        """Add as many places as one transaction takes; say whether that is all of them."""
        first = sorted(sums)[:MOST_PLACES]
        shadow = shadow_with(self.figures, head, {place: sums[place] for place in first})
        fit = fitting(first, shadow)
        return {place: shadow[place] for place in fit}, len(fit) == len(sums)

    def difference(self) -> Tally:
        """Say what the project's figures lack; nothing where another run recounts it.

        Raises:
            ContentionTooHigh: they changed whenever they were read; a retry is safe.
        """
        for attempt in range(ATTEMPTS):
            head = self.figures.head(self.project_id)
            recount = self._whole(head)
            if recount is None:
                return {}
            lacking = self._lacking(recount)
            if self.figures.head(self.project_id).version == head.version:
                return lacking
            self._pause(attempt)
        raise ContentionTooHigh(f"{ATTEMPTS} attempts were overtaken.")

    def difference_at_once(self) -> Tally:
        """Say what the project's figures lack, and write nothing.

        Nothing is said where they are changed whenever all of its accounts are read.
        """
        for attempt in range(AT_ONCE):
            version = self.figures.head(self.project_id).version
            counted = self.figures.counted_between(self.project_id, "", None)
            added_up = total(each.tally for each in counted)
            lacking = difference(added_up, self.figures.places(self.project_id))
            if self.figures.head(self.project_id).version == version:
                return lacking
            self._pause(attempt)
        return {}

    def repair(self) -> None:
        """Give the project the figures that were added up.

        Raises:
            ContentionTooHigh, TryAgain: a retry is safe.
        """
        while self.difference():
            self._change(self._repaired)

    def end(self) -> None:
        """Add up no further.

        Raises:
            ContentionTooHigh, TryAgain: a retry is safe.
        """

        def ended(head: Head) -> FiguresChange | None:
            is_mine = head.recount is not None and head.recount.run_id == self.run_id
            return self._with(head, None) if is_mine else None

        self._change(ended)

    def _repaired(self, head: Head) -> FiguresChange | None:
        recount = self._whole(head)
        if recount is None:
            return None
        lacking = self._lacking(recount)
        first = sorted(set(lacking) - {NOW})[:MOST_PLACES]
        known = self.figures.figures(self.project_id, first)
        sums = total((known, {month: lacking[month] for month in first}))
        months = fitting(first, sums)
        now_is = total(({NOW: head.figures}, {NOW: lacking.get(NOW, {})}))
        return replace(
            self._with(replace(head, figures=now_is.get(NOW, {})), head.recount),
            places={month: sums.get(month, {}) for month in months},
        )

    def _lacking(self, recount: Recount) -> Tally:
        added_up = self.figures.shadows(self.project_id, recount)
        return difference(added_up, self.figures.places(self.project_id))

    def _whole(self, head: Head) -> Recount | None:
        """Return this run's recount, once it has passed all accounts."""
        recount = head.recount
        is_mine = recount is not None and recount.run_id == self.run_id
        return recount if recount and is_mine and recount.has_passed_all else None

    def _with(self, head: Head, recount: Recount | None) -> FiguresChange:
        return FiguresChange(replace(head, version=head.version + 1, recount=recount), self.clock())

    def _change(self, change: Callable[[Head], FiguresChange | None]) -> bool:
        """Decide about the figures as they are, again as often as somebody was faster.

        Returns:
            Whether there was anything to write.
        """
        for attempt in range(ATTEMPTS):
            wanted = change(self.figures.head(self.project_id))
            if wanted is None:
                return False
            if self.figures.write(wanted):
                return True
            self._pause(attempt)
        raise ContentionTooHigh(f"{ATTEMPTS} attempts were overtaken.")

    def _pause(self, attempt: int) -> None:
        self.wait(random.uniform(0, min(0.5, 0.01 * 2**attempt)))  # noqa: S311 - jitter, no secret
