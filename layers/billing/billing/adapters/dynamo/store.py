"""Accounts in DynamoDB: items to and from the domain, and the transaction of the one door."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from billing.adapters.dynamo.account_items import (
    access_item,
    account_of,
    fact_item,
    history_item,
    version_key,
)
from billing.adapters.dynamo.ledger import ledger_entry_of
from billing.adapters.dynamo.models import (
    AccessItem,
    AccountItem,
    HistoryItem,
    LedgerItem,
    PointerItem,
    ProjectIndex,
    SubscriptionItem,
    bind,
    connection,
)
from billing.adapters.plain import from_plain, to_plain
from billing.domain.account import Account, AccountKey
from billing.domain.changes import (
    Change,
    HistoryEntry,
    LedgerEntry,
    OutcomeKind,
    Written,
)
from billing.domain.errors import TryAgain
from billing.domain.subscription import Subscription
from billing.settings import Settings

PAYLOAD_LIMIT = 300_000
"""Characters of a parked payload that are kept; a larger event is fetched again by its id."""

SECONDS_PER_DAY = 86_400

HISTORY_PAGE = 100
"""Entries of a history that one request reads."""

_Condition = Any  # pynamodb does not type its conditions


class AccountStore:
    """The accounts, pointers, ledger and history tables. `write` is for the one door alone."""

    def __init__(self, settings: Settings) -> None:
        """Bind the models to this deployment's tables."""
        bind(settings)
        self._settings = settings

    def load(self, key: AccountKey) -> Account:
        """Read an account whole, with one consistent Query. An unknown one is empty."""
        return account_of(key, AccountItem.query(str(key), consistent_read=True))

    def find(self, ids: Iterable[str]) -> AccountKey | None:
        """Find the account of the first of these ids that is known, with one BatchGetItem."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return None
        found = {
            pointer.pk: pointer.account
            for pointer in PointerItem.batch_get(wanted, consistent_read=True)
        }
        first = next((found[id_] for id_ in wanted if id_ in found), None)
        return AccountKey.parse(first) if first else None

    def ledger_entry(self, cause_id: str) -> LedgerEntry | None:
        """Read what became of a cause; `None` if it was never settled nor parked."""
        try:
            item = LedgerItem.get(cause_id, consistent_read=True)
        except DoesNotExist:
            return None
        return ledger_entry_of(item)

    def history(
        self, key: AccountKey, *, limit: int = 50, before: int | None = None
    ) -> list[HistoryEntry]:
        """Read the account's history, newest first; `before` is the version to go on from."""
        condition = None if before is None else HistoryItem.sk < version_key(before)
        items = HistoryItem.query(
            str(key), condition, scan_index_forward=False, limit=limit, consistent_read=True
        )
        return [from_plain(HistoryEntry, item.data) for item in items]

    def entries(self, key: AccountKey) -> Iterator[HistoryEntry]:
        """Go through the account's whole history, oldest first, a page of it at a time."""
        for item in HistoryItem.query(str(key), page_size=HISTORY_PAGE, consistent_read=True):
            yield from_plain(HistoryEntry, item.data)

    def accounts(
        self, project_id: str, *, limit: int = 50, after: str | None = None
    ) -> list[AccessItem]:
        """List the hot items of a project's accounts by user id, from the index."""
        condition = None if after is None else ProjectIndex.user_id > after
        items = AccountItem.by_project.query(
            project_id, condition, filter_condition=AccountItem.sk == "access", limit=limit
        )
        return [item for item in items if isinstance(item, AccessItem)]

    def subscriptions(self, project_id: str) -> Iterator[tuple[str, Subscription]]:
        """Go through (user id, subscription) of a whole project, from the index."""
        items = AccountItem.by_project.query(
            project_id, filter_condition=AccountItem.sk.startswith("subscription#")
        )
        for item in items:
            if isinstance(item, SubscriptionItem) and item.user_id:
                yield item.user_id, from_plain(Subscription, item.data)

    def write(self, change: Change) -> Written:
        """Write a change as one transaction.

        Raises:
            TryAgain: DynamoDB is throttling or failing; nothing was written.
        """
        steps = list(self._steps(change))
        try:
            with TransactWrite(connection=connection()) as transaction:
                for item, condition in steps:
                    transaction.save(item, condition=condition)
        except TransactWriteError as error:
            return _judge(error, [type(item) for item, _ in steps])
        return Written.DONE

    def _steps(self, change: Change) -> Iterator[tuple[Model, _Condition]]:
        """List the items to put and their conditions; the ledger's first, it decides."""
        yield (
            self._ledger_item(change),
            LedgerItem.pk.does_not_exist() | LedgerItem.parked.exists(),
        )
        if not change.changes_account or change.before is None or change.after is None:
            return
        before, after = change.before, change.after
        unchanged = (
            AccessItem.version == before.version
            if before.version
            else AccessItem.pk.does_not_exist()
        )
        yield access_item(after), unchanged
        for id_ in sorted(after.stripe_ids() - before.stripe_ids()):
            free = PointerItem.pk.does_not_exist() | (PointerItem.account == str(after.key))
            yield PointerItem(id_, account=str(after.key)), free
        known = before.facts()
        changed = {sk: fact for sk, fact in after.facts().items() if known.get(sk) != fact}
        for sk, fact in changed.items():
            yield fact_item(after.key, sk, fact), None
        yield history_item(change, before, after, changed), HistoryItem.pk.does_not_exist()

    def _ledger_item(self, change: Change) -> LedgerItem:
        cause, parked = change.cause, change.outcome is OutcomeKind.PARKED
        payload = cause.payload if parked else None
        if payload is not None and len(json.dumps(payload)) > PAYLOAD_LIMIT:
            payload = None
        key = change.after.key if change.after else None
        remembered = self._settings.ledger_ttl_days * SECONDS_PER_DAY
        return LedgerItem(
            cause.id,
            outcome=change.outcome.value,
            cause_type=cause.type.value,
            cause_name=cause.name,
            caused_at=to_plain(cause.at),
            recorded_at=to_plain(change.at),
            actor=cause.actor,
            account=str(key) if key else None,
            project_id=key.project_id if key else cause.project_id,
            fingerprint=cause.fingerprint or None,
            reason=change.reason.value if change.reason else None,
            detail=change.detail or None,
            payload=payload,
            parked="parked" if parked else None,
            expires_at=None if parked else int(change.at.timestamp()) + remembered,
        )


def _judge(error: TransactWriteError, kinds: list[type[Model]]) -> Written:
    """Say what a cancelled transaction means, from the first of its reasons that decides."""
    reasons = error.cancellation_reasons
    failed = [
        kind
        for kind, reason in zip(kinds, reasons, strict=False)
        if reason and reason.code == "ConditionalCheckFailed"
    ]
    if LedgerItem in failed:
        return Written.DUPLICATE
    if AccessItem in failed or HistoryItem in failed:
        return Written.RACED
    if PointerItem in failed:
        return Written.TAKEN
    if any(reason and reason.code == "TransactionConflict" for reason in reasons):
        return Written.RACED
    if error.cause_response_code in _PASSING or reasons:
        raise TryAgain("The database did not take the write.") from error
    raise error


_PASSING = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
