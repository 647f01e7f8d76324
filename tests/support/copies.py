"""One user's whole state, at Stripe and here, copied to as many others as a test wants.

A copy is the original with other ids. Nothing is imagined: the original was sold at Stripe, and
heard of by its events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import boto3

from billing.settings import settings
from local.stripe.state import World
from local.stripe.tables import Table, new_id
from tests.support.shop import Shop

BATCH = 25
"""Items that DynamoDB writes at once."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Original:
    """What a user left at Stripe and in the tables.

    Attributes:
        world: the fake.
        user_id: as it appears in all of it, and in nothing else.
        rows: of the fake's tables, as text.
        ids: of these rows, by which the tables here know them.
        items: of DynamoDB's tables, as text.
    """

    world: World
    user_id: str
    rows: list[tuple[Table, str]]
    ids: dict[str, str]
    items: list[tuple[str, str]]

    @classmethod
    def of(cls, shop: Shop, user_id: str) -> Original:
        """Find all that mentions the user, or an id of the user's."""
        known, rows, accounts = {user_id}, list[tuple[Table, str, str]](), settings()
        tables = [table for table in shop.stripe.state.tables if table.kind != "price"]
        for _ in range(3):  # a charge names its intent, which names its customer, who is the user's
            rows = [
                (table, id_, text)
                for table in tables
                for id_, row in table.rows.items()
                if any(each in (text := json.dumps(row)) for each in known)
            ]
            known |= {id_ for _, id_, _ in rows}
        items = [
            (table, text)
            for table in (accounts.accounts_table, accounts.history_table, accounts.pointers_table)
            for item in _scan(table)
            if any(each in (text := json.dumps(item)) for each in known)
        ]
        items += [
            (accounts.ledger_table, json.dumps(item))
            for item in _scan(accounts.ledger_table)
            if item["pk"]["S"] in known
        ]
        ids = {id_: table.prefix for table, id_, _ in rows}
        return cls(
            shop.stripe.state, user_id, [(table, text) for table, _, text in rows], ids, items
        )

    def copy_to(self, user_ids: Iterable[str]) -> None:
        """Give others the same, under ids of their own."""
        client = boto3.client("dynamodb", region_name="eu-west-1")
        items = self._copied(user_ids)
        while batch := list(islice(items, BATCH)):
            wanted: dict[str, list[Any]] = {}
            for table, item in batch:
                wanted.setdefault(table, []).append({"PutRequest": {"Item": item}})
            answer = client.batch_write_item(RequestItems=wanted)
            assert not answer["UnprocessedItems"], "the engine takes less than it is sent"

    def _copied(self, user_ids: Iterable[str]) -> Iterator[tuple[str, Json]]:
        for user_id in user_ids:
            named = {id_: new_id(prefix) for id_, prefix in self.ids.items()}
            named[self.user_id] = user_id
            for table, text in self.rows:
                table.add(json.loads(_with(named, text)))
            plans, books = self.world.plans, self.world.books
            plans.update({new: plans[old] for old, new in named.items() if old in plans})
            books.update({new: books[old] for old, new in named.items() if old in books})
            for name, text in self.items:
                yield name, json.loads(_with(named, text))


def _with(named: dict[str, str], text: str) -> str:
    for old, new in named.items():
        text = text.replace(old, new)
    return text


def _scan(table: str) -> Iterator[Json]:
    client = boto3.client("dynamodb", region_name="eu-west-1")
    for page in client.get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]
