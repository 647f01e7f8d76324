"""Bring back what an account lost, from its history, which nobody can take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.account import Account

if TYPE_CHECKING:
    from billing.adapters.dynamo.store import AccountStore


def catch_up(store: AccountStore, lost: Account) -> bool:
    """Put back what history says of an account since the version in which it was loaded.

    An entry a transaction, so that an account of any size comes back, and what is interrupted goes
    on where it broke off. Why an account can lag behind: docs/decisions/0008.

    Returns:
        Whether there is anything newer than what was loaded, so that it is to be loaded again.

    Raises:
        TryAgain: DynamoDB is throttling or failing; a retry is safe.
    """
    account = lost
    for known in store.later(lost):
        store.point_to(known.key, known.stripe_ids() - account.stripe_ids())
        if not store.put_back(account, known):
            return True
        account = known
    return account.version > lost.version
