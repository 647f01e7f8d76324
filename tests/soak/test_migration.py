"""A thousand customers are imported, by an importer that is killed on its way."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from billing.settings import settings
from local.importing.sender import AT_ONCE
from tests.support.migration import Migration
from tests.support.shop import Shop
from tests.support.snapshot import Snapshots


def test_a_thousand_customers_are_imported(
    shop: Shop, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    size = int(os.environ.get("SOAK_CUSTOMERS", "1000"))
    migration = Migration.of(shop, tmp_path, size)
    last = size // AT_ONCE
    _, seconds = migration.import_killed(
        before=(1, last // 3, last - 5), after=(2, last // 2, last - 1, last)
    )
    record_property("customers imported", dict(Counter(kind for kind, *_ in migration.customers)))
    told = f"{seconds:.1f} s, {size / seconds:.0f} customers a second"
    record_property(f"import of {size}, killed {migration.killed} times", told)
    assert migration.killed == 7
    migration.assert_none_lost_none_doubled()

    def tables() -> Any:
        return Snapshots(settings()).take()

    migration.assert_again_changes_nothing(tables)
