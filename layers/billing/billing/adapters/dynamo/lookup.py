"""Reading many accounts at once: what a reconciliation needs, and an entitlement check never."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pynamodb.exceptions import DoesNotExist

from billing.adapters.dynamo.models import AccessItem, LedgerItem, PointerItem, bind
from billing.adapters.plain import to_plain
from billing.domain.account import Account, AccountKey
from billing.domain.holdings import holdings_of
from billing.settings import Settings


class Lookup:
    """Pointers, ledger entries and hot items, in batches. Read only."""

    def __init__(self, settings: Settings) -> None:
        """Bind the models to this deployment's tables."""
        bind(settings)

    def owners(self, ids: Iterable[str]) -> dict[str, AccountKey]:
        """Find the accounts of those of these ids that are known."""
        wanted = list(dict.fromkeys(ids))
        found = PointerItem.batch_get(wanted, consistent_read=True) if wanted else ()
        return {item.pk: AccountKey.parse(item.account) for item in found}

    def heard(self, cause_ids: Iterable[str]) -> set[str]:
        """Say which of these causes the ledger knows: applied, skipped or parked."""
        wanted = list(dict.fromkeys(cause_ids))
        found = (
            LedgerItem.batch_get(wanted, consistent_read=True, attributes_to_get=["pk"])
            if wanted
            else ()
        )
        return {item.pk for item in found}

    def stored_holdings(self, key: AccountKey) -> tuple[int, Any] | None:
        """Read the holdings that a check reads, and the account's version that they are of."""
        try:
            item = AccessItem.get(str(key), "access", consistent_read=True)
        except DoesNotExist:
            return None
        return int(item.version), item.holdings


def are_holdings_of(account: Account, stored: object) -> bool:
    """Whether stored holdings are what the account's facts say."""
    return bool(to_plain(holdings_of(account)) == stored)
