"""A record of the accounts table's stream, as the change of an account that it tells of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.adapters.plain import from_plain
from billing.domain.account import AccountKey
from billing.domain.policy import Holding


@dataclass(frozen=True, slots=True)
class AccountChange:
    """One write of an account's `access` item, which every change of the account writes.

    Attributes:
        version: counts the account's writes; the history has an entry under it.
        at: the instant of the change.
        written_at: when it was written: at that instant, unless a backup was put back.
        before, after: the holdings.
    """

    key: AccountKey
    version: int
    revision: int
    at: datetime
    written_at: datetime
    before: tuple[Holding, ...]
    after: tuple[Holding, ...]


def account_change(record: Mapping[str, Any]) -> AccountChange | None:
    """Read a record; `None` for one of another item, or of a deletion.

    Raises:
        KeyError, TypeError, ValueError: the item is not as this service writes it.
    """
    written = record["dynamodb"]
    if written["Keys"]["sk"]["S"] != "access" or "NewImage" not in written:
        return None
    image = written["NewImage"]
    return AccountChange(
        key=AccountKey.parse(image["pk"]["S"]),
        version=int(image["version"]["N"]),
        revision=int(image["revision"]["N"]),
        at=datetime.fromisoformat(image["updated_at"]["S"]),
        written_at=datetime.fromtimestamp(written["ApproximateCreationDateTime"], UTC),
        before=_holdings(written.get("OldImage")),
        after=_holdings(image),
    )


def _holdings(image: Mapping[str, Any] | None) -> tuple[Holding, ...]:
    listed = json.loads(image["holdings"]["S"]) if image else []
    return tuple(from_plain(Holding, each) for each in listed)
