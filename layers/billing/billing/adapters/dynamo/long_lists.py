"""Long lists of a subscription in history: what changed of them rather than all of them, twice.

A timeline of months is hundreds of moments, and an event adds one. An entry of history has a list
whole while it is short, as all entries had until this was written; of a long one it has what the
change took out of the list as it was before, and what it put in (docs/decisions/0022).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from billing.adapters.plain import from_plain, to_plain
from billing.domain.dispute import ChargeDispute
from billing.domain.moment import Moment
from billing.domain.payment import InvoicePayment, PaidMonth
from billing.domain.refund import ChargeRefund
from billing.domain.subscription import Subscription, standing

SHORT = 20
"""Entries of a list that is written whole."""

_LISTS: dict[str, type[Any]] = {
    "timeline": Moment,
    "refunds": ChargeRefund,
    "disputes": ChargeDispute,
    "payments": InvoicePayment,
    "paid_months": PaidMonth,
}


def written_before(was: Subscription, now_is: Subscription) -> dict[str, Any]:
    """Write a subscription as it was; of a list that is long the length, and what it comes to."""
    told = {name: _told(was, name) for name, _ in _long(was, now_is)}
    return {**_without(was, told), **told}


def written_after(was: Subscription, now_is: Subscription) -> dict[str, Any]:
    """Write a subscription as it is; of a list that is long what changed."""
    changes = {name: {**_told(now_is, name), **change} for name, change in _long(was, now_is)}
    return {**_without(now_is, changes), **changes}


def read_subscription(plain: Mapping[str, Any], known: Subscription | None) -> Subscription:
    """Read what was written.

    Args:
        plain: as an item, or an entry of history, has it.
        known: the subscription as the entry before left it. Where that is not known, or the entry
            before was lost, only what the entry says by itself is read: of long lists where the
            subscription stands by them.
    """
    changes = {name: plain[name] for name in _LISTS if isinstance(plain.get(name), Mapping)}
    short = {name: value for name, value in plain.items() if name not in changes}
    fact = from_plain(Subscription, short)
    lists: dict[str, Any] = {name: _read(name, change, known) for name, change in changes.items()}
    return replace(fact, **lists) if lists else fact


def _long(was: Subscription, now_is: Subscription) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through the lists that are long, and what changed of each."""
    for name in _LISTS:
        before, after = getattr(was, name), getattr(now_is, name)
        if len(before) <= SHORT:
            continue
        known, kept = set(before), set(after)
        if [each for each in before if each in kept] == [each for each in after if each in known]:
            yield (
                name,
                {
                    "without": [at for at, each in enumerate(before) if each not in kept],
                    "with": [[at, to_plain(e)] for at, e in enumerate(after) if e not in known],
                },
            )


def _without(fact: Subscription, lists: Iterable[str]) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(lists, ())
    plain: dict[str, Any] = to_plain(replace(fact, **empty))
    return plain


def _told(fact: Subscription, name: str) -> dict[str, Any]:
    """Say of a list how long it is, and of a timeline where the subscription stands by it."""
    told: dict[str, Any] = {"length": len(getattr(fact, name))}
    if name == "timeline":
        stands = standing(fact)
        told["stands"] = to_plain(Moment(stands.since, stands.status, stands.period_end))
    return told


def _read(name: str, change: Mapping[str, Any], known: Subscription | None) -> tuple[Any, ...]:
    if known is not None and "with" in change:
        without = set(change["without"])
        entries = [each for at, each in enumerate(getattr(known, name)) if at not in without]
        for at, plain in change["with"]:
            entries.insert(at, from_plain(_LISTS[name], plain))
        if len(entries) == change["length"]:
            return tuple(entries)
    return (from_plain(Moment, change["stands"]),) if name == "timeline" else ()
