"""The hot read: key, catalog and access item in one request; no PynamoDB, no models.

The key's record and the catalog stay in the warm process for `FRESH` seconds, after which a check
is one consistent GetItem. A revoked key or a changed catalog is therefore seen by every process
within that time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from billing.adapters.aws.wire import AwsWire
from billing.adapters.plain import from_plain
from billing.domain.account_key import AccountKey
from billing.domain.api_key import KeyRecord
from billing.domain.catalog import Catalog
from billing.domain.errors import TryAgain
from billing.domain.policy import Holding

FRESH = timedelta(seconds=30)
REMEMBERED = 256
"""Keys and catalogs that a process remembers: a fleet has some dozens."""

BATCH_LIMIT = 100
"""Keys that DynamoDB takes in one BatchGetItem."""

ATTEMPTS = 4
"""Requests until unprocessed keys are given up; DynamoDB leaves some out when it throttles."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class HotAccess:
    """What the access item of one account says; an unknown account has nothing."""

    revision: int = 0
    holdings: tuple[Holding, ...] = ()


@dataclass(frozen=True, slots=True)
class HotRead:
    """What one check needs. `record` and `catalog` are `None` where there is no such thing."""

    record: KeyRecord | None
    catalog: Catalog | None
    accesses: dict[str, HotAccess]


class _Fresh(Generic[_T]):
    """A bounded memory of values, each for `FRESH`."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[datetime, _T]] = {}

    def get(self, name: str, now: datetime) -> _T | None:
        """Return a value that is still fresh."""
        until, value = self._values.get(name, (now, None))
        return value if until > now else None

    def put(self, name: str, value: _T, now: datetime) -> None:
        """Remember a value, at the expense of the one that was put first."""
        if len(self._values) >= REMEMBERED and name not in self._values:
            del self._values[next(iter(self._values))]
        self._values[name] = (now + FRESH, value)


class AccessReader:
    """Reads what entitlement checks need, with at most one request where it can be one."""

    def __init__(self, wire: AwsWire, catalog_table: str, accounts_table: str) -> None:
        """Read from these tables."""
        self._wire = wire
        self._catalog_table = catalog_table
        self._accounts_table = accounts_table
        self._records: _Fresh[KeyRecord] = _Fresh()
        self._catalogs: _Fresh[Catalog] = _Fresh()

    def read(
        self, key_hash: str, project_id: str, user_ids: Iterable[str], now: datetime
    ) -> HotRead:
        """Read the key, the project's catalog, and the access of these users of the project.

        Raises:
            TryAgain: DynamoDB is throttling, or cannot be reached.
        """
        accounts = {str(AccountKey(project_id, user_id)): user_id for user_id in user_ids}
        record = self._records.get(key_hash, now)
        catalog = self._catalogs.get(project_id, now)
        if record and catalog and len(accounts) == 1:
            found = [self._access_item(next(iter(accounts)))]
        else:
            cached = record is not None and catalog is not None
            names = () if cached else _catalog_keys(key_hash, project_id)
            found = self._items(names, accounts)
        accesses = dict.fromkeys(accounts.values(), HotAccess())
        for item in filter(None, found):
            match item["sk"]["S"]:
                case "access":
                    accesses[accounts[item["pk"]["S"]]] = _hot_access(item)
                case "key":
                    record = from_plain(KeyRecord, json.loads(item["data"]["S"]))
                    self._records.put(key_hash, record, now)
                case "catalog":
                    catalog = from_plain(Catalog, json.loads(item["data"]["S"]))
                    self._catalogs.put(project_id, catalog, now)
        return HotRead(record, catalog, accesses)

    def _access_item(self, pk: str) -> dict[str, Any] | None:
        wanted = {"TableName": self._accounts_table, "Key": _key(pk, "access")}
        item: dict[str, Any] | None = self._wire.call(
            "GetItem", {**wanted, "ConsistentRead": True}
        ).get("Item")
        return item

    def _items(
        self, catalog_keys: Iterable[tuple[str, str]], accounts: Iterable[str]
    ) -> list[dict[str, Any] | None]:
        """Get all these items, `BATCH_LIMIT` a request, and what a request left unprocessed."""
        wanted = [(self._catalog_table, pk, sk) for pk, sk in catalog_keys]
        wanted += [(self._accounts_table, pk, "access") for pk in accounts]
        found: list[dict[str, Any] | None] = []
        for start in range(0, len(wanted), BATCH_LIMIT):
            request: dict[str, Any] = {}
            for table, pk, sk in wanted[start : start + BATCH_LIMIT]:
                keys = request.setdefault(table, {"ConsistentRead": True, "Keys": []})["Keys"]
                keys.append(_key(pk, sk))
            found += self._batch(request)
        return found

    def _batch(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for attempt in range(1, ATTEMPTS + 1):
            answer = self._wire.call("BatchGetItem", {"RequestItems": request})
            found += [item for items in answer["Responses"].values() for item in items]
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                return found
            if attempt < ATTEMPTS:
                self._wire.pause(attempt)
        raise TryAgain("The database is throttling.")


def _catalog_keys(key_hash: str, project_id: str) -> tuple[tuple[str, str], ...]:
    return (f"key#{key_hash}", "key"), (f"project#{project_id}", "catalog")


def _key(pk: str, sk: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _hot_access(item: Mapping[str, Any]) -> HotAccess:
    return HotAccess(
        revision=int(item["revision"]["N"]),
        holdings=from_plain(tuple[Holding, ...], json.loads(item["holdings"]["S"])),
    )
