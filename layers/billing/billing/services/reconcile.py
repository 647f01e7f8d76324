"""Reconcile: compare what Stripe has with ours, both ways, and repair what differs.

A run is made shard by shard and page by page. Before a page's differences are repaired they are
recorded, and behind it so is the place: whoever goes on after a crash, or in another invocation,
repeats at most one page, whose repairs have the ids that they had (docs/decisions/0005).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from billing.adapters.dynamo.runs import Overtaken
from billing.domain.errors import BillingError
from billing.domain.runs import Run
from billing.domain.shards import RunStatus, Stage
from billing.services.collaborators import Collaborators
from billing.services.work_shard import Worker


@dataclass(frozen=True, slots=True)
class Advanced:
    """How far a run has come, and the shards of it that somebody has to go on with."""

    run: Run
    shards: tuple[str, ...] = ()
    just_completed: bool = False


def resume(run_id: str, shard: str | None, using: Collaborators) -> Advanced | None:
    """Go on with a run, as long as there is time.

    Args:
        run_id: of a run that was recorded.
        shard: with which to go on; without it, say which there are.
        using: what it needs.

    Returns:
        What is left to do; `None` for an unknown run. One that has completed is left alone.

    Raises:
        BillingError: the run's record says `failed` and why; going on goes on where it ended.
    """
    run = using.runs.get(run_id)
    if run is None:
        return None
    if run.status is RunStatus.COMPLETED:
        return Advanced(run)
    if run.status is RunStatus.FAILED:
        run = using.runs.change(run_id, Run.resumed)
    try:
        return _advance(run, shard, using)
    except Overtaken:
        return Advanced(run)
    except Exception as error:
        code = error.code if isinstance(error, BillingError) else BillingError.code
        using.runs.change(run_id, lambda r: r.failed(using.clock(), code))
        raise


def _advance(run: Run, name: str | None, using: Collaborators) -> Advanced:
    fresh = {each.name: each for stage in Stage for each in run.shards_of(stage)}.get(name or "")
    if fresh is None:
        return _completed(run, using) if run.is_done else Advanced(run, _undone(run))
    shard = Worker(run, using).go_through(using.runs.shard(fresh))
    if shard.status is not RunStatus.COMPLETED:
        return Advanced(run, (shard.name,))
    run = using.runs.change(run.id, lambda r: r.with_done(shard.name))
    if not run.is_done:
        return Advanced(run, _undone(run) if run.stage is not shard.stage else ())
    return _completed(run, using)


def _completed(run: Run, using: Collaborators) -> Advanced:
    total = run.summed(using.runs.shards(run)).completed(using.clock())
    run = using.runs.change(
        run.id,
        lambda r: r if r.status is RunStatus.COMPLETED else replace(total, version=r.version),
    )
    return Advanced(run, just_completed=True)


def _undone(run: Run) -> tuple[str, ...]:
    return tuple(s.name for s in run.shards_of(run.stage) if s.name not in run.done)
