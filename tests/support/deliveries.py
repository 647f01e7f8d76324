"""One life told to many services, each in another manner; and what of an account must be equal.

A `Service` is a whole deployment as far as one account goes: the stores, Stripe, and the real
`apply_stripe_event`. A manner decides what reaches it when: in order, permuted, twice, late, lost
until the sweep, in an older API version's shape.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from billing.adapters.plain import to_plain
from billing.adapters.stripe.gateway import StripeGateway
from billing.auth import Caller
from billing.domain.account import Account, AccountKey
from billing.domain.catalog import Catalog
from billing.domain.changes import Cause, CauseType, Decision, OutcomeKind
from billing.domain.contribution import contribution
from billing.domain.errors import BillingError
from billing.domain.holdings import holdings_of
from billing.domain.policy import Holding, cover
from billing.domain.subscription import standing
from billing.services.apply_stripe_event import (
    EVENT_HANDLERS,
    Collaborators,
    apply_stripe_event,
)
from billing.services.commit import commit
from billing.services.grant_access import GrantOrder, grant_access, revoke_access
from tests.support.lives import KEY

Json = dict[str, Any]

ENDIVE, ACACIA = "2026-10-28.endive", "2024-06-20"
VERSIONS = (ENDIVE, ACACIA)
"""The shapes: today's, and one from before the period moved to the items."""

Clock = Callable[[], datetime]

LATEST = 25 * 86_400
"""Seconds after which nothing is held back longer; Stripe lists events for 30 days."""

ADA = Caller("key_ada", "Ada", None, frozenset({"admin"}))


class Told(Protocol):
    """An event of a life, which can be had in any shape."""

    id: str
    created: int

    def body(self, version: str) -> bytes:
        """As an endpoint of that API version gets it."""


@dataclass
class Service:
    """One deployment that hears of one account."""

    name: str
    accounts: Any
    catalogs: Any
    gateway: Callable[[], StripeGateway]
    version: str = ENDIVE
    outcomes: Counter[str] = field(default_factory=Counter)

    def hear(self, event: Told, now: datetime) -> None:
        """Take one delivery."""
        using = Collaborators(self.accounts, self.catalogs, self.gateway, wait=_never)
        payload = json.loads(event.body(self.version))
        outcome = apply_stripe_event(payload, using=using, now=now)
        self.outcomes[outcome.reason or outcome.kind] += 1

    def link(self, customer: str, instead_of: str | None, now: datetime) -> None:
        """Know the customer that a checkout made, as `start_checkout` does."""

        def decide(account: Account) -> Decision:
            stays = account.customer_id not in (None, instead_of)
            return Decision(account if stays else replace(account, customer_id=customer))

        cause = Cause(f"checkout:{customer}", CauseType.CHECKOUT, "link_customer", now, "app")
        commit(self.accounts, KEY, cause, decide, now=now, wait=_never)

    def operate(self, verb: str, number: int, now: datetime) -> None:
        """Do what an operator does."""
        given = {"accounts": self.accounts, "operator": ADA, "now": now}
        try:
            if verb == "grant":
                until = None if number % 2 else now + timedelta(days=1 + number % 40)
                order = GrantOrder(KEY, "export", "goodwill", valid_to=until)
                once = f"grant-{now.isoformat()}-{number}"
                grant_access(order, catalogs=self.catalogs, idempotency_key=once, **given)
            else:
                grants = sorted(self.account().grants)
                if grants:
                    revoke_access(grants[number % len(grants)], "over", **given)
        except BillingError:
            return  # a second grant of the same: refused in every service alike

    def account(self) -> Account:
        """The account as it is stored."""
        account: Account = self.accounts.load(KEY)
        return account


def _never(seconds: float) -> None:
    raise AssertionError("nobody else writes to this account")


@dataclass
class Manner:
    """What reaches a service when. The plain one delivers at once and in order."""

    service: Service
    dice: random.Random
    waiting: list[Told] = field(default_factory=list)
    heard: list[Told] = field(default_factory=list)
    delivered: int = 0

    def tell(self, events: Iterable[Told], clock: Clock) -> None:
        """New events have come about; deliver what comes through."""
        self.waiting.extend(events)
        oldest = clock().timestamp() - LATEST
        overdue = [event for event in self.waiting if event.created < oldest]
        self._deliver(overdue, clock)
        self._deliver(self._through([e for e in self.waiting if e not in overdue]), clock)

    def finish(self, clock: Clock) -> None:
        """Deliver what is still outstanding."""
        self._deliver(self._last(list(self.waiting)), clock)

    def _through(self, waiting: list[Told]) -> list[Told]:
        return waiting

    def _last(self, waiting: list[Told]) -> list[Told]:
        return self._through(waiting)

    def _deliver(self, events: list[Told], clock: Clock) -> None:
        for event in events:
            self.service.hear(event, clock())
            self.delivered += 1
        heard = {event.id for event in events}
        self.heard.extend(event for event in self.waiting if event.id in heard)
        self.waiting = [event for event in self.waiting if event.id not in heard]

    def _shuffled(self, events: list[Told]) -> list[Told]:
        return self.dice.sample(events, len(events))


