"""What was counted: per account what it was counted with, per project what that comes to.

Every write of a project's figures puts its item `now` under the next version, so whoever read that
version knows that nothing else has changed since (docs/decisions/0016).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pynamodb.exceptions import DoesNotExist, TransactGetError, TransactWriteError
from pynamodb.transactions import TransactGet, TransactWrite

from billing.adapters.dynamo.connection import connection
from billing.adapters.dynamo.figure_items import (
    Counted,
    FiguresChange,
    Head,
    accounts_of,
    counted_item,
    counted_of,
    head_item,
    shadow_item,
    shadow_key,
    version_is,
)
from billing.adapters.dynamo.models import FiguresItem, bind
from billing.domain.account import AccountKey
from billing.domain.errors import TryAgain
from billing.domain.recount import Recount
from billing.domain.tally import NOW, Figures, Tally, from_plain, to_plain, total
from billing.settings import Settings

READS = 14
LONGEST_PAUSE = 0.4
"""Attempts of a read, and seconds between two: four seconds in all, of the function's ten."""

_OVERTAKEN = frozenset({"ConditionalCheckFailed", "TransactionConflict"})


class FiguresStore:
    """The metrics table."""

    def __init__(self, settings: Settings, wait: Callable[[float], None] = time.sleep) -> None:
        """Bind the models to this deployment's tables; `wait` waits so many seconds."""
        bind(settings)
        self._wait = wait

    # -- reading -----------------------------------------------------------------------------------

    def read(self, project_id: str, months: Iterable[str]) -> Tally:
        """Read the figures of now and of some months as of one moment, with one request.

        DynamoDB cancels it where it meets a write, and then it is made again.

        Raises:
            TryAgain: they are being changed too fast to be read together, or DynamoDB has trouble.
        """
        places = [NOW, *months]
        for attempt in range(1, READS + 1):
            try:
                return _read_at_once(project_id, places)
            except TransactGetError as error:
                codes = {reason.code for reason in error.cancellation_reasons if reason}
                if codes != {"TransactionConflict"} or attempt == READS:
                    raise TryAgain("The figures are being changed.") from error
            self._wait(random.uniform(0, min(LONGEST_PAUSE, 0.01 * 2**attempt)))  # noqa: S311 - jitter, no secret
        raise AssertionError("the last attempt returns or raises")

    def read_now(self, project_ids: Iterable[str]) -> dict[str, Figures]:
        """Read the figures of now of many projects, a hundred with each request."""
        wanted = [(project_id, NOW) for project_id in dict.fromkeys(project_ids)]
        found = FiguresItem.batch_get(wanted) if wanted else ()
        return {item.pk: from_plain(item.data) for item in found}

    def head(self, project_id: str) -> Head:
        """Read a project's figures of now."""
        item = _get(project_id, NOW)
        if item is None:
            return Head(project_id)
        recount = Recount(**item.recount) if item.recount else None
        return Head(project_id, int(item.version or 0), from_plain(item.data), recount)

    def counted(self, key: AccountKey) -> Counted:
        """Read what an account was counted with."""
        item = _get(accounts_of(key.project_id), key.user_id)
        return counted_of(key.project_id, item) if item else Counted(key)

    def counted_between(self, project_id: str, after: str, until: str | None) -> Iterator[Counted]:
        """Go through what the accounts of `(after, until]` were counted with, by user id."""
        condition: Any = FiguresItem.sk > after if after else None
        if until is not None:
            within = FiguresItem.sk.between(after, until) if after else FiguresItem.sk <= until
            condition = within
        items = FiguresItem.query(accounts_of(project_id), condition, consistent_read=True)
        for item in items:
            if item.sk != after:
                yield counted_of(project_id, item)

    def places(self, project_id: str) -> Tally:
        """Read all figures of a project, however old."""
        found: Tally = {}
        for item in FiguresItem.query(project_id, consistent_read=True):
            if not item.sk.startswith("recount#") and item.data:
                found[item.sk] = from_plain(item.data)
        return found

    def shadows(self, project_id: str, recount: Recount) -> Tally:
        """Read what a recount has added up.

        A place can be in two items: the release before kept all months of a year in one, and what
        was added up there, and since, is one sum.
        """
        begins = FiguresItem.sk.startswith(shadow_key(recount, ""))
        items = FiguresItem.query(project_id, begins, consistent_read=True)
        return total(_added_up(item) for item in items)

    def figures(self, project_id: str, places: Iterable[str]) -> Tally:
        """Read single places of a project; what is not there is left out."""
        keys = [(project_id, place) for place in places]
        found = FiguresItem.batch_get(keys, consistent_read=True) if keys else ()
        return {item.sk: from_plain(item.data) for item in found}

    def shadow(self, project_id: str, recount: Recount, places: Iterable[str]) -> Tally:
        """Read what a recount has added up of single places."""
        keys = [(project_id, shadow_key(recount, place)) for place in places]
        found = FiguresItem.batch_get(keys, consistent_read=True) if keys else ()
        return total(_added_up(item) for item in found)

    # -- writing -----------------------------------------------------------------------------------

    def write(self, change: FiguresChange) -> bool:
        """Put a change of a project's figures whole, or not at all.

        Returns:
            False where somebody else changed what the change was made of; nothing was written.

        Raises:
            TryAgain: DynamoDB is throttling or failing; nothing was written.
        """
        head, counted, project_id = change.head, change.counted, change.head.project_id
        try:
            with TransactWrite(connection=connection()) as transaction:
                transaction.save(head_item(head), condition=version_is(head.version - 1))
                if counted is not None:
                    unchanged = version_is(counted.version - 1)
                    transaction.save(counted_item(counted), condition=unchanged)
                for place, figures in change.places.items():
                    transaction.save(FiguresItem(project_id, place, data=to_plain(figures)))
                if head.recount is not None:
                    for place, figures in change.shadow.items():
                        transaction.save(shadow_item(change, head.recount, place, figures))
        except TransactWriteError as error:
            codes = {reason.code for reason in error.cancellation_reasons if reason}
            if codes & _OVERTAKEN:
                return False
            raise TryAgain("The database did not take the figures.") from error
        return True


def _read_at_once(project_id: str, places: Iterable[str]) -> Tally:
    with TransactGet(connection=connection()) as transaction:
        asked = {place: transaction.get(FiguresItem, project_id, place) for place in places}
    found = {place: _figures_in(future) for place, future in asked.items()}
    return {place: figures for place, figures in found.items() if figures}


def _get(pk: str, sk: str) -> FiguresItem | None:
    try:
        return FiguresItem.get(pk, sk, consistent_read=True)
    except DoesNotExist:
        return None


def _added_up(item: FiguresItem) -> Tally:
    return {place: from_plain(figures) for place, figures in item.data.items()}


def _figures_in(future: Any) -> Figures:  # noqa: ANN401 - pynamodb's future of an item
    try:
        return from_plain(future.get().data)
    except DoesNotExist:
        return {}
