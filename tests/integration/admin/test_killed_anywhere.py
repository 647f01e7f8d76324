"""An operator's or an app's command that dies at any of its I/O calls, and is given again.

Each run kills the process at one call to AWS, before or after it takes effect, or lets one call
to Stripe fail; then the command is given again, and all is as if nothing had happened.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

import pytest
from aws_lambda_powertools.utilities import parameters

from billing import composition
from billing.domain.account import AccountKey
from billing.settings import Settings
from billing.stores import account_store
from functions.portal.handler import lambda_handler as portal
from local.stripe.server import FakeStripeServer
from tests.integration.admin.conftest import Operator
from tests.integration.admin.granting import USER, grant, revoke
from tests.support.clock import Clock
from tests.support.documents import notes, notes_at_stripe
from tests.support.interruptions import Killed, When, interruptions
from tests.support.requests import Answer, call, request
from tests.support.shop import Shop, clock_of, open_shop
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


COMMANDS: dict[str, Command] = {
    "grant": Command(sells, lambda ada, _: grant(ada, "once")),
    "revoke": Command(has_granted, lambda ada, given: revoke(ada, given, once="then")),
    "revoke without a key": Command(has_granted, revoke, has_own_id=True),
    "project": Command(lambda ada: None, lambda ada, _: ada.project("another")),
    "catalog": Command(lambda ada: None, lambda ada, _: ada.catalog(notes())),
    "change of the catalog": Command(sells, lambda ada, _: ada.catalog(_with_a_feature())),
}
"""Commands that may be given again until they succeed."""


def _with_a_feature() -> dict[str, Any]:
    document = notes_at_stripe()
    document["features"].append({"code": "print", "name": "Print"})
    return document


def a_new_process(clock: Callable[[], datetime]) -> None:
    composition.reset()
    parameters.clear_caches()  # type: ignore[no-untyped-call]  # powertools 3.37
    composition.use_clock(clock)


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


def _failure(number: int) -> dict[str, Any]:
    """One is a connection that breaks, at every attempt; the others are answers, which cost less.

    The SDK waits before it tries again, and it tries again what broke.
    """
    return {"drop": True, "times": 9} if number == 0 else {"status": 403}


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
        stripe.add_fault(method="POST", when=when, skip=skip, **_failure(skip))
        assert ada.catalog(notes()).status in {502, 503}
        assert snapshots.take() == before
        stripe.api.faults.planned.clear()
        a_new_process(clock)
        assert ada.catalog(notes()).status == 200
        assert len(stripe.state.products) + len(stripe.state.prices) == made
    record_property("faults", made)


@pytest.fixture
def shop(stripe: FakeStripeServer) -> Shop:
    """A project whose user has a customer at Stripe."""
    shop = open_shop(stripe)
    assert shop.checkout(USER).status == 200
    return shop


def link(shop: Shop) -> Answer:
    body = {"user_id": USER, "return_url": "https://app.example.com/account"}
    path = "/api/v1/portal/create-session"
    return call(portal, request("POST", path, json_body=body, key=shop.key))


@pytest.mark.parametrize("when", get_args(When))
def test_a_portal_link_that_dies_anywhere_changes_nothing_and_the_next_one_opens(
    shop: Shop, deployment: Settings, when: When, record_property: Record
) -> None:
    snapshots = Snapshots(deployment, with_catalog=True)
    before = snapshots.take()
    a_new_process(lambda: clock_of(shop.stripe))
    with interruptions.counted() as counted:
        assert link(shop).status == 200
    calls = list(counted)
    for fatal in range(1, len(calls) + 1):
        a_new_process(lambda: clock_of(shop.stripe))
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            link(shop)
        assert link(shop).status == 200
    for number in range(2):
        a_new_process(lambda: clock_of(shop.stripe))
        shop.stripe.add_fault(method="POST", when=when, **_failure(number))
        assert link(shop).status in {502, 503}
        shop.stripe.api.faults.planned.clear()
        a_new_process(lambda: clock_of(shop.stripe))
        assert link(shop).status == 200
    assert snapshots.take() == before
    record_property("faults", len(calls) + 2)


@pytest.mark.parametrize("when", get_args(When))
def test_a_checkout_that_fails_at_any_call_to_stripe_and_is_repeated_is_one(
    shop: Shop, when: When, record_property: Record
) -> None:
    """A first checkout makes the customer, its e-mail address and the session: three calls."""
    calls = 3
    for skip in range(calls):
        user, headers = f"buyer-{skip}", {"Idempotency-Key": f"key-{skip}"}
        sent: Any = {"headers": headers, "customer_email": f"{user}@example.com"}
        a_new_process(lambda: clock_of(shop.stripe))
        customers, sessions = len(shop.stripe.state.customers), len(shop.stripe.state.sessions)
        shop.stripe.add_fault(method="POST", when=when, skip=skip, **_failure(skip))
        assert shop.checkout(user, **sent).status in {502, 503}
        shop.stripe.api.faults.planned.clear()
        a_new_process(lambda: clock_of(shop.stripe))
        first, again = (shop.checkout(user, **sent) for _ in range(2))
        assert (first.status, again.status) == (200, 200)
        assert first.body["session_id"] == again.body["session_id"]
        assert len(shop.stripe.state.customers) == customers + 1
        assert len(shop.stripe.state.sessions) == sessions + 1
        assert shop.account(user).customer_id is not None
    record_property("faults", calls)
