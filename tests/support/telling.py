"""A life lived and told to several services, which are compared on the way and at its end."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from billing.adapters.stripe.translate import read_subscription
from billing.domain.access import access
from billing.domain.holdings import holdings_of
from billing.domain.subscription import standing
from tests.support.deliveries import (
    MANNERS,
    VERSIONS,
    InOrder,
    Manner,
    Service,
    boundaries,
    handled,
    parked,
    truth,
)
from tests.support.lives import Life, Stage, Step, repeatable_ids

Json = dict[str, Any]


@dataclass
class Tally:
    """What has been done so far."""

    figures: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """For the terminal."""
        return ", ".join(f"{name} {self.figures[name]:,}" for name in sorted(self.figures))


class Event:
    """A stored event of the fake's, in every shape that was asked for."""

    def __init__(self, life: Life, row: Json) -> None:
        self.id: str = row["id"]
        self.type: str = row["type"]
        self.created: int = row["created"]
        # Written at once: an old shape says what the world was like then, not at a delivery.
        self._bodies = {version: life.payload(row, version) for version in VERSIONS}

    def body(self, version: str) -> bytes:
        """As an endpoint of that API version gets it."""
        return self._bodies[version]

    def __repr__(self) -> str:
        """For a failed test."""
        return f"{self.type}@{self.created} {self.id}"


class Divergence(AssertionError):
    """Two services that heard the same do not say the same."""


def tell(
    steps: Sequence[Step],
    stage: Stage,
    new_service: Callable[[str, str], Service],
    *,
    seed: int,
    tally: Tally,
    manners: Sequence[type[Manner]] = MANNERS,
) -> None:
    """Live the steps, deliver what Stripe says in every manner, and compare.

    Args:
        steps: the life.
        stage: a fake Stripe with goods.
        new_service: makes an empty deployment, given its name and its endpoint's API version.
        seed: of ids and of what the manners leave to chance.
        tally: what is counted.
        manners: those that are compared with `InOrder`.

    Raises:
        Divergence: with the life, the manner and what differs.
    """
    with repeatable_ids(seed):
        stage.renew(seed)
        told = _Telling(stage, new_service, manners, seed, tally)
        for step in steps:
            told.live(step)
        told.end()


class _Telling:
    def __init__(
        self,
        stage: Stage,
        new_service: Callable[[str, str], Service],
        manners: Sequence[type[Manner]],
        seed: int,
        tally: Tally,
    ) -> None:
        self.tally, self.stage, self.seed, self.emitted = tally, stage, seed, 0
        dice = random.Random(seed)
        self.reference: Manner = InOrder(new_service("InOrder", VERSIONS[0]), dice)
        self.others = [
            manner(
                new_service(f"{manner.__name__} {version}", version), random.Random(dice.random())
            )
            for manner in manners
            for version in [dice.choice(VERSIONS)]
        ]
        self.life = Life(stage.stripe, stage.gateway, stage.catalog, self._link, self._operate)
        self.instants: set[datetime] = set()

    @property
    def everyone(self) -> list[Manner]:
        return [self.reference, *self.others]

    def _link(self, customer: str, instead_of: str | None) -> None:
        now = self.life.now()
        for manner in self.everyone:
            manner.service.link(customer, instead_of, now)

    def _operate(self, verb: str, number: int) -> None:
        now = self.life.now()
        for manner in self.everyone:
            manner.service.operate(verb, number, now)

    def live(self, step: Step) -> None:
        for _ in self.life.strides(step.gap):
            self._deliver()
        self.life.act(step)
        self._deliver()

    def _deliver(self) -> None:
        rows = self.life.events(self.emitted)
        self.emitted += len(rows)
        events = [Event(self.life, row) for row in handled(rows)]
        self.tally.figures["events"] += len(events)
        for manner in self.everyone:
            manner.tell(events, self.life.now)
        self.instants.add(self.life.now())
        if events:
            self._compare([manner for manner in self.others if not manner.waiting])

    def end(self) -> None:
        for manner in self.everyone:
            manner.finish(self.life.now)
            assert not manner.waiting, manner
        self._compare(self.others)
        self._compare_access()
        self._compare_with_stripe()
        self.tally.figures["lives"] += 1
        self.tally.figures["deliveries"] += sum(m.delivered for m in self.everyone)

    def _compare(self, manners: Sequence[Manner]) -> None:
        """Those who heard the same know the same."""
        expected = truth(self.reference.service.account())
        for manner in manners:
            self.tally.figures["comparisons"] += 1
            for service in (manner.service, self.reference.service):
                if parked(service):
                    self._diverged(manner, "nothing parked", service.outcomes)
            found = truth(manner.service.account())
            if expected != found:
                self._diverged(manner, expected, found)

    def _compare_access(self) -> None:
        """... and answer the same, at every instant."""
        catalog = self.stage.catalog
        expected = holdings_of(self.reference.service.account())
        instants = self.instants | boundaries(expected, catalog)
        answers = {at: access(expected, catalog, at, include_inactive=True) for at in instants}
        for manner in self.others:
            held = holdings_of(manner.service.account())
            for at in instants | boundaries(held, catalog):
                self.tally.figures["instants"] += 1
                found = access(held, catalog, at, include_inactive=True)
                if found != answers.get(at):
                    self._diverged(manner, answers.get(at), found)

    def _compare_with_stripe(self) -> None:
        """What was heard in order is what Stripe has."""
        account = self.reference.service.account()
        world = self.life.world
        at_stripe = {s["id"] for s in world.subscriptions.rows.values()}
        if at_stripe != set(account.subscriptions):
            self._diverged(self.reference, at_stripe, set(account.subscriptions))
        for known in account.subscriptions.values():
            asked = self.stage.gateway.subscription(known.id)
            is_ = read_subscription(
                asked, as_of=known.as_of, event_id="", first_seen=known.first_seen
            )
            if not known.same_state(is_) or standing(known).status != is_.status:
                self._diverged(self.reference, is_, known)

    def _diverged(self, manner: Manner, expected: object, found: object) -> None:
        acts = ",\n  ".join(str(step) for step in self.life.acts)
        repeat = f"seed={self.seed}, steps=[\n  {acts}]"
        differing = _lines(expected, found)
        raise Divergence(f"{manner.service.name}; to repeat it: {repeat}\nexpected {differing}")


def _lines(expected: object, found: object) -> str:
    if isinstance(expected, dict) and isinstance(found, dict):
        differing = [
            f"{key}: {_lines(expected.get(key), found.get(key))}"
            for key in sorted({*expected, *found}, key=str)
            if expected.get(key) != found.get(key)
        ]
        return "{" + ";\n ".join(differing) + "}"
    return f"{expected}\n but is {found}"


__all__ = ["Divergence", "Tally", "tell", "timedelta"]
