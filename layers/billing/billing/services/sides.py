"""Both sides of a run: whose Stripe's objects are, and what is known here of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from billing.adapters.stripe.translate import Claim, StripeEvent, UnreadableShape, read_claim
from billing.domain.account import Account, AccountKey, Fact
from billing.domain.drift import Difference, Drift
from billing.domain.errors import InvalidInput
from billing.domain.purchase import Purchase
from billing.domain.runs import Run
from billing.domain.subscription import Subscription, standing

if TYPE_CHECKING:
    from billing.adapters.dynamo.lookup import Lookup
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at.

    Attributes:
        held, lives: the ids of ours that Stripe should know, as it is now, and once repaired.
        abandoned: whether it is a checkout that was given up, which is no drift.
    """

    differences: tuple[Difference, ...] = ()
    held: tuple[str, ...] = ()
    lives: tuple[str, ...] = ()
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides, for one run. What a page needs of ours is read for all of it at once.

    Attributes:
        projects: ids of all projects.
        livemode: which of Stripe's modes this stage serves.
    """

    run: Run
    accounts: AccountStore
    lookup: Lookup
    gateway: Callable[[], StripeGateway]
    clock: Callable[[], datetime]
    projects: frozenset[str]
    livemode: bool = False
    _owners: dict[str, AccountKey] = field(default_factory=dict)
    _facts: dict[tuple[AccountKey, str], Fact] = field(default_factory=dict)

    # -- what is known here ------------------------------------------------------------------------

    def find_owners(self, ids: Iterable[str | None]) -> None:
        """Ask once for the owners of all that a page names."""
        self._owners.clear()
        self._owners.update(self.lookup.owners(filter(None, ids)))

    def find_facts(self, wanted: Iterable[tuple[AccountKey, str]]) -> None:
        """Ask once for the facts that a page may be about, by account and sort key."""
        self._facts.clear()
        self._facts.update(self.lookup.facts(wanted))

    def owner(self, id_: str | None) -> AccountKey | None:
        """The account that has the id, of those that were asked for."""
        return self._owners.get(id_) if id_ else None

    def subscription(self, key: AccountKey, id_: str) -> Subscription | None:
        """The account's subscription, of the facts that were asked for."""
        fact = self._facts.get((key, f"subscription#{id_}"))
        return fact if isinstance(fact, Subscription) else None

    def purchase(self, key: AccountKey, id_: str) -> Purchase | None:
        """The account's purchase, of the facts that were asked for."""
        fact = self._facts.get((key, f"purchase#{id_}"))
        return fact if isinstance(fact, Purchase) else None

    def account(self, key: AccountKey) -> Account:
        """The whole account, read now."""
        return self.accounts.load(key)

    def named(self, claim: Claim) -> AccountKey | None:
        """The account that the object names, if its project is one of ours."""
        if claim.project_id not in self.projects or claim.user_id is None:
            return None
        try:
            return AccountKey(str(claim.project_id), claim.user_id)
        except InvalidInput:
            return None

    # -- what the run is about ---------------------------------------------------------------------

    def is_wanted(self, key: AccountKey) -> bool:
        """Whether the run looks at the account's project."""
        return self.run.project_id in (None, key.project_id)

    def should_be_at_stripe(self, fact: Subscription | Purchase) -> bool:
        """Whether Stripe has to know it, if nothing drifted."""
        if isinstance(fact, Purchase):
            alive = bool(fact.lines and fact.session_id and fact.state.is_settled)
        else:
            alive = not standing(fact).status.is_terminal
        return alive and self.is_in_scope(fact)

    def is_in_scope(self, fact: Subscription | Purchase) -> bool:
        """Whether the run looks at what is as old as this."""
        began = fact.started_at if isinstance(fact, Subscription) else fact.as_of
        return self.run.since is None or began >= self.run.since

    # -- what is told ------------------------------------------------------------------------------

    def guarded(self, obj: Json, look: Callable[[Json], Seen | None]) -> Iterator[Seen]:
        """Look at an object, unless it is of the other mode; tell of one that cannot be read."""
        id_ = str(obj.get("id"))
        if obj.get("livemode") is not self.livemode:
            mode = "live" if obj.get("livemode") else "test"
            seen = self.of_nobody(Difference(Drift.MODE, id_, stripes=mode))
        else:
            try:
                seen = look(obj)
            except UnreadableShape as error:
                seen = self.of_nobody(Difference(Drift.UNREADABLE, id_, stripes=error.detail))
        if seen is not None:
            yield seen

    def of_nobody(self, difference: Difference) -> Seen | None:
        """Tell of what is nobody's, in a run of all projects."""
        return Seen(differences=(difference,)) if self.run.project_id is None else None

    def dated(self, found: Iterable[Difference], obj: Json) -> tuple[Difference, ...]:
        """Say since when it can have differed."""
        since = newest_instant(obj, self.clock())
        return tuple(replace(each, since=since) for each in found)

    def told(self, obj: Json) -> StripeEvent:
        """The object as an event would tell it now."""
        return StripeEvent(self.run.id, "reconcile", self.clock(), self.livemode, None, obj)


def readable(page: list[Json]) -> Iterator[Json]:
    """Those of a page that can say whose they are; the others are told of by `Sides.guarded`."""
    for obj in page:
        with suppress(UnreadableShape):
            read_claim(obj)
            yield obj


def newest_instant(obj: Json, now: datetime) -> datetime | None:
    """The newest instant, not in the future, that an object mentions: when it last changed.

    Stripe's objects do not say when they changed; each change that matters here leaves one.
    """
    items = (obj.get("items") or {}).get("data") or [] if "items" in obj else []
    values = [part.get(name) for part in (obj, *items) for name in _INSTANTS]
    seconds = [v for v in values if isinstance(v, int) and v <= now.timestamp()]
    return datetime.fromtimestamp(max(seconds), UTC) if seconds else None


_INSTANTS = ("created", "start_date", "current_period_start", "canceled_at", "ended_at")


def id_in(obj: Json, name: str) -> str | None:
    """The id that a field holds, whether or not the object is written out there."""
    value = obj.get(name)
    value = value.get("id") if isinstance(value, Mapping) else value
    return value if isinstance(value, str) and value else None
