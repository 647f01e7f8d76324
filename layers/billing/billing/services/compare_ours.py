"""Go through our own accounts: do they agree with themselves, and does Stripe know them?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from billing.domain.account import Account, AccountKey
from billing.domain.drift import Difference, Drift, compare, compare_purchases
from billing.domain.purchase import Purchase
from billing.domain.subscription import Subscription
from billing.domain.sums import Sums
from billing.services.sides import Seen, Sides

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
        """Compare a page of accounts with their own holdings and pointers.

        Returns:
            What was seen, with the ids that Stripe should know, and the next page's cursor.
        """
        keys, following = self._page(cursor)
        read = [self.sides.lookup.with_holdings(key) for key in keys]
        owners = self.sides.lookup.owners(id_ for each, _ in read for id_ in each.stripe_ids())
        seen: list[Seen] = []
        for account, is_held in read:
            ids = tuple(fact.id for fact in self._alive(account))
            found = () if is_held else self._holdings(account)
            seen.append(Seen((*found, *self._pointers(account, owners)), held=ids, lives=ids))
        return seen, following

    def missing(self, cursor: str | None, both: tuple[Sums, Sums]) -> tuple[list[Seen], str | None]:
        """Look up at Stripe those of a page's facts that it may not have listed."""
        keys, following = self._page(cursor)
        stripes, ours = both
        seen = [
            self._looked_up(key, fact)
            for key in keys
            for fact in self._alive(self.sides.account(key))
            if stripes.differ(ours, fact.id)
        ]
        return seen, following

    def _page(self, cursor: str | None) -> tuple[list[AccountKey], str | None]:
        """List a page of accounts; the cursor is `PROJECT|USER`, the user empty at its start."""
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
        return keys, following

    def _alive(self, account: Account) -> Iterator[Subscription | Purchase]:
        facts: list[Subscription | Purchase] = [*account.subscriptions.values()]
        facts += account.purchases.values()
        for fact in facts:
            if self.sides.should_be_at_stripe(fact):
                yield fact

    def _holdings(self, account: Account) -> tuple[Difference, ...]:
        """Look again: an account that is being changed is read as neither before nor after."""
        again, is_held = self.sides.lookup.with_holdings(account.key)
        if is_held or again.version != account.version:
            return ()
        found = Difference(
            Drift.HOLDINGS,
            str(account.key),
            account.key,
            ours="other holdings than its facts give",
            stripes="those of its facts",
        )
        return (found,)

    def _pointers(self, account: Account, owners: dict[str, AccountKey]) -> Iterator[Difference]:
        """Look for the ids by which the account can no longer be found, one by one."""
        for id_ in sorted(account.stripe_ids()):
            owner = owners.get(id_)
            if owner is None:
                yield Difference(Drift.POINTER, id_, account.key, stripes=str(account.key))
            elif owner != account.key:
                yield Difference(Drift.OTHER_ACCOUNT, id_, account.key, ours=str(owner))

    def _looked_up(self, key: AccountKey, fact: Subscription | Purchase) -> Seen:
        """Report one that Stripe has not got; how one that it has differs, its list was asked."""
        if isinstance(fact, Subscription):
            if self.stripe().subscription(fact.id) is not None:
                return Seen()
            known = self.sides.account(key).subscriptions.get(fact.id)
            return Seen(differences=compare(known, None, key))
        session_id = str(fact.session_id)
        if self.stripe().session(session_id) is not None:
            return Seen()
        bought = self.sides.account(key).purchases.get(fact.id)
        gone = compare_purchases(bought, None, key)
        return Seen(differences=tuple(replace(each, object_id=session_id) for each in gone))
