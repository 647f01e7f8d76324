"""Bring Stripe customers along that an app had before: whose they are, and what they bought.

Nothing is changed at Stripe. From then on the customer leads to the account, so what Stripe tells
of it is heard like that of any other (docs/decisions/0018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.stripe.translate import UnreadableShape, read_claim
from billing.domain.account import Account, AccountKey
from billing.domain.catalog import PROJECT_ID, Catalog
from billing.domain.changes import Cause, CauseType, Decision
from billing.domain.errors import BelongsToOtherAccount, InvalidInput, TryAgain
from billing.domain.link import StripeLink
from billing.domain.takeover import LeftOut, TakenOver, TakeoverOutcome
from billing.services.commit import commit
from billing.services.mint_id import repeatable_id
from billing.services.take_over import AtStripe, Found, Place, with_all

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway
    from billing.services.heard import Heard

AT_ONCE = 20
"""Things in one transaction: each takes up to three of the hundred items that DynamoDB allows."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A user of the app's, and the customer that is this user at Stripe.

    Attributes:
        after: up to where an earlier request came with this customer, which had no time for more.
    """

    user_id: str
    customer_id: str
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """What an import is made with.

    Attributes:
        catalog: of the project: what is sold, by Stripe's price and product ids.
        operator: who asks; with `reason`, the operator's words, in the history of each account.
        livemode: which of Stripe's modes this stage serves.
        dry_run: whether to tell what would be, and to change nothing.
        may_have_several: whether a user may have another customer already.
        has_time: whether there is time for more.
    """

    catalog: Catalog
    accounts: AccountStore
    catalogs: CatalogStore
    stripe: StripeGateway
    operator: str
    reason: str
    clock: Callable[[], datetime]
    livemode: bool
    has_time: Callable[[], bool]
    dry_run: bool = False
    may_have_several: bool = False

    def bring(self, customers: Sequence[Brought]) -> list[TakenOver]:
        """Import customers, one after the other; the same again has no further effect.

        Returns:
            What became of each, in their order; `later` where time was short or trouble came.

        Raises:
            InvalidInput: a user id is not of its form.
            TryAgain: trouble that passes came before any customer was through.
        """
        keys = [AccountKey(self.catalog.project_id, each.user_id) for each in customers]
        done: list[TakenOver] = []
        for key, each in zip(keys, customers, strict=True):
            if done and (done[-1].outcome is TakeoverOutcome.LATER or not self.has_time()):
                done.append(TakenOver(each.user_id, each.customer_id, TakeoverOutcome.LATER))
                continue
            try:
                done.append(self._bring(key, each))
            except TryAgain:
                if not done:
                    raise
                done.append(TakenOver(each.user_id, each.customer_id, TakeoverOutcome.LATER))
        return done

    def _bring(self, key: AccountKey, brought: Brought) -> TakenOver:
        as_of, customer_id = self.clock(), brought.customer_id
        account, holder = self.accounts.load(key), self.accounts.find([customer_id])
        customer = self.stripe.customer(customer_id)
        if customer is None or customer.get("livemode") is not self.livemode:
            return TakenOver(key.user_id, customer_id, TakeoverOutcome.NOT_FOUND)
        refusal = self._refusal(account, customer_id, holder or self._named(customer))
        if refusal:
            return _conflict(key, customer_id, refusal)
        base = repeatable_id("op", "import", str(key), customer_id, str(account.version))
        link = None if holder else self._link(customer_id, base, as_of)
        at_stripe = AtStripe(
            *(customer_id, account, self.stripe, self._is_project, base, as_of, self.livemode)
        )
        try:
            return self._take(account, at_stripe, link, brought.after)
        except BelongsToOtherAccount:  # something of the customer's, or since a moment ago itself
            return _conflict(key, customer_id, "something of it belongs to another account")

    def _take(
        self,
        account: Account,
        at_stripe: AtStripe,
        link: StripeLink | None,
        after: Place | None,
    ) -> TakenOver:
        left: list[LeftOut] = []
        begun, place = account, None
        for number, part in enumerate(_some_at_a_time(at_stripe.missing(after), self.has_time)):
            left += [each for each in part.found if isinstance(each, LeftOut)]
            heard = [each for each in part.found if not isinstance(each, LeftOut)]
            account, unknown = self._with(account, at_stripe.cause_id, number, heard, link)
            left += unknown
            place = part.ends_at
        outcome = TakeoverOutcome.ALREADY if account == begun else TakeoverOutcome.IMPORTED
        if left:
            outcome = TakeoverOutcome.INCOMPLETE
        if place:
            outcome = TakeoverOutcome.LATER
        return TakenOver(
            *(account.key.user_id, at_stripe.customer_id, outcome),
            *_counted(account, at_stripe.customer_id),
            left_out=tuple(left),
            cursor=place.text() if place else None,
        )

    def _with(
        self,
        account: Account,
        base: str,
        number: int,
        heard: list[Heard],
        link: StripeLink | None,
    ) -> tuple[Account, list[LeftOut]]:
        """Put what was found into an account, through the one door, unless this is a dry run."""

        def added(to: Account) -> tuple[Account, list[LeftOut]]:
            linked = to if link is None or link.id in to.links else to.with_link(link)
            return with_all(linked, heard, self.catalog)

        after, unknown = added(account)
        if after == account or self.dry_run:
            return after, unknown
        now = self.clock()
        cause = Cause(
            id=base if number == 0 else repeatable_id("op", base, str(number)),
            type=CauseType.OPERATOR,
            name="import",
            at=now,
            actor=self.operator,
            reason=self.reason,
            project_id=account.key.project_id,
        )
        made = commit(self.accounts, account.key, cause, lambda to: Decision(added(to)[0]), now=now)
        return made.account or after, unknown

    def _refusal(self, account: Account, customer_id: str, owner: AccountKey | None) -> str:
        """Say why the customer is not this account's; nothing is ever taken from another."""
        if owner is not None and owner != account.key:
            return f"the customer belongs to {owner}"
        other = account.customer_id
        if other and customer_id not in account.stripe_ids() and not self.may_have_several:
            return f"the user has {other}"
        return ""

    def _named(self, customer: object) -> AccountKey | None:
        """The account of ours that the customer's own metadata name."""
        try:
            claim = read_claim(customer)
            named = AccountKey(claim.project_id or "", claim.user_id or "")
        except (UnreadableShape, InvalidInput):
            return None
        return named if self._is_project(named.project_id) else None

    def _is_project(self, project_id: str) -> bool:
        if not PROJECT_ID.fullmatch(project_id):
            return False
        return self.catalogs.project(project_id) is not None

    def _link(self, customer_id: str, cause_id: str, at: datetime) -> StripeLink:
        return StripeLink(
            *(customer_id, (customer_id,), customer_id, cause_id, self.reason, at, self.operator)
        )


def _conflict(key: AccountKey, customer_id: str, detail: str) -> TakenOver:
    return TakenOver(key.user_id, customer_id, TakeoverOutcome.CONFLICT, detail=detail)


def _counted(account: Account, customer_id: str) -> tuple[int, int]:
    """Count what an account has of a customer: subscriptions, and purchases."""
    facts = account.subscriptions.values(), account.purchases.values()
    subscriptions, purchases = (sum(f.customer_id == customer_id for f in each) for each in facts)
    return subscriptions, purchases


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of what was found; `ends_at` where time was short behind it."""

    found: list[Found]
    ends_at: Place | None = None


def _some_at_a_time(
    walked: Iterator[Found | Place], has_time: Callable[[], bool]
) -> Iterator[_Part]:
    """Cut what comes into parts, until time is short; the last is there in any case, be it empty.

    One object is looked at whatever the time, so that each request gets on.
    """
    found: list[Found] = []
    for each in walked:
        if not isinstance(each, Place):
            found.append(each)
        elif not has_time():
            yield _Part(found, each)
            return
        elif len(found) >= AT_ONCE:
            yield _Part(found)
            found = []
    yield _Part(found)
