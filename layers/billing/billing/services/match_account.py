"""Whose is it? From what a Stripe object says of itself to the account that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from billing.adapters.stripe.translate import Claim, read_claim
from billing.domain.account import AccountKey
from billing.domain.changes import ParkReason
from billing.domain.errors import InvalidInput

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_cache import CachedCatalog
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway


class Unappliable(Exception):
    """The event cannot be applied, and waiting does not help: it is to be parked."""

    def __init__(self, reason: ParkReason, detail: str) -> None:
        """Say which of the closed list of reasons it is, and what an operator should know."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def match_account(
    claim: Claim,
    *,
    accounts: AccountStore,
    catalogs: CachedCatalog,
    gateway: Callable[[], StripeGateway],
) -> AccountKey:
    """Find the account of a claim; an ordinary event needs no look at Stripe.

    In this order: the project and user that the object names; the account to which one of its
    ids already belongs; what its subscription, then its customer, says at Stripe. What is named
    but cannot be an account, such as a user without a name, is as good as not named, except that
    Stripe is not asked for more. A project that does not exist, such as a mistyped one, gives way
    to an operator's link and to nothing else.

    Raises:
        Unappliable: nothing names an account, or what it names does not exist.
        StripeUnavailable: Stripe had to be asked and did not answer.
    """
    try:
        named = _named(claim) or accounts.find(_ids(claim))
    except Unappliable:
        named = accounts.find(_ids(claim))  # an operator may have said whose it is
        if named is None:
            raise
    if named is None:
        asked = (_named(read_claim(obj)) for obj in _at_stripe(claim, gateway))
        named = next((account for account in asked if account), None)
    if named is None:
        raise Unappliable(ParkReason.UNMATCHED, "nothing in it names a project and a user")
    if catalogs.project(named.project_id) is None:
        linked = _linked(claim, accounts)
        if linked:
            return linked
        raise Unappliable(ParkReason.UNKNOWN_PROJECT, f"there is no project '{named.project_id}'")
    return named


def _named(claim: Claim) -> AccountKey | None:
    if claim.project_id is None or claim.user_id is None:
        return None
    try:
        return AccountKey(claim.project_id, claim.user_id)
    except InvalidInput as error:
        raise Unappliable(ParkReason.UNMATCHED, error.detail) from error


def _linked(claim: Claim, accounts: AccountStore) -> AccountKey | None:
    """Find the account to which an operator linked it: only that outweighs a name."""
    ids = _ids(claim)
    key = accounts.find(ids)
    links = accounts.load(key).links.values() if key else ()
    return key if any(not set(ids).isdisjoint(link.ids) for link in links) else None


def _ids(claim: Claim) -> list[str]:
    return [*claim.ids, *([claim.customer_id] if claim.customer_id else [])]


def _at_stripe(claim: Claim, gateway: Callable[[], StripeGateway]) -> Iterator[object]:
    for id_ in claim.ids:
        found = gateway().subscription(id_) if id_.startswith("sub_") else None
        if found:
            yield found
    if claim.customer_id:
        yield gateway().customer(claim.customer_id) or {}
