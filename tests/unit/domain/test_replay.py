"""An account from its history alone: facts, the customer, and what made each line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from billing.adapters.dynamo.account_items import fact_of
from billing.adapters.plain import to_plain
from billing.domain.account import Account
from billing.domain.changes import CauseType, HistoryEntry, OutcomeKind
from billing.domain.link import StripeLink
from billing.domain.replay import replay
from billing.domain.status import Source
from tests.support.builders import (
    HOUR,
    KEY,
    START,
    a_grant,
    a_purchase,
    a_subscription,
    an_account,
    an_item,
)


def entry(version: int, after: dict[str, Any], **fields: Any) -> HistoryEntry:
    return HistoryEntry(
        key=KEY,
        version=version,
        revision=fields.pop("revision", version),
        at=START + version * HOUR,
        outcome=OutcomeKind.APPLIED,
        cause_id=f"evt_{version}",
        cause_type=CauseType.STRIPE_EVENT,
        cause_name="test",
        actor="stripe",
        after={
            sk: value if sk == "customer_id" else to_plain(value) for sk, value in after.items()
        },
    )


def test_no_history_is_an_empty_account() -> None:
    found = replay(KEY, [], fact_of)
    assert (found.account, found.holdings, found.last) == (Account(KEY), (), None)


def test_the_last_word_on_each_fact_holds() -> None:
    link = StripeLink("cus_1", ("cus_1",), "cus_1", "evt_9", "known", START, "Ada")
    revoked = a_grant(revoked_at=START + 3 * HOUR, revoked_by="ada")
    told = [
        entry(1, {"customer_id": "cus_1", "subscription#sub_1": a_subscription()}),
        entry(2, {"grant#grant_1": a_grant(), "purchase#pi_1": a_purchase()}),
        entry(3, {"grant#grant_1": revoked}),
        entry(4, {"link#cus_1": link}, revision=3),
    ]
    found = replay(KEY, iter(told), fact_of)
    expected = replace(
        an_account(a_subscription(), a_purchase(), revoked).with_link(link),
        revision=3,
        version=4,
        updated_at=START + 4 * HOUR,
    )
    assert found.account == expected
    assert found.last is told[-1]


def test_a_customer_is_known_before_anything_is_bought() -> None:
    told = [entry(1, {"customer_id": "cus_1"}), entry(2, {"customer_id": "cus_2"})]
    assert replay(KEY, told, fact_of).account.customer_id == "cus_2"
    assert replay(KEY, told, fact_of, until=told[0].at).account.customer_id == "cus_1"


def test_history_is_read_up_to_the_instant_and_no_further() -> None:
    told = [entry(version, {"grant#grant_1": a_grant(value=version)}) for version in (1, 2, 3)]
    going = iter(told)
    found = replay(KEY, going, fact_of, until=told[1].at - timedelta(microseconds=1))
    assert (found.account.version, found.account.grants["grant_1"].value) == (1, 1)
    assert list(going) == [told[2]]
    assert replay(KEY, told, fact_of, until=told[1].at).account.version == 2


def test_a_line_that_goes_and_comes_back_is_told_by_who_did_it() -> None:
    pro, team = an_item(), an_item(price_id="price_seat", product_id="team")
    told = [
        entry(version, {"subscription#sub_1": a_subscription(items=items)})
        for version, items in enumerate(((pro,), (team,), (team, pro)), 1)
    ]
    line = (Source.SUBSCRIPTION, "sub_1", "price_pro", None)
    switched = replay(KEY, told[:2], fact_of)
    assert (set(switched.gone), switched.made_by[line].version) == ({line}, 2)
    back = replay(KEY, told, fact_of)
    assert (back.gone, back.made_by[line].version) == ({}, 3)
