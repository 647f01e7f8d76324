"""Go through our own accounts: are the holdings what the facts say, and does Stripe know them?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from billing.adapters.dynamo.lookup import are_holdings_of
from billing.domain.account import Account, AccountKey
from billing.domain.drift import Difference, Drift, compare, compare_purchases
from billing.domain.purchase import Purchase
from billing.domain.subscription import Subscription
from billing.domain.sums import Sums
from billing.services.compare_sides import Seen, Sides

if TYPE_CHECKING:
    from billing.adapters.stripe.gateway import StripeGateway

PAGE = 100
"""Accounts between two checkpoints."""


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side, account by account: by project, then by user id."""

    sides: Sides
    stripe: Callable[[], StripeGateway]

    def accounts(self, cursor: str | None) -> tuple[list[Seen], str | None]:
        """Compare a page of accounts with their own holdings.

        Returns:
            What was seen, with the ids that Stripe should know, and the next page's cursor.
        """
        accounts, following = self._page(cursor)
        return [self._account(account) for account in accounts], following

    def missing(self, cursor: str | None, both: tuple[Sums, Sums]) -> tuple[list[Seen], str | None]:
        """Look up at Stripe those of a page's facts that it may not have listed."""
        accounts, following = self._page(cursor)
        stripes, ours = both
        seen = [
            self._looked_up(account.key, fact)
            for account in accounts
            for fact in self._alive(account)
            if stripes.differ(ours, fact.id)
        ]
        return seen, following

    def _page(self, cursor: str | None) -> tuple[list[Account], str | None]:
        """Read a page of accounts; the cursor is `PROJECT|USER`, the user empty at its start."""
        projects = sorted(self.sides.projects)
        if self.sides.run.project_id is not None:
            projects = [self.sides.run.project_id]
        at, _, after = (cursor or "").partition("|")
        project_id = next((each for each in projects if each >= at), None)
        if project_id is None:
            return [], None
        store = self.sides.accounts
        items = store.accounts(
            project_id, limit=PAGE, after=after if after and project_id == at else None
        )
        keys = [AccountKey(project_id, str(item.user_id)) for item in items]
        if len(items) == PAGE:
            following: str | None = f"{project_id}|{keys[-1].user_id}"
        else:
            later = next((each for each in projects if each > project_id), None)
            following = f"{later}|" if later else None
        return [store.load(key) for key in keys], following

    def _alive(self, account: Account) -> Iterator[Subscription | Purchase]:
        facts: list[Subscription | Purchase] = [*account.subscriptions.values()]
        facts += account.purchases.values()
        for fact in facts:
            if self.sides.should_be_at_stripe(fact):
                yield fact

    def _account(self, account: Account) -> Seen:
        ids = tuple(fact.id for fact in self._alive(account))
        return Seen(self._holdings(account), held=ids, lives=ids)

    def _holdings(self, account: Account) -> tuple[Difference, ...]:
        stored = self.sides.lookup.stored_holdings(account.key)
        if stored is not None and stored[0] != account.version:
            account = self.sides.accounts.load(account.key)  # it is being changed right now
        if stored is None or stored[0] != account.version or are_holdings_of(account, stored[1]):
            return ()
        found = Difference(
            Drift.HOLDINGS,
            str(account.key),
            account.key,
            ours="other holdings than its facts give",
            stripes="those of its facts",
        )
        return (found,)

    def _looked_up(self, key: AccountKey, fact: Subscription | Purchase) -> Seen:
        """Compare one with what Stripe has under its id; a moment ago it listed none."""
        if isinstance(fact, Subscription):
            obj = self.stripe().subscription(fact.id)
            if obj is not None:
                return _unreported(self.sides.subscriptions([obj]))
            known = self.sides.accounts.load(key).subscriptions.get(fact.id)
            return Seen(differences=compare(known, None, key))
        session_id = str(fact.session_id)
        obj = self.stripe().session(session_id)
        if obj is not None:
            return _unreported(self.sides.sessions([obj]))
        bought = self.sides.accounts.load(key).purchases.get(fact.id)
        gone = compare_purchases(bought, None, key)
        return Seen(differences=tuple(replace(each, object_id=session_id) for each in gone))


def _unreported(seen: Iterator[Seen]) -> Seen:
    """Leave out what Stripe's list was reported for: what could not be compared is looked up."""
    (found,) = (*seen, Seen())[:1]
    told = (Drift.MODE, Drift.UNREADABLE)
    return replace(found, differences=tuple(d for d in found.differences if d.drift not in told))
