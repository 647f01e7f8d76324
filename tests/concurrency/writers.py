"""Writers that share an account, and what it must be like after them."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar

from billing.adapters.dynamo.account_items import fact_of
from billing.adapters.dynamo.models import AccessItem
from billing.adapters.dynamo.store import AccountStore
from billing.adapters.plain import to_plain
from billing.auth import Caller
from billing.domain.account import AccountKey
from billing.domain.changes import HistoryEntry, OutcomeKind
from billing.domain.holdings import holdings_of
from billing.services.apply_stripe_event import Collaborators, apply_stripe_event
from billing.services.grant_access import GrantOrder, grant_access
from billing.services.mint_id import repeatable_id
from local.place import ROOT
from tests.concurrency.conftest import NOW
from tests.support.builders import a_catalog
from tests.support.memory import FixedCatalog
from tests.support.racing import until_settled

CROWD = 20

ADA = Caller("key_ada", "Ada", None, frozenset({"admin"}))

Json = dict[str, Any]
_T = TypeVar("_T")


def sample(kind: str) -> Json:
    """Stripe's event of a kind, as in `events/`."""
    text = (ROOT / "events" / "stripe" / f"{kind}.json").read_text()
    found: Json = json.loads(text.replace("price_pro_monthly", "price_pro"))
    return found


APART = timedelta(hours=6)


def told(kind: str, number: int, user_id: str, **fields: Any) -> Json:
    """The event numbered so, of that user, six hours after the one before.

    So a day has fewer than a timeline keeps of one (docs/decisions/0022).
    """
    event = sample(kind)
    obj = event["data"]["object"]
    text = json.dumps({**event, "data": {"object": {**obj, **fields}}})
    mine: Json = json.loads(text.replace("user-1", user_id).replace("_demo1", f"_{user_id}"))
    created = int((NOW + APART * number).timestamp())
    return {**mine, "id": f"evt_{user_id}_{kind}_{number}", "created": created}


class Writers:
    """What the threads of a test share."""

    def __init__(self, store: AccountStore) -> None:
        self.store = store
        self.catalogs: Any = FixedCatalog(a_catalog())
        self.overtaken: Counter[str] = Counter()

    def hear(self, payload: Json, *, alone: bool = False) -> OutcomeKind:
        """Apply an event, as often as the queue would deliver it."""
        using = Collaborators(self.store, self.catalogs, no_stripe)
        return self._settled(
            payload["id"], lambda: apply_stripe_event(payload, using=using, now=NOW), alone=alone
        ).kind

    def grant(self, user_id: str, number: int, once: str | None, *, alone: bool = False) -> str:
        """Grant an hour of `export`, the number-th."""
        begins = NOW + timedelta(hours=number)
        order = GrantOrder(
            AccountKey("demo", user_id),
            "export",
            "goodwill",
            valid_from=begins,
            valid_to=begins + timedelta(hours=1),
        )
        return self._settled(
            repeatable_id("op", ADA.key_id, once) if once else None,
            lambda: grant_access(
                order,
                accounts=self.store,
                catalogs=self.catalogs,
                operator=ADA,
                now=NOW,
                idempotency_key=once,
            ),
            alone=alone,
        ).id

    def _settled(self, cause_id: str | None, work: Callable[[], _T], *, alone: bool) -> _T:
        """Do it until it is done; `alone` where no other thread has the same cause."""

        def overtaken() -> None:
            if alone and cause_id:
                assert self.store.ledger_entry(cause_id) is None, "it raised, so it did nothing"
            self.overtaken[str(cause_id)] += 1

        done = until_settled(work, overtaken)
        if cause_id:
            assert self.store.ledger_entry(cause_id) is not None, "it is the cause's own id"
        return done


def no_stripe() -> Any:
    raise AssertionError("these events say it all")


def assert_whole(store: AccountStore, key: AccountKey, applied: int) -> None:
    """Revision, history and holdings are those of exactly `applied` changes, one after another."""
    account = store.load(key)
    history = store.history(key, limit=1000)[::-1]
    assert account.revision == applied
    assert [entry.version for entry in history] == list(range(1, account.version + 1))
    assert len({entry.cause_id for entry in history}) == len(history)
    assert [entry.outcome for entry in history].count(OutcomeKind.APPLIED) == applied
    for before, after in itertools.pairwise(history):
        assert after.revision - before.revision == (after.outcome is OutcomeKind.APPLIED)
    assert _replayed(history) == account.facts()
    hot = AccessItem.get(str(key), "access", consistent_read=True)
    assert hot.holdings == to_plain(holdings_of(account))
    assert (hot.revision, hot.version) == (account.revision, account.version)


def _replayed(history: Iterable[HistoryEntry]) -> dict[str, Any]:
    """Fold history into facts; each entry begins with what the one before it left."""
    facts: dict[str, Any] = {}
    for entry in history:
        for sk in entry.before.keys() & facts.keys():
            assert _agree(entry.before[sk], to_plain(facts[sk])), "each saw what was written before"
        for sk, plain in entry.after.items():
            if "#" in sk:
                facts[sk] = fact_of(sk, plain, facts.get(sk))
    return facts


def _agree(taken_as: Json, was: Json) -> bool:
    """Whether an entry's `before` is that; of a long list it has the length."""
    return all(
        len(was[name]) == told["length"] if isinstance(told, dict) else was[name] == told
        for name, told in taken_as.items()
    )


def purchase(number: int, user_id: str) -> Json:
    about = {"project_id": "demo", "user_id": "user-1", "price_id": "price_once", "quantity": "1"}
    return told(
        "checkout.session.completed",
        number,
        user_id,
        id=f"cs_{user_id}_{number}",
        mode="payment",
        payment_intent=f"pi_{user_id}_{number}",
        subscription=None,
        invoice=None,
        metadata=about,
    )
