"""Grant a feature by hand, and revoke it: an operator's two commands, through the one door."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.plain import to_plain
from billing.domain.account import Account, AccountKey, ManualGrant
from billing.domain.catalog import Catalog, FeatureType
from billing.domain.changes import Cause, CauseType, Decision, Outcome
from billing.domain.errors import AlreadyGranted, InvalidInput, NotFound, TryAgain
from billing.domain.status import FeatureValue
from billing.services.check_catalog import value_error
from billing.services.commit import commit
from billing.services.manage_catalog import read_catalog
from billing.services.mint_id import mint_id, repeatable_id

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.store import AccountStore
    from billing.auth import Caller

_LOST = "What this did is in the account's history alone; a reconciliation puts it back."

_GRANT_ID = re.compile(r"grant_[0-9a-z]{26}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GrantOrder:
    """What an operator wants to give.

    Attributes:
        value: `None` for a boolean feature.
        valid_from: `None` for from now on.
        valid_to: `None` for ever.
    """

    account: AccountKey
    feature_code: str
    reason: str
    value: FeatureValue | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


def grant_access(
    order: GrantOrder,
    *,
    accounts: AccountStore,
    catalogs: CatalogStore,
    operator: Caller,
    now: datetime,
    idempotency_key: str | None = None,
) -> ManualGrant:
    """Give a user a feature; the user need not be known yet.

    The same idempotency key of the same operator's key gives the same grant again, whatever
    became of it since.

    Raises:
        NotFound: there is no such project.
        InvalidInput: the catalog has no such feature, the value is not of its type, or the grant
            ends before it begins.
        AlreadyGranted: another grant of the feature, not revoked, overlaps in time.
        IdempotencyKeyReused: the key was used before with other parameters.
        TryAgain: the grant is in history alone until a reconciliation has put it back.
    """
    catalog = read_catalog(catalogs, order.account.project_id)
    cause = _cause(
        "grant",
        to_plain(order),
        reason=order.reason,
        operator=operator,
        at=now,
        once=idempotency_key,
    )
    grant_id = cause.id.replace("op_", "grant_", 1)

    def decide(account: Account) -> Decision:
        if grant_id in account.grants:
            return Decision(account)
        grant = _grant(grant_id, order, catalog, operator, now)
        _refuse_overlap(account, grant)
        return Decision(account.with_grant(grant))

    outcome = commit(accounts, order.account, cause, decide, now=now)
    return _grant_after(outcome, grant_id)


def _grant(
    id_: str, order: GrantOrder, catalog: Catalog, operator: Caller, now: datetime
) -> ManualGrant:
    valid_from = order.valid_from or now
    if order.valid_to is not None and order.valid_to <= valid_from:
        raise InvalidInput.field("valid_to", "must be later than valid_from, which is now if unset")
    return ManualGrant(
        id=id_,
        feature_code=order.feature_code,
        value=_value(order, catalog),
        reason=order.reason,
        valid_from=valid_from,
        valid_to=order.valid_to,
        granted_at=now,
        granted_by=operator.name,
    )


def _value(order: GrantOrder, catalog: Catalog) -> FeatureValue:
    feature = catalog.feature(order.feature_code)
    if feature is None:
        raise InvalidInput.field("feature_code", "is not in the project's catalog")
    if feature.type is FeatureType.BOOLEAN:
        if order.value is not None and order.value is not True:
            raise InvalidInput.field("value", "can only be true, or left out")
        return True
    if order.value is None:
        raise InvalidInput.field("value", f"is needed: '{feature.code}' is a {feature.type}")
    error = value_error(feature, order.value)
    if error:
        raise InvalidInput.field("value", error)
    return order.value


def _refuse_overlap(account: Account, grant: ManualGrant) -> None:
    for other in account.grants.values():
        if other.revoked_at or other.feature_code != grant.feature_code:
            continue
        begins_before_end = other.valid_to is None or grant.valid_from < other.valid_to
        ends_after_begin = grant.valid_to is None or other.valid_from < grant.valid_to
        if begins_before_end and ends_after_begin:
            raise AlreadyGranted(f"It is {other.id}.")


def revoke_access(
    grant_id: str,
    reason: str,
    *,
    accounts: AccountStore,
    operator: Caller,
    now: datetime,
    idempotency_key: str | None = None,
) -> ManualGrant:
    """Take a granted feature back; a second time answers the first revocation.

    Raises:
        NotFound: there is no such grant.
        IdempotencyKeyReused: the key was used before with other parameters.
        TryAgain: the revocation is in history alone until a reconciliation has put it back.
    """
    key = accounts.find([grant_id]) if _GRANT_ID.fullmatch(grant_id) else None
    if key is None:
        raise NotFound(f"There is no grant '{grant_id}'.")
    asked = {"grant_id": grant_id, "reason": reason}
    cause = _cause("revoke", asked, reason=reason, operator=operator, at=now, once=idempotency_key)

    def decide(account: Account) -> Decision:
        grant = account.grants.get(grant_id)
        if grant is None:
            raise NotFound(f"There is no grant '{grant_id}'.")
        if grant.revoked_at:
            return Decision(account)
        return Decision(
            account.with_grant(
                replace(grant, revoked_at=now, revoked_by=operator.name, revoke_reason=reason)
            )
        )

    grant = _grant_after(commit(accounts, key, cause, decide, now=now), grant_id)
    if grant.revoked_at is None:
        raise TryAgain(_LOST)
    return grant


def _cause(
    verb: str, asked: object, *, reason: str, operator: Caller, at: datetime, once: str | None
) -> Cause:
    """Name the command: by the operator's idempotency key `once`, so that it happens once."""
    text = json.dumps([verb, asked], sort_keys=True)
    return Cause(
        id=repeatable_id("op", operator.key_id, once) if once else mint_id("op", at),
        type=CauseType.OPERATOR,
        name=verb,
        at=at,
        actor=operator.name,
        reason=reason,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
    )


def _grant_after(outcome: Outcome, grant_id: str) -> ManualGrant:
    """Return the grant that a command is about; a repetition can find it lost."""
    if outcome.account is None:
        raise AssertionError("an operator's command is about an account")
    grant = outcome.account.grants.get(grant_id)
    if grant is None:
        raise TryAgain(_LOST)
    return grant
