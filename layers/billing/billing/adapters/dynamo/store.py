"""Accounts in DynamoDB: items to and from the domain, and the transaction of the one door."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from pynamodb.exceptions import DoesNotExist, PutError

from billing.adapters.dynamo.account_items import (
    access_item,
    account_of,
    changed_facts,
    fact_item,
    fact_of,
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
)
from billing.adapters.dynamo.transaction import Condition, Step, transact
from billing.adapters.plain import from_plain, to_plain
from billing.domain.account import Account, AccountKey
from billing.domain.changes import (
    Change,
    HistoryEntry,
    LedgerEntry,
    OutcomeKind,
    Written,
)
from billing.domain.replay import caught_up
from billing.domain.subscription import Subscription
from billing.settings import Settings

PAYLOAD_LIMIT = 300_000
"""Characters of a parked payload that are kept; a larger event is fetched again by its id."""

SECONDS_PER_DAY = 86_400

HISTORY_PAGE = 100
"""Entries of a history that one request reads."""


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
        """Read what became of a cause; `None` for one not settled or parked, and for no cause."""
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

    def entries(self, key: AccountKey, *, after: int = 0) -> Iterator[HistoryEntry]:
        """Go through the account's history after a version, oldest first, a page at a time."""
        later = HistoryItem.sk > version_key(after)
        items = HistoryItem.query(str(key), later, page_size=HISTORY_PAGE, consistent_read=True)
        for item in items:
            yield from_plain(HistoryEntry, item.data)

    def later(self, account: Account) -> Iterator[Account]:
        """Return the account as each entry of its history after this version left it."""
        for entry in self.entries(account.key, after=account.version):
            account = caught_up(account, entry, fact_of)
            yield account

    def accounts(
        self, project_id: str, *, limit: int = 50, after: str | None = None
    ) -> list[AccessItem]:
        """List the hot items of a project's accounts by user id, from the index."""
        condition = None if after is None else ProjectIndex.user_id > after
        items = AccountItem.by_project.query(
            project_id,
            condition,
            filter_condition=AccountItem.sk == "access",
            limit=limit,
            page_size=2 * limit,  # most accounts have one subscription, which is indexed as well
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
        return transact(list(self._steps(change)))

    def put_back(self, lost: Account, known: Account) -> bool:
        """Put an account that lags behind its history in the state of a later entry.

        Returns:
            False where somebody else changed the account meanwhile; nothing was written then.

        Raises:
            TryAgain: DynamoDB is throttling or failing; nothing was written.
        """
        steps = [(access_item(known), _unchanged(lost)), *_fact_steps(lost, known)]
        return transact(steps) is Written.DONE

    def point_to(self, key: AccountKey, ids: Iterable[str]) -> None:
        """Let ids lead to an account, save those that lead to another one."""
        for id_ in sorted(ids):
            try:
                PointerItem(id_, account=str(key)).save(condition=_free(key))
            except PutError as error:
                if error.cause_response_code != "ConditionalCheckFailedException":
                    raise

    def _steps(self, change: Change) -> Iterator[Step]:
        """List the items to put and their conditions; the ledger's first, it decides."""
        yield self._ledger_item(change), _unsettled(change)
        if not change.changes_account or change.before is None or change.after is None:
            return
        before, after = change.before, change.after
        yield access_item(after), _unchanged(before)
        for id_ in sorted((after.stripe_ids() - before.stripe_ids()) | change.pointers):
            yield PointerItem(id_, account=str(after.key)), _free(after.key)
        yield from _fact_steps(before, after)
        yield history_item(change, before, after), HistoryItem.pk.does_not_exist()

    def _ledger_item(self, change: Change) -> LedgerItem:
        cause, dismissal = change.cause, change.dismissal
        parked = change.outcome is OutcomeKind.PARKED
        payload = cause.payload if parked or dismissal else None
        if payload is not None and len(json.dumps(payload)) > PAYLOAD_LIMIT:
            payload = None
        key = change.after.key if change.after else None
        settled_at = dismissal.at if dismissal else change.at
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
            dismissal=to_plain(dismissal) if dismissal else None,
            parked=change.outcome.value if parked or dismissal else None,
            expires_at=None if parked else int(settled_at.timestamp()) + remembered,
        )


def _unsettled(change: Change) -> Condition:
    is_parked = LedgerItem.parked == OutcomeKind.PARKED.value
    is_open = LedgerItem.parked.exists() if change.cause.reopens else is_parked
    return LedgerItem.pk.does_not_exist() | is_open


def _unchanged(before: Account) -> Condition:
    if before.version:
        return AccessItem.version == before.version
    return AccessItem.pk.does_not_exist()


def _free(key: AccountKey) -> Condition:
    return PointerItem.pk.does_not_exist() | (PointerItem.account == str(key))


def _fact_steps(before: Account, after: Account) -> Iterator[Step]:
    for sk, fact in changed_facts(before, after).items():
        yield fact_item(after.key, sk, fact), None
