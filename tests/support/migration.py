"""A whole import, killed and resumed, held against what Stripe says: none lost, none doubled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from billing.adapters.dynamo.models import LedgerItem
from billing.domain.account import AccountKey
from billing.stores import account_store
from functions.admin.handler import lambda_handler
from tests.support.brought import OldApp, prices_of
from tests.support.importing import Importer
from tests.support.served import Lost, served
from tests.support.shop import STRIPE_KEY, Shop

Json = dict[str, Any]
Record = Callable[[str, object], None]

FAILING = {"unknown", "unknown_beside"}
"""Kinds of customers of whom something is left out."""


@dataclass
class Migration:
    """An app's customers, and the importer that brings them along.

    Attributes:
        customers: kind, user id and customer id.
        killed: how often the importer was.
    """

    shop: Shop
    file: Path
    customers: list[tuple[str, str, str]] = field(default_factory=list)
    killed: int = 0

    @classmethod
    def of(cls, shop: Shop, folder: Path, size: int) -> Migration:
        """Let an app sell to so many, and write its file."""
        app = OldApp.at(shop.stripe.url, STRIPE_KEY, prices_of(shop.catalog))
        customers = list(app.sell(size))
        file = folder / "customers.csv"
        lines = [f"{user},{customer}\n" for _, user, customer in customers]
        file.write_text("".join(["user_id,stripe_customer_id\n", *lines]))
        return cls(shop, file, customers)

    def import_killed(self, before: Iterable[int], after: Iterable[int]) -> tuple[str, float]:
        """Run the importer, and kill it at these requests, before or after they take effect.

        Returns:
            What the last run said, and how many seconds all runs took.
        """
        with served(lambda_handler) as service:
            importer = Importer(self.file, "demo", service.url, self.shop.admin_key)
            service.before = self._killer(importer, set(before), is_lost=True)
            service.after = self._killer(importer, set(after), is_lost=False)
            killed, started = self.killed, time.monotonic()
            while True:
                status, said, complained = importer.run()
                if status >= 0:
                    break
            took = time.monotonic() - started
        assert (status, importer.runs) == (1, self.killed - killed + 1), (status, said, complained)
        return said, took

    def _killer(self, importer: Importer, at: set[int], *, is_lost: bool) -> Callable[[int], None]:
        def meet(number: int) -> None:
            if number in at:
                self.killed += 1
                importer.kill()
                if is_lost:
                    raise Lost

        return meet

    # -- what is true afterwards

    def assert_none_lost_none_doubled(self) -> None:
        """Every account is as Stripe has it, by one change, of one cause."""
        causes = Counter(item.account for item in LedgerItem.scan() if item.cause_name == "import")
        for kind, user, customer in self.customers:
            key = AccountKey("demo", user)
            account = account_store().load(key)
            told = [entry.cause_name for entry in account_store().history(key)]
            assert told == ["import"], (user, told)
            assert causes.pop(str(key)) == 1, user
            assert (account.customer_id, account.revision) == (customer, 1)
            stripes = {
                sub["id"]: (sub["status"], sub["items"]["data"][0]["quantity"])
                for sub in self.shop.stripe.state.subscriptions.where(customer=customer)
            }
            ours = {
                sub.id: (sub.status.value, sub.items[0].quantity)
                for sub in account.subscriptions.values()
            }
            lost = {id_ for id_ in stripes if id_ not in ours}
            assert len(lost) == (1 if kind in FAILING else 0), user
            assert ours == {id_: stripes[id_] for id_ in stripes if id_ not in lost}
            assert len(account.purchases) == (kind in {"bought", "refunded", "disputed"}), user
        assert not causes

    def assert_again_changes_nothing(self, tables: Callable[[], object]) -> None:
        """A further run, even one that knows nothing of those before, changes nothing."""
        self.file.with_name(f"{self.file.name}.progress.jsonl").unlink()
        before = tables()
        said, _ = self.import_killed((), ())
        assert "imported" not in said
        assert tables() == before
