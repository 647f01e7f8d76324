"""Compare what was counted with the facts, and what projects come to with what was counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.domain.account import AccountKey
from billing.domain.changes import OutcomeKind
from billing.domain.contribution import contribution, has_aged
from billing.domain.drift import Difference, Drift
from billing.domain.shards import PageDone, Shard
from billing.domain.tally import Tally, difference
from billing.services.count_account import count_account
from billing.services.recount_project import Recounting
from billing.services.sides import Seen, Sides

if TYPE_CHECKING:
    from billing.adapters.dynamo.figures import FiguresStore
    from billing.services.settle_page import Settling

PAGE = 100
"""Accounts between two checkpoints."""

ON_ITS_WAY = timedelta(minutes=5)
"""For so long after a change of an account, the stream may still be about to count it."""

_CURSOR = re.compile(r"(?P<project>[a-z0-9-]*)(?P<kind>[|=]?)(?P<after>.*)", re.DOTALL)
"""What follows the project says what the cursor is of; ids of projects hold neither mark."""

_TOLD = 5
"""Figures that a difference names; the rest is a number."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far the comparison is, as a cursor writes it.

    Attributes:
        project_id: empty before the first.
        after: the last user id that was seen, which may be any text; empty before the first, `None`
            once all were, and what is left is what they come to.
    """

    project_id: str = ""
    after: str | None = ""

    @classmethod
    def read(cls, cursor: str | None) -> Place:
        """Read a cursor; `None` is the beginning."""
        parts = _CURSOR.fullmatch(cursor or "")
        if parts is None:
            raise ValueError("not a cursor of figures")
        return cls(parts["project"], None if parts["kind"] == "=" else parts["after"])

    def __str__(self) -> str:
        """Write it: `PROJECT|USER`, or `PROJECT=` once all were seen."""
        return f"{self.project_id}=" if self.after is None else f"{self.project_id}|{self.after}"


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of every project, account by account: by project, then by user id."""

    sides: Sides
    store: FiguresStore

    def look(self, shard: Shard, settling: Settling) -> PageDone | None:
        """Compare, settle and add up a page; `None` where time ends before that."""
        place, is_dry = Place.read(shard.cursor), self.sides.run.dry_run
        if place.after is None:
            project_id = place.project_id
            seen = [Seen((each,)) for each in self._totals(project_id)]
            done = settling.settle(shard, seen, self._following(project_id))
            if done is not None and not is_dry:
                self._recounting(project_id).end()
            return done
        project_id, after = place.project_id or self._following("") or "", place.after
        if not project_id:
            return PageDone()
        recounting = self._recounting(project_id)
        if not is_dry and not after:
            recounting.begin()
        keys, until = self._page(project_id, after)
        seen = [Seen((each,)) for key in keys for each in self._account(key)]
        done = settling.settle(shard, seen, str(Place(project_id, until)))
        if done is not None and not is_dry:
            recounting.add(until)
        return done

    def repair(self, found: Difference) -> str:
        """Count an account, or give a project what its accounts come to."""
        if found.account is None:
            self._recounting(found.object_id).repair()
            return OutcomeKind.APPLIED.value
        sides = self.sides
        counted = count_account(
            found.account, accounts=sides.accounts, figures=self.store, now=sides.clock()
        )
        return (OutcomeKind.APPLIED if counted else OutcomeKind.NO_CHANGE).value

    def _following(self, project_id: str) -> str | None:
        wanted = self.sides.run.project_id
        projects = sorted(self.sides.projects) if wanted is None else [wanted]
        return next((each for each in projects if each > project_id), None)

    def _recounting(self, project_id: str) -> Recounting:
        return Recounting(self.store, project_id, self.sides.run.id, self.sides.clock)

    def _page(self, project_id: str, after: str) -> tuple[list[AccountKey], str | None]:
        """List the accounts that there are, and those that were counted; and where they end."""
        items = self.sides.accounts.accounts(project_id, limit=PAGE, after=after or None)
        users = {str(item.user_id) for item in items}
        until = max(users) if len(items) == PAGE else None
        counted = self.store.counted_between(project_id, after, until)
        users.update(each.key.user_id for each in counted)
        return [AccountKey(project_id, user) for user in sorted(users)], until

    def _account(self, key: AccountKey) -> Iterator[Difference]:
        now, counted = self.sides.clock(), self.store.counted(key)
        account = self.sides.account(key)
        changed_at = account.updated_at
        lacking = difference(contribution(account, now), counted.tally)
        if lacking and has_aged(account, counted.tally, now):
            self._count_anew(key, now)
        elif lacking and not (changed_at and changed_at > now - ON_ITS_WAY):
            yield _different(str(key), key, lacking)

    def _count_anew(self, key: AccountKey, now: datetime) -> None:
        """Let an account have what it comes to since a discount ended, of which nobody tells."""
        if not self.sides.run.dry_run:
            count_account(key, accounts=self.sides.accounts, figures=self.store, now=now)

    def _totals(self, project_id: str) -> Iterator[Difference]:
        recounting = self._recounting(project_id)
        is_dry = self.sides.run.dry_run
        lacking = recounting.difference_at_once() if is_dry else recounting.difference()
        if lacking:
            yield _different(project_id, None, lacking)


def _different(object_id: str, account: AccountKey | None, lacking: Tally) -> Difference:
    """Say what is lacking: what was counted is ours, so a figure that is too high lacks less."""
    figures = [
        f"{place} {name} {'+' if amount > 0 else ''}{amount}"
        for place, each in sorted(lacking.items())
        for name, amount in sorted(each.items())
    ]
    told = ", ".join(figures[:_TOLD])
    more = f" and {len(figures) - _TOLD} more" if len(figures) > _TOLD else ""
    return Difference(Drift.FIGURES, object_id, account, ours="as counted", stripes=f"{told}{more}")
