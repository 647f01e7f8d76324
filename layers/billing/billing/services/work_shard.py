"""Work at one shard of a run, page by page: look, settle what was found, record how far it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from billing.adapters.stripe.listed import Listed, Window
from billing.domain.runs import Run
from billing.domain.shards import PHASES, PageDone, Phase, RunStatus, Shard, Stage
from billing.domain.sums import Sums
from billing.services.collaborators import Collaborators
from billing.services.compare_figures import Figures
from billing.services.compare_money import TakenBack
from billing.services.compare_ours import Ours
from billing.services.compare_sides import Sold
from billing.services.list_projects import list_projects
from billing.services.pace import Pace, Paced
from billing.services.repair import Repairs
from billing.services.settle_page import Settling
from billing.services.sides import Sides
from billing.services.sweep_events import Sweep

if TYPE_CHECKING:
    from billing.adapters.stripe.gateway import StripeGateway


class Worker:
    """Works at one shard."""

    def __init__(self, run: Run, using: Collaborators) -> None:
        self._run, self._using = run, using
        pace = Pace(using.pause)

        def stripe() -> StripeGateway:
            return Paced(using.gateway(), pace).gateway

        self._stripe = stripe
        self._sides = Sides(
            run=run,
            accounts=using.accounts,
            lookup=using.lookup,
            gateway=stripe,
            clock=using.clock,
            projects=frozenset(project.id for project in list_projects(using.catalogs)),
            livemode=using.livemode,
        )
        self._figures = Figures(self._sides, using.figures)
        repairs = Repairs(using.accounts, using.catalogs, stripe, using.clock, using.livemode)
        self._settling = Settling(run, using.runs, repairs, using.has_time, self._figures.repair)
        self._sweep = Sweep(run, using, stripe)
        self._ours = Ours(self._sides, stripe)
        self._both: tuple[Sums, Sums] | None = None

    def go_through(self, shard: Shard) -> Shard:
        """Take page after page, as long as there are any, and time."""
        while shard.status is not RunStatus.COMPLETED and self._using.has_time():
            done = self._page(replace(shard, phase=shard.phase or PHASES[shard.stage][0]))
            if done is None:
                break
            shard = self._using.runs.checkpoint(shard.after(done), self._run.started_at)
        return shard

    def _page(self, shard: Shard) -> PageDone | None:
        """Do a page, or as much of it as there is time for: then `None`, to go on with it."""
        match shard.phase:
            case Phase.EVENTS:
                return self._sweep.look(shard)
            case Phase.SENT:
                return self._sweep.send_above(shard)
            case Phase.HEARD:
                return self._sweep.wait(shard)
            case Phase.ACCOUNTS:
                seen, cursor = self._ours.accounts(shard.cursor)
                return self._settling.settle(shard, seen, cursor)
            case Phase.FIGURES:
                return self._figures.look(shard, self._settling)
            case Phase.MISSING:
                both = self._sums()
                if both[0].equal(both[1]):
                    return PageDone()
                seen, cursor = self._ours.missing(shard.cursor, both)
                return self._settling.settle(shard, seen, cursor)
        listed = Listed(str(shard.phase))
        window = Window(shard.created_from, shard.created_before)
        page = self._stripe().page(listed, window, shard.cursor)
        sold, taken = Sold(self._sides), TakenBack(self._sides)
        compare = {
            Listed.SUBSCRIPTIONS: sold.subscriptions,
            Listed.SESSIONS: sold.sessions,
            Listed.CHARGES: taken.charges,
            Listed.DISPUTES: taken.disputes,
        }[listed]
        return self._settling.settle(shard, list(compare(list(page.objects))), page.cursor)

    def _sums(self) -> tuple[Sums, Sums]:
        """What Stripe listed of ours, and what we hold."""
        if self._both is None:
            by_stage: dict[Stage, list[Sums]] = {}
            for each in self._using.runs.shards(self._run):
                by_stage.setdefault(each.stage, []).append(Sums(each.sums))
            self._both = (
                Sums().unite(by_stage.get(Stage.STRIPE, [])),
                Sums().unite(by_stage.get(Stage.OURS, [])),
            )
        return self._both
