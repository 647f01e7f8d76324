"""An account as it was at an instant, rebuilt from its history alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, assert_never

from billing.domain.account import Account, AccountKey, Fact, ManualGrant
from billing.domain.changes import HistoryEntry
from billing.domain.holdings import holdings_of
from billing.domain.link import StripeLink
from billing.domain.policy import Holding
from billing.domain.purchase import Purchase
from billing.domain.status import Source
from billing.domain.stripe_features import StripeFeatures
from billing.domain.subscription import Subscription

ReadFact = Callable[[str, Any, Fact | None], Fact]
"""Reads a fact as history keeps it: from its sort key, its plain values, and the fact before."""

Line = tuple[Source, str, str | None, str | None]
"""What a holding is of: its source, the source's id, the price, and the feature if it names one."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """An account at an instant, and where it comes from.

    Attributes:
        holdings: what the account held.
        made_by: the entry that made each line of the holdings what it is; what only added to a
            timeline, or told nothing new, is passed over.
        gone: lines that were held once and are not any more, as they were last held; `made_by`
            has the entry that took them away.
        last: the newest entry; `None` before the first.
    """

    account: Account
    holdings: tuple[Holding, ...] = ()
    made_by: dict[Line, HistoryEntry] = field(default_factory=dict)
    gone: dict[Line, tuple[Holding, ...]] = field(default_factory=dict)
    last: HistoryEntry | None = None


def replay(
    key: AccountKey,
    oldest_first: Iterable[HistoryEntry],
    read: ReadFact,
    *,
    until: datetime | None = None,
) -> Replayed:
    """Fold history up to an instant, that instant included.

    Only what holds at the end is kept on the way, so a history may be of any length.

    Args:
        key: whose account.
        oldest_first: all of its history; `at` never runs backwards in it.
        read: how to read a fact of it.
        until: the instant; `None` for all.
    """
    account, customer_id = Account(key), None
    held: dict[str, dict[Line, tuple[Holding, ...]]] = {}
    made_by: dict[Line, HistoryEntry] = {}
    gone: dict[Line, tuple[Holding, ...]] = {}
    last: HistoryEntry | None = None
    for entry in oldest_first:
        if until is not None and entry.at > until:
            break
        last = entry
        customer_id = entry.after.get("customer_id", customer_id)
        for sk in sorted(entry.after.keys() - {"customer_id"}):
            fact = read(sk, entry.after[sk], _known(account, sk))
            account = _with(account, fact)
            before, after = held.get(sk, {}), _lines(key, fact)
            held[sk] = after
            changed = {k for k in before | after if before.get(k) != after.get(k)}
            made_by.update(dict.fromkeys(changed, entry))
            gone.update({line: before[line] for line in changed - after.keys()})
            gone = {line: was for line, was in gone.items() if line not in after}
    if last is None:
        return Replayed(account)
    account = replace(
        _sorted(account),
        revision=last.revision,
        version=last.version,
        customer_id=customer_id,
        updated_at=last.at,
    )
    return Replayed(account, holdings_of(account), made_by, gone, last)


def caught_up(account: Account, entry: HistoryEntry, read: ReadFact) -> Account:
    """Return an account as the next entry of its history left it."""
    after = account
    for sk in entry.after.keys() - {"customer_id"}:
        after = _with(after, read(sk, entry.after[sk], _known(account, sk)))
    return replace(
        after,
        revision=entry.revision,
        version=entry.version,
        customer_id=entry.after.get("customer_id", account.customer_id),
        updated_at=entry.at,
    )


def held_since(
    key: AccountKey, oldest_first: Iterable[HistoryEntry], read: ReadFact
) -> Iterator[tuple[datetime, tuple[Holding, ...]]]:
    """Yield what the account held after each entry of its history, and since when."""
    account = Account(key)
    for entry in oldest_first:
        account = caught_up(account, entry, read)
        yield entry.at, holdings_of(account)


def _lines(key: AccountKey, fact: Fact) -> dict[Line, tuple[Holding, ...]]:
    lines: dict[Line, tuple[Holding, ...]] = {}
    for held in holdings_of(_with(Account(key), fact)):
        line = held.source, held.source_id, held.price_id, held.feature_code
        lines[line] = (*lines.get(line, ()), held)
    return lines


def _known(account: Account, sk: str) -> Subscription | None:
    """Find a fact of the kind whose long lists history has by their changes."""
    return account.subscriptions.get(sk.partition("#")[2])


def _with(account: Account, fact: Fact) -> Account:
    match fact:
        case Subscription():
            return account.with_subscription(fact)
        case Purchase():
            return account.with_purchase(fact)
        case ManualGrant():
            return account.with_grant(fact)
        case StripeLink():
            return account.with_link(fact)
        case StripeFeatures():
            return account.with_features(fact)
    assert_never(fact)


def _sorted(account: Account) -> Account:
    """Order the facts as the store does: by their ids."""
    return replace(
        account,
        subscriptions=dict(sorted(account.subscriptions.items())),
        purchases=dict(sorted(account.purchases.items())),
        grants=dict(sorted(account.grants.items())),
        links=dict(sorted(account.links.items())),
        features=dict(sorted(account.features.items())),
    )
