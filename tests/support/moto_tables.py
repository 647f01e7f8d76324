"""moto's tables, copied as far as is needed.

moto copies each table that a transaction names, for the case that it fails, down to every record
of its stream; that was most of what the tests of long lives did. What is stored is replaced and
never changed in place by the transactions here (puts, deletes and checks), so the dictionaries that
hold it are all that has to be copied.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID  # type: ignore[attr-defined]  # it is not in __all__
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table


def standing(region: str) -> dict[str, Table]:
    """The tables of a region, by their names; what is added is there."""
    tables: dict[str, Table] = dynamodb_backends[DEFAULT_ACCOUNT_ID][region].tables
    return tables


def _copy(table: Table, _memo: dict[int, Any]) -> Table:
    made = copy.copy(table)
    items = table.items.items()
    made.items = defaultdict(
        dict, {key: dict(value) if table.has_range_key else value for key, value in items}
    )
    if table.stream_shard is not None:
        made.stream_shard = copy.copy(table.stream_shard)
        made.stream_shard.table = made
        made.stream_shard.items = list(table.stream_shard.items)
    return made


Table.__deepcopy__ = _copy  # type: ignore[attr-defined]
