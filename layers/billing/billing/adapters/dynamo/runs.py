"""Reconciliation runs in the ledger table, beside the causes: `run#ID`, its shards, its pages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from pynamodb.exceptions import DoesNotExist, PutError

from billing.adapters.dynamo.models import RunItem, bind
from billing.adapters.dynamo.page import Page
from billing.adapters.plain import from_plain, to_plain
from billing.domain.drift import FOR_PEOPLE, Difference
from billing.domain.errors import InvalidInput
from billing.domain.runs import Run
from billing.domain.shards import Findings, RunStatus, Shard, Stage
from billing.settings import Settings

SECONDS_PER_DAY = 86_400


class Overtaken(Exception):
    """Another invocation works at the same shard, and was faster."""


LISTED_AS = "run"
"""The list of runs in the index whose list of causes is `parked`."""

LONGEST_ID = 255
"""Characters that an id can have; DynamoDB refuses far longer keys."""


class RunStore:
    """Where runs are recorded, as long as causes are."""

    def __init__(self, settings: Settings) -> None:
        """Bind the models to this deployment's tables."""
        bind(settings)
        self._remembered = settings.ledger_ttl_days * SECONDS_PER_DAY

    # -- runs --------------------------------------------------------------------------------------

    def get(self, run_id: str) -> Run | None:
        """Read a run as it stands. Its parts, whose keys begin as its own does, are none."""
        item = _get(f"run#{run_id}") if len(run_id) <= LONGEST_ID else None
        return from_plain(Run, item.data) if item and item.parked == LISTED_AS else None

    def listed(self, limit: int, cursor: str | None = None) -> Page[Run]:
        """List runs, the newest first; one that began this second may not show yet.

        Raises:
            InvalidInput: no page gave that cursor.
        """
        start = self._key_of(cursor) if cursor else None
        query = RunItem.by_start.query(
            LISTED_AS, scan_index_forward=False, limit=limit + 1, last_evaluated_key=start
        )
        keys = [item.pk for item in query]
        items = {item.pk: item for item in RunItem.batch_get(keys[:limit], consistent_read=True)}
        found = [from_plain(Run, items[key].data) for key in keys[:limit] if key in items]
        more = keys[limit - 1].removeprefix("run#") if len(keys) > limit else None
        return Page([self.with_progress(run) for run in found], more)

    def _key_of(self, run_id: str) -> dict[str, Any]:
        run = self.get(run_id)
        if run is None:
            raise InvalidInput.field("cursor", "must be the next_cursor of an answer")
        at = to_plain(run.started_at)
        return {"parked": {"S": LISTED_AS}, "recorded_at": {"S": at}, "pk": {"S": f"run#{run_id}"}}

    def begin(self, run: Run) -> Run:
        """Record a run; one that was recorded under the same id is that one."""
        if self._save(f"run#{run.id}", run, None, run.started_at):
            return run
        return self.get(run.id) or run

    def change(self, run_id: str, change: Callable[[Run], Run]) -> Run:
        """Change a run's record, however many do so at once."""
        while True:
            before = self.get(run_id)
            if before is None:
                raise KeyError(run_id)
            after = replace(change(before), version=before.version + 1)
            if self._save(f"run#{run_id}", after, before.version, before.started_at):
                return after

    def with_progress(self, run: Run) -> Run:
        """Tell how far a run is: a running one by its shards, an ended one by itself."""
        return run if run.status is RunStatus.COMPLETED else run.summed(self.shards(run))

    # -- shards ------------------------------------------------------------------------------------

    def shards(self, run: Run) -> list[Shard]:
        """Read all shards that have begun, in the order of the stages."""
        names = [shard.name for stage in Stage for shard in run.shards_of(stage)]
        keys = [f"run#{run.id}#shard#{name}" for name in names]
        found = {item.pk: item for item in RunItem.batch_get(keys, consistent_read=True)}
        return [from_plain(Shard, found[key].data) for key in keys if key in found]

    def shard(self, fresh: Shard) -> Shard:
        """Read a shard as it stands; `fresh` is what it is before it has begun."""
        item = _get(_shard_key(fresh))
        return from_plain(Shard, item.data) if item else fresh

    def checkpoint(self, shard: Shard, at: datetime) -> Shard:
        """Record how far a shard is.

        Raises:
            Overtaken: another invocation was faster.
        """
        after = replace(shard, version=shard.version + 1)
        if not self._save(_shard_key(shard), after, shard.version or None, at):
            raise Overtaken(shard.name)
        return after

    # -- lists of differences ----------------------------------------------------------------------

    def page(self, shard: Shard, number: int) -> Findings | None:
        """Read a page of differences."""
        item = _get(_page_key(shard, number))
        return from_plain(Findings, item.data) if item else None

    def put_page(self, shard: Shard, findings: Findings, at: datetime) -> None:
        """Record a page of differences: before they are repaired, and again after."""
        key, expires_at = _page_key(shard, shard.pages), self._expiry(at)
        RunItem(key, data=to_plain(findings), expires_at=expires_at).save()

    # -- what only a person can settle -------------------------------------------------------------

    def with_reports(self, found: tuple[Difference, ...]) -> tuple[Difference, ...]:
        """Say of what only a person can settle when it was first reported, if it was before."""
        keys = {_report_key(each): each for each in found if each.drift in FOR_PEOPLE}
        read = RunItem.batch_get(list(keys), consistent_read=True) if keys else ()
        since = {item.pk: datetime.fromisoformat(item.data["at"]) for item in read}
        return tuple(replace(each, reported_at=since.get(_report_key(each))) for each in found)

    def note_reports(self, found: Iterable[Difference], at: datetime) -> None:
        """Note that it is reported, and remember it as long as runs go on to find it."""
        for each in found:
            if each.drift in FOR_PEOPLE:
                first = {"at": to_plain(each.reported_at or at)}
                RunItem(_report_key(each), data=first, expires_at=self._expiry(at)).save()

    # -- the watermark -----------------------------------------------------------------------------

    def watermark(self, name: str) -> datetime | None:
        """Read up to when something was seen through."""
        item = _get(f"watermark#{name}")
        return datetime.fromisoformat(item.data["at"]) if item else None

    def move_watermark(self, name: str, at: datetime) -> None:
        """Note up to when it was; it never goes back, and is never forgotten."""
        known = self.watermark(name)
        if known is None or known < at:
            RunItem(f"watermark#{name}", data={"at": to_plain(at)}).save()

    def _save(self, pk: str, value: Run | Shard, known: int | None, at: datetime) -> bool:
        """Write, unless somebody has written since version `known`; `None` is not yet."""
        item = RunItem(pk, data=to_plain(value), version=value.version, expires_at=self._expiry(at))
        if isinstance(value, Run):
            item.parked, item.recorded_at = LISTED_AS, to_plain(value.started_at)
        new, unchanged = RunItem.pk.does_not_exist(), RunItem.version == known
        try:
            item.save(condition=new if known is None else unchanged)
        except PutError as error:
            if error.cause_response_code == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _expiry(self, at: datetime) -> int:
        return int(at.timestamp()) + self._remembered


def _shard_key(shard: Shard) -> str:
    return f"run#{shard.run_id}#shard#{shard.name}"


def _page_key(shard: Shard, number: int) -> str:
    return f"run#{shard.run_id}#page#{shard.name}#{number}"


def _report_key(each: Difference) -> str:
    told = [each.drift, each.object_id, each.account and str(each.account), each.ours, each.stripes]
    return f"report#{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:40]}"


def _get(pk: str) -> RunItem | None:
    try:
        return RunItem.get(pk, consistent_read=True)
    except DoesNotExist:
        return None
