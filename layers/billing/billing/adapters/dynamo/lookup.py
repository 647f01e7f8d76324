"""Reading many accounts at once: what a reconciliation needs, and an entitlement check never."""

from __future__ import annotations

from collections.abc import Iterable

from billing.adapters.dynamo.account_items import account_of, fact_of
from billing.adapters.dynamo.models import (
    AccessItem,
    AccountItem,
    LedgerItem,
    PointerItem,
    PurchaseItem,
    SubscriptionItem,
    bind,
)
from billing.adapters.plain import to_plain
from billing.domain.account import Account, AccountKey, Fact
from billing.domain.holdings import holdings_of
from billing.settings import Settings


class Lookup:
    """Pointers, ledger entries, facts and whole accounts. Read only."""

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

    def facts(self, wanted: Iterable[tuple[AccountKey, str]]) -> dict[tuple[AccountKey, str], Fact]:
        """Read single facts, given accounts and sort keys; what is not there is left out."""
        keys = {(str(key), sk): (key, sk) for key, sk in wanted}
        found = AccountItem.batch_get(list(keys), consistent_read=True) if keys else ()
        return {
            keys[item.pk, item.sk]: fact_of(item.sk, item.data)
            for item in found
            if isinstance(item, SubscriptionItem | PurchaseItem)
        }

    def with_holdings(self, key: AccountKey) -> tuple[Account, bool]:
        """Read an account, and say whether what a check reads is what its facts say."""
        items = list(AccountItem.query(str(key), consistent_read=True))
        account = account_of(key, items)
        stored = [item.holdings for item in items if isinstance(item, AccessItem)]
        return account, stored in ([], [to_plain(holdings_of(account))])
