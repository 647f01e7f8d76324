"""Find the account that an id belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.account import AccountKey
from billing.domain.errors import NotFound

if TYPE_CHECKING:
    from billing.adapters.dynamo.store import AccountStore

LONGEST_ID = 255
"""Characters that an id can have; DynamoDB refuses far longer keys."""


def find_account(id_: str, accounts: AccountStore) -> AccountKey:
    """Find an account by an id of Stripe's, a grant's, or that of an event or a command.

    Raises:
        NotFound: it belongs to no account.
    """
    key = (accounts.find([id_]) or _settled_for(id_, accounts)) if len(id_) <= LONGEST_ID else None
    if key is None:
        raise NotFound(f"No account has '{id_[:LONGEST_ID]}'.")
    return key


def _settled_for(cause_id: str, accounts: AccountStore) -> AccountKey | None:
    entry = accounts.ledger_entry(cause_id)
    return entry.account if entry else None
