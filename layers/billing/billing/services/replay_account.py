"""An account as it was known at an instant: its history, folded."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.dynamo.account_items import fact_of
from billing.domain.account import AccountKey
from billing.domain.replay import Replayed, replay

if TYPE_CHECKING:
    from billing.adapters.dynamo.store import AccountStore


def replay_account(
    key: AccountKey, *, accounts: AccountStore, until: datetime | None = None
) -> Replayed:
    """Rebuild an account from its history alone.

    Args:
        key: whose; an unknown user's account is empty.
        accounts: where history is kept.
        until: only what was recorded by then; `None` for all.
    """
    return replay(key, accounts.entries(key), fact_of, until=until)
