"""Measure a project: its accounts, purchases, subscriptions, and what they bring in a month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.plain import from_plain
from billing.domain.metrics import SubscriptionMetrics, measure
from billing.domain.policy import Holding
from billing.domain.status import PaymentState, Source, TakenBack

if TYPE_CHECKING:
    from billing.adapters.dynamo.models import AccessItem
    from billing.adapters.dynamo.store import AccountStore

PAGE = 500
"""Accounts that are read at once."""

_SETTLED = frozenset(state.value for state in PaymentState if state.is_settled)
_GIVEN_BACK = frozenset({TakenBack.REFUNDED, TakenBack.DISPUTE_LOST})


@dataclass(frozen=True, slots=True)
class ProjectMetrics:
    """The figures of one project at an instant.

    Attributes:
        accounts: users of whom anything is known.
        purchases: one-time purchases that are paid and were not given back whole.
    """

    project_id: str
    generated_at: datetime
    accounts: int
    purchases: int
    subscriptions: SubscriptionMetrics


def measure_project(project_id: str, *, accounts: AccountStore, now: datetime) -> ProjectMetrics:
    """Measure a project from the accounts' index, which is a moment behind the accounts.

    Args:
        project_id: an existing project.
        accounts: the account store.
        now: the instant, for the record; statuses are as they were last heard.
    """
    count = purchases = 0
    for item in _hot_items(project_id, accounts):
        count += 1
        purchases += len(_paid_purchases(item))
    return ProjectMetrics(
        project_id=project_id,
        generated_at=now,
        accounts=count,
        purchases=purchases,
        subscriptions=measure(fact for _, fact in accounts.subscriptions(project_id)),
    )


def _hot_items(project_id: str, accounts: AccountStore) -> Iterator[AccessItem]:
    after: str | None = None
    while True:
        page = accounts.accounts(project_id, limit=PAGE, after=after)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].user_id


def _paid_purchases(item: AccessItem) -> set[str]:
    """One purchase has a holding for each of its lines."""
    holdings = (from_plain(Holding, plain) for plain in item.holdings)
    return {
        holding.source_id
        for holding in holdings
        if holding.source is Source.PURCHASE
        and holding.state in _SETTLED
        and not _GIVEN_BACK.intersection(holding.taken_back)
    }
