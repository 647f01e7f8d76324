"""Reconcile: compare every subscription that Stripe has with ours, and report what differs.

Two passes. Stripe's list, page by page, each one against the account that it belongs to; then ours
that Stripe did not list, each looked up there. The record is kept up to date after every page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from billing.adapters.stripe.translate import UnreadableShape, read_claim, read_subscription
from billing.domain.account import AccountKey
from billing.domain.drift import Difference, Drift, compare
from billing.domain.errors import BillingError, InvalidInput, TryAgain
from billing.domain.runs import Run, RunStatus
from billing.domain.subscription import Subscription, standing
from billing.services.list_projects import list_projects

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.runs import RunStore
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.claims import Claim

PAGE = 100
"""Subscriptions between two writes of the record."""

_T = TypeVar("_T")
Page = tuple[int, list[Difference]]


class Subscriptions(Protocol):
    """Stripe, as far as a reconciliation needs it."""

    def subscription(self, subscription_id: str) -> dict[str, Any] | None:
        """Fetch one, with all its items."""

    def subscriptions(self, *, created_since: datetime | None = None) -> Iterator[dict[str, Any]]:
        """Go through all, of any status."""


class OutOfTime(TryAgain):
    """The function's time ends before the run does."""

    code = "out_of_time"
    title = "The run takes longer than the function may"


@dataclass(frozen=True, slots=True)
class Collaborators:
    """What a run needs.

    Attributes:
        gateway: how to reach Stripe; it may find that no key is set.
        clock: the instant.
        has_time: whether there is time for another page.
    """

    runs: RunStore
    accounts: AccountStore
    catalogs: CatalogStore
    gateway: Callable[[], Subscriptions]
    clock: Callable[[], datetime]
    has_time: Callable[[], bool] = lambda: True


def reconcile(run: Run, using: Collaborators) -> Run:
    """Make a run from its beginning to its end, and record it all along.

    Returns:
        The run, completed.

    Raises:
        BillingError: the run's record says `failed` and why; another attempt begins anew.
    """
    run = run.begun_anew()
    using.runs.put(run)
    try:
        for compared, found in _pages(run, using):
            run = run.with_compared(compared, found)
            using.runs.put(run)
    except Exception as error:
        code = error.code if isinstance(error, BillingError) else BillingError.code
        using.runs.put(run.failed(using.clock(), code))
        raise
    run = run.completed(using.clock())
    using.runs.put(run)
    return run


def resume(run_id: str, using: Collaborators) -> Run | None:
    """Make a run that was recorded; one that has completed is left alone, as is an unknown one."""
    run = using.runs.get(run_id)
    if run is None or run.status is RunStatus.COMPLETED:
        return run
    return reconcile(run, using)


def _pages(run: Run, using: Collaborators) -> Iterator[Page]:
    """Compare page by page, and say how many were looked at and what differed."""
    projects = {project.id for project in list_projects(using.catalogs)}
    comparison = _Comparison(using, run, projects)
    stripe = using.gateway()
    seen: set[str] = set()
    for page in _paged(stripe.subscriptions(created_since=run.since), using.has_time):
        seen.update(str(obj.get("id")) for obj in page)
        yield comparison.of_stripes(page)
    for project_id in sorted(projects) if run.project_id is None else [run.project_id]:
        for held in _paged(_unseen(project_id, seen, run, using), using.has_time):
            yield comparison.of_ours(held, stripe)


def _paged(items: Iterable[_T], has_time: Callable[[], bool]) -> Iterator[list[_T]]:
    iterator = iter(items)
    while page := list(islice(iterator, PAGE)):
        if not has_time():
            raise OutOfTime
        yield page


def _unseen(
    project_id: str, seen: set[str], run: Run, using: Collaborators
) -> Iterator[tuple[AccountKey, Subscription]]:
    """Ours that Stripe did not list, though it should have."""
    for user_id, fact in using.accounts.subscriptions(project_id):
        too_old = run.since is not None and fact.started_at < run.since
        if fact.id not in seen and not too_old and not standing(fact).status.is_terminal:
            yield AccountKey(project_id, user_id), fact


@dataclass(frozen=True, slots=True)
class _Comparison:
    using: Collaborators
    run: Run
    projects: set[str]

    def of_stripes(self, page: list[dict[str, Any]]) -> Page:
        """Compare what Stripe listed."""
        looked_at = [differences for obj in page if (differences := self._of(obj)) is not None]
        return len(looked_at), [each for differences in looked_at for each in differences]

    def of_ours(self, held: list[tuple[AccountKey, Subscription]], stripe: Subscriptions) -> Page:
        """Compare ours with what Stripe has under their ids; a moment ago it listed none."""
        found: list[Difference] = []
        for key, fact in held:
            obj = stripe.subscription(fact.id)
            if obj is None:
                ours = self.using.accounts.load(key).subscriptions.get(fact.id)
                found += compare(ours, None, key)
            else:
                found += self._of(obj) or ()
        return len(held), found

    def _of(self, obj: dict[str, Any]) -> tuple[Difference, ...] | None:
        """Compare one of Stripe's; `None` where it is of no project that is asked about."""
        id_ = str(obj.get("id"))
        try:
            now = self.using.clock()
            stripes = read_subscription(obj, as_of=now, event_id=self.run.id, first_seen=now)
            claim = read_claim(obj)
        except UnreadableShape as error:
            unreadable = Difference(Drift.UNREADABLE, id_, stripes=error.detail)
            return (unreadable,) if self.run.project_id is None else None
        named = self._named(claim)
        ours = self._held_by(named, id_)
        holder = named if ours else self._holder(claim, id_, named)
        if holder is None:
            orphan = Difference(Drift.ORPHANED, id_, stripes=stripes.status.value)
            return (orphan,) if self.run.project_id is None else None
        if self.run.project_id not in (None, holder.project_id):
            return None
        moved = named is not None and named != holder
        elsewhere = Difference(Drift.OTHER_ACCOUNT, id_, holder, ours=str(holder))
        ours = ours or self._held_by(holder, id_)
        return (*((elsewhere,) if moved else ()), *compare(ours, stripes, holder))

    def _named(self, claim: Claim) -> AccountKey | None:
        """The account that the object names, if its project is one of ours."""
        if claim.project_id not in self.projects or claim.user_id is None:
            return None
        try:
            return AccountKey(str(claim.project_id), claim.user_id)
        except InvalidInput:
            return None

    def _held_by(self, key: AccountKey | None, id_: str) -> Subscription | None:
        return self.using.accounts.load(key).subscriptions.get(id_) if key else None

    def _holder(self, claim: Claim, id_: str, named: AccountKey | None) -> AccountKey | None:
        """The account that holds it, else the one that should."""
        holder = self.using.accounts.find([id_])
        if holder or named or claim.customer_id is None:
            return holder or named
        return self.using.accounts.find([claim.customer_id])
