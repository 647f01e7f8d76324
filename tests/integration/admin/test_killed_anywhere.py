"""An operator's or an app's command that dies at any of its I/O calls, and is given again.

Each run kills the process at one call to AWS, before or after it takes effect, or lets one call
to Stripe fail; then the command is given again, and all is as if nothing had happened.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from billing.domain.account import AccountKey
from billing.settings import Settings
from billing.stores import account_store
from local.stripe.server import FakeStripeServer
from tests.integration.admin.conftest import Operator
from tests.integration.admin.granting import grant, revoke
from tests.support.clock import Clock
from tests.support.documents import notes, notes_at_stripe
from tests.support.interruptions import Killed, When, interruptions
from tests.support.new_process import a_new_process, failure
from tests.support.requests import Answer
from tests.support.snapshot import Snapshots

Record = Callable[[str, object], None]


@dataclass(frozen=True)
class Command:
    """What is done first, and the command that is to die.

    Attributes:
        has_own_id: whether a repetition is another command, which the ledger has beside the first.
    """

    before: Callable[[Operator], Any]
    give: Callable[[Operator, Any], Answer]
    has_own_id: bool = False


def sells(ada: Operator) -> None:
    assert ada.catalog(notes_at_stripe()).status == 200


def has_granted(ada: Operator) -> str:
    sells(ada)
    return str(grant(ada, "first").body["grant_id"])


KEYS = "projects/acme/keys"


def a_key(ada: Operator) -> Answer:
    return ada.post(KEYS, {"name": "web"})


def renamed(ada: Operator) -> Answer:
    return ada.put("projects/acme", {"name": "Acme & Sons", "allowed_origins": []})


COMMANDS: dict[str, Command] = {
    "grant": Command(sells, lambda ada, _: grant(ada, "once")),
    "revoke": Command(has_granted, lambda ada, given: revoke(ada, given, once="then")),
    "revoke without a key": Command(has_granted, revoke, has_own_id=True),
    "project": Command(lambda ada: None, lambda ada, _: ada.project("another")),
    "change of a project": Command(lambda ada: None, lambda ada, _: renamed(ada)),
    "revocation of a key": Command(
        lambda ada: str(a_key(ada).body["key_id"]),
        lambda ada, id_: ada.post(f"{KEYS}/{id_}/revoke"),
    ),
    "catalog": Command(lambda ada: None, lambda ada, _: ada.catalog(notes())),
    "change of the catalog": Command(sells, lambda ada, _: ada.catalog(_with_a_feature())),
}
"""Commands that may be given again until they succeed."""


def _with_a_feature() -> dict[str, Any]:
    document = notes_at_stripe()
    document["features"].append({"code": "print", "name": "Print"})
    return document


@pytest.mark.usefixtures("stripe", "acme")
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_any_call_to_aws(
    ada: Operator, clock: Clock, deployment: Settings, name: str, record_property: Record
) -> None:
    command, snapshots = COMMANDS[name], Snapshots(deployment, with_catalog=True)
    given = command.before(ada)
    left_out = {deployment.ledger_table} if command.has_own_id else set()
    before = snapshots.take()
    a_new_process(clock)
    with interruptions.counted() as counted:
        undisturbed = command.give(ada, given)
    after, calls = _nameless(snapshots.take(), left_out), list(counted)
    assert undisturbed.status in {200, 201}, undisturbed
    assert after != _nameless(before, left_out)
    faults = list(itertools.product(range(1, len(calls) + 1), get_args(When)))
    for fatal, when in faults:
        snapshots.restore(before)
        a_new_process(clock)
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            command.give(ada, given)
        a_new_process(clock)
        again = command.give(ada, given)
        where = f"killed {when} call {fatal} of {calls}"
        assert again.status in {200, 201}, f"{where}: {again}"
        assert _nameless(snapshots.take(), left_out) == after, where
    record_property("faults", len(faults))


def _nameless(snapshot: dict[str, list[Any]], left_out: set[str]) -> dict[str, list[str]]:
    """A command without a key has an id of its own each time it is given."""
    return {
        table: [re.sub(r"op_[0-9a-z]{26}", "op", str(item)) for item in items]
        for table, items in snapshot.items()
        if table not in left_out
    }


@pytest.mark.usefixtures("acme_sells")
@pytest.mark.parametrize("when", get_args(When))
def test_a_grant_without_a_key_killed_anywhere_is_none_or_one(
    ada: Operator, clock: Clock, when: When, record_property: Record
) -> None:
    with interruptions.counted() as counted:
        grant(ada, user_id="user-0")
    calls = list(counted)
    for fatal in range(1, len(calls) + 1):
        user = f"user-{fatal}"
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            grant(ada, user_id=user)
        assert grant(ada, user_id=user).status in {200, 409}
        account = account_store().load(AccountKey("acme", user))
        assert (len(account.grants), account.revision) == (1, 1)
    record_property("faults", len(calls))


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("when", get_args(When))
def test_a_catalog_whose_making_fails_at_any_call_to_stripe(
    ada: Operator,
    clock: Clock,
    deployment: Settings,
    stripe: FakeStripeServer,
    *,
    when: When,
    record_property: Record,
) -> None:
    """Nothing is put until all is made; what was made is not made twice."""
    snapshots = Snapshots(deployment, with_catalog=True)
    before, made = snapshots.take(), 5
    for skip in range(made):
        stripe.reset()
        snapshots.restore(before)
        a_new_process(clock)
        stripe.add_fault(method="POST", when=when, skip=skip, **failure(skip))
        assert ada.catalog(notes()).status in {502, 503}
        assert snapshots.take() == before
        stripe.api.faults.planned.clear()
        a_new_process(clock)
        assert ada.catalog(notes()).status == 200
        assert len(stripe.state.products) + len(stripe.state.prices) == made
    record_property("faults", made)
