"""The instants at which something is to be told although nothing is heard.

Reads need none of this: access is computed for the instant of each read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from billing.domain.access import next_change
from billing.domain.catalog import Catalog
from billing.domain.notification import Notice, NotificationType
from billing.domain.policy import Holding, cover
from billing.domain.status import SubscriptionStatus

TRIAL_NOTICE = timedelta(days=3)
"""How long before its end a trial's end is told; Stripe tells it as long before."""


def next_instant(holdings: Iterable[Holding], catalog: Catalog, after: datetime) -> datetime | None:
    """Find the next instant at which access changes, or at which a trial's end is to be told."""
    holdings = tuple(holdings)
    told = (end - TRIAL_NOTICE for end in trial_ends(holdings).values())
    edges = [next_change(holdings, catalog, after), *(at for at in told if at > after)]
    return min((edge for edge in edges if edge), default=None)


def changes_access(holdings: Iterable[Holding], catalog: Catalog, at: datetime) -> bool:
    """Whether access changes at this very instant, by what is known now."""
    covers = (cover(holding, catalog.policy) for holding in holdings)
    return any(at in (c.valid_from, c.valid_to) for c in covers if c)


def trials_told_at(holdings: Iterable[Holding], at: datetime) -> list[Notice]:
    """List the trials whose end is to be told at this very instant."""
    ends = trial_ends(holdings).items()
    return [_ending(id_, end) for id_, end in ends if end - TRIAL_NOTICE == at]


def trials_told_late(
    before: Iterable[Holding], after: Iterable[Holding], at: datetime
) -> list[Notice]:
    """List the trials that a change at `at` brought when their end was near already."""
    known = trial_ends(before)
    return [
        _ending(id_, end)
        for id_, end in trial_ends(after).items()
        if known.get(id_) != end and end - TRIAL_NOTICE <= at < end
    ]


def trial_ends(holdings: Iterable[Holding]) -> Mapping[str, datetime]:
    """Say when each running trial ends, by its subscription: a trial is the period it is in."""
    ends: dict[str, datetime] = {}
    for holding in holdings:
        if holding.state == SubscriptionStatus.TRIALING and holding.period_end:
            known = ends.get(holding.source_id, holding.period_end)
            ends[holding.source_id] = max(known, holding.period_end)
    return ends


def _ending(subscription_id: str, end: datetime) -> Notice:
    data = {"subscription_id": subscription_id, "trial_end": end}
    return Notice(NotificationType.TRIAL_ENDING, subscription_id, data)