class InOrder(Manner):
    """As Stripe would send them on its best day."""


class Permuted(Manner):
    """What comes about together comes in any order."""

    def _through(self, waiting: list[Told]) -> list[Told]:
        return self._shuffled(waiting)


class Backwards(Manner):
    """The newest first."""

    def _through(self, waiting: list[Told]) -> list[Told]:
        return waiting[::-1]


class Duplicated(Manner):
    """Many come twice, at once or later."""

    def _through(self, waiting: list[Told]) -> list[Told]:
        known = [*self.heard, *waiting]
        again = self.dice.sample(known, min(len(known), 1 + len(waiting) // 2))
        return self._shuffled([*waiting, *again])


class Delayed(Manner):
    """Some wait, while newer ones overtake them."""

    def _through(self, waiting: list[Told]) -> list[Told]:
        return self._shuffled([e for e in waiting if self.dice.random() < 0.5])

    def _last(self, waiting: list[Told]) -> list[Told]:
        return self._shuffled(waiting)


class Swept(Manner):
    """Deliveries fail for long, until the sweep fetches what is missing, in order."""

    def _through(self, waiting: list[Told]) -> list[Told]:
        if self.dice.random() < 0.25:
            return waiting
        return [e for e in waiting if self.dice.random() < 0.3]

    def _last(self, waiting: list[Told]) -> list[Told]:
        return waiting


class Late(Manner):
    """Nothing comes until it has to; then everything, in any order, some of it twice."""

    def _through(self, waiting: list[Told]) -> list[Told]:
        return []

    def _last(self, waiting: list[Told]) -> list[Told]:
        return self._shuffled([*waiting, *self.dice.sample(waiting, len(waiting) // 3)])


MANNERS: tuple[type[Manner], ...] = (Permuted, Backwards, Duplicated, Delayed, Swept, Late)
"""All but `InOrder`, with which they are compared."""


def truth(account: Account) -> Json:
    """What access and revenue depend on.

    Left out is how it came to be known: which event, when it was fetched, how many writes.
    """
    return {
        "customer": account.customer_id,
        "holdings": to_plain(holdings_of(account)),
        "subscriptions": {
            id_: {**_without(to_plain(fact), _HOW), "stands": _stands(fact)}
            for id_, fact in sorted(account.subscriptions.items())
        },
        "purchases": {
            id_: _without(to_plain(fact), _HOW) for id_, fact in sorted(account.purchases.items())
        },
        "grants": {id_: to_plain(grant) for id_, grant in sorted(account.grants.items())},
        "figures": _figures(account),
    }


_HOW = frozenset({"as_of", "event_id", "first_seen", "paid_seen", "timeline"})


_EVER = datetime.max.replace(tzinfo=UTC)


def _figures(account: Account) -> Json:
    tally = contribution(account, _EVER)
    return {place: {name: str(n) for name, n in tally[place].items()} for place in sorted(tally)}


def _stands(fact: Any) -> Json:
    plain: Json = to_plain(standing(fact))
    return {k: v for k, v in plain.items() if k in {"status", "period_end"}}


def _without(plain: Any, left_out: frozenset[str]) -> Any:
    if isinstance(plain, dict):
        return {k: _without(v, left_out) for k, v in plain.items() if k not in left_out}
    if isinstance(plain, list):
        return [_without(each, left_out) for each in plain]
    return plain


def boundaries(holdings: Iterable[Holding], catalog: Catalog) -> set[datetime]:
    """Every instant at which access begins or ends, and its neighbours."""
    tick = timedelta(microseconds=1)
    covers = [cover(holding, catalog.policy) for holding in holdings]
    edges = [edge for c in covers if c for edge in (c.valid_from, c.valid_to) if edge]
    return {at for edge in edges for at in (edge - tick, edge, edge + tick)}


def handled(events: Iterable[Json]) -> list[Json]:
    """Those that the webhook endpoint takes."""
    return [event for event in events if event["type"] in EVENT_HANDLERS]


def parked(service: Service) -> int:
    """How many deliveries were parked."""
    return sum(n for what, n in service.outcomes.items() if what not in set(OutcomeKind))


__all__ = ["KEY", "MANNERS", "AccountKey", "InOrder", "Manner", "Service", "truth"]
