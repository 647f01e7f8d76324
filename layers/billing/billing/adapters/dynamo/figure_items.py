"""Items of the metrics table, to and from the domain.

`PROJECT` has the items `now` and `2026-11`, a month each; `PROJECT#accounts` has an item an
account; `recount#…` has what a recount has added up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing.adapters.dynamo.models import FiguresItem
from billing.domain.account import AccountKey
from billing.domain.recount import Recount
from billing.domain.tally import NOW, Figures, Tally, from_plain, to_plain

SHADOWS_KEPT = 7 * 86_400
"""Seconds after which what a recount added up is forgotten."""


@dataclass(frozen=True, slots=True)
class Head:
    """A project's figures of now, the version of all its figures, and a recount under way."""

    project_id: str
    version: int = 0
    figures: Figures = field(default_factory=dict)
    recount: Recount | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What an account was counted with; version 0 where it never was."""

    key: AccountKey
    version: int = 0
    tally: Tally = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FiguresChange:
    """One transaction.

    Attributes:
        head: as it is to be, under its next version.
        at: the instant, from which a recount's own sums are kept for some days.
        counted: the account, under its next version, where the change is one's.
        places: months as they are to be.
        shadow: the recount's sums of some places as they are to be.
    """

    head: Head
    at: datetime
    counted: Counted | None = None
    places: Tally = field(default_factory=dict)
    shadow: Tally = field(default_factory=dict)


def head_item(head: Head) -> FiguresItem:
    """Write a project's figures of now."""
    recount = head.recount.as_plain() if head.recount else None
    data = to_plain(head.figures)
    return FiguresItem(head.project_id, NOW, data=data, version=head.version, recount=recount)


def counted_item(counted: Counted) -> FiguresItem:
    """Write what an account was counted with."""
    data = {place: to_plain(figures) for place, figures in counted.tally.items()}
    key, version = counted.key, counted.version
    return FiguresItem(accounts_of(key.project_id), key.user_id, data=data, version=version)


def shadow_item(
    change: FiguresChange, recount: Recount, place: str, figures: Figures
) -> FiguresItem:
    """Write what a recount has added up of a place."""
    return FiguresItem(
        change.head.project_id,
        shadow_key(recount, place),
        data={place: to_plain(figures)},
        expires_at=int(change.at.timestamp()) + SHADOWS_KEPT,
    )


def counted_of(project_id: str, item: FiguresItem) -> Counted:
    """Read what an account was counted with."""
    tally = {place: from_plain(figures) for place, figures in item.data.items()}
    return Counted(AccountKey(project_id, item.sk), int(item.version or 0), tally)


def version_is(known: int) -> Any:  # noqa: ANN401 - pynamodb does not type its conditions
    """Hold a write to the version that was read; 0 is not there yet."""
    return FiguresItem.version == known if known else FiguresItem.pk.does_not_exist()


def accounts_of(project_id: str) -> str:
    """Name the partition of a project's accounts."""
    return f"{project_id}#accounts"


def shadow_key(recount: Recount, place: str) -> str:
    """Name the item of a recount's sums of a place."""
    return f"recount#{recount.sums_id}#{place}"
