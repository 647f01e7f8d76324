"""Why: which event, operator or catalog made a verdict so, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.adapters.dynamo.account_items import fact_of
from billing.adapters.plain import to_plain
from billing.domain.account import Fact, ManualGrant
from billing.domain.catalog import Catalog, CatalogVersion, Feature
from billing.domain.changes import CauseType, HistoryEntry, OutcomeKind
from billing.domain.explain import Explanation, explain
from billing.domain.policy import Effect, Policy
from billing.domain.purchase import Purchase
from billing.domain.remedies import BY_ENDED_STATE, BY_REASON, Action
from billing.domain.replay import replay
from billing.domain.sentence import sentence
from billing.domain.status import (
    COLLECTION_PAUSED,
    GrantState,
    PaymentState,
    SubscriptionStatus,
    TakenBack,
)
from billing.domain.stripe_features import StripeFeatures
from billing.domain.subscription import Subscription
from billing.domain.verdict import Denial
from tests.support.builders import (
    DAY,
    HOUR,
    KEY,
    PERIOD_END,
    START,
    a_catalog,
    a_grant,
    a_purchase,
    a_refund,
    a_subscription,
    an_item,
)


def history(*told: tuple[datetime, Fact]) -> list[HistoryEntry]:
    """A history in which these facts came in, `evt_1` first."""
    return [
        HistoryEntry(
            key=KEY,
            version=number,
            revision=number,
            at=at,
            outcome=OutcomeKind.APPLIED,
            cause_id=f"evt_{number}",
            cause_type=CauseType.STRIPE_EVENT,
            cause_name="test.event",
            actor="stripe",
            caused_at=at - timedelta(seconds=2),
            after={_sk(fact): to_plain(fact)},
        )
        for number, (at, fact) in enumerate(told, 1)
    ]


def _sk(fact: Fact) -> str:
    match fact:
        case Subscription():
            return f"subscription#{fact.id}"
        case Purchase():
            return f"purchase#{fact.id}"
        case ManualGrant():
            return f"grant#{fact.id}"
        case StripeFeatures():
            return f"features#{fact.customer_id}"
    raise AssertionError(fact)


def put(catalog: Catalog, at: datetime, version: int = 1) -> CatalogVersion:
    return CatalogVersion(replace(catalog, version=version), at, "Ada")


CATALOG = put(a_catalog(), START - DAY)


def why(
    entries: list[HistoryEntry],
    at: datetime,
    feature_code: str = "export",
    catalogs: tuple[CatalogVersion, ...] = (CATALOG,),
) -> Explanation:
    known = (version for version in catalogs if version.put_at is None or version.put_at <= at)
    versions: Iterator[CatalogVersion] = iter((*known, CatalogVersion(Catalog("demo"))))
    return explain(replay(KEY, entries, fact_of, until=at), versions, feature_code, at)


def actions(found: Explanation) -> list[str]:
    return [remedy.action for remedy in found.remedies]


# -- what made it so


def test_the_event_that_brought_what_is_held_is_named() -> None:
    found = why(history((START, a_subscription())), START + DAY)
    assert (found.verdict.allowed, found.verdict.reason) == (True, "active")
    assert found.made_by is not None
    assert (found.made_by.id, found.made_by.type) == ("evt_1", "stripe_event")
    assert (found.made_by.name, found.made_by.actor) == ("test.event", "stripe")
    assert found.made_by.recorded_at == START
    assert found.made_by.caused_at == START - timedelta(seconds=2)
    assert (found.remedies, found.offers) == ((), ())


def test_an_event_that_told_nothing_new_is_passed_over() -> None:
    known = a_subscription()
    told = replace(known, event_id="evt_2", as_of=START + HOUR)
    timeline_only = replace(known, timeline=(known.moment(), told.moment()))
    entries = history((START, known), (START + HOUR, timeline_only))
    found = why(entries, START + DAY)
    assert found.made_by is not None
    assert found.made_by.id == "evt_1"


def test_each_source_has_its_own_cause_and_the_longest_decides() -> None:
    entries = history((START, a_subscription()), (START + HOUR, a_purchase()))
    found = why(entries, START + DAY)
    causes = {s.entitlement.source: s.made_by.id for s in found.sources if s.made_by}
    assert causes == {"subscription": "evt_1", "purchase": "evt_2"}
    assert found.made_by is not None
    assert found.made_by.id == "evt_2"


def test_an_event_that_switched_the_plan_took_the_feature_away() -> None:
    team = an_item(price_id="price_seat", product_id="team")
    switched = a_subscription(items=(team,), as_of=START + HOUR, event_id="evt_2")
    entries = history((START, a_subscription()), (START + HOUR, switched))
    lost = why(entries, START + DAY)
    assert (lost.verdict.reason, lost.sources) == ("not_held", ())
    assert lost.made_by is not None
    assert lost.made_by.id == "evt_2"
    back = history((START, switched), (START + HOUR, a_subscription()))
    assert why(back, START + DAY).made_by == replace(lost.made_by, id="evt_2")


def test_a_catalog_that_took_the_feature_away_is_named() -> None:
    pro, *others = a_catalog().products
    without = replace(a_catalog(), products=(replace(pro, features={"quota": 1}), *others))
    catalogs = (put(without, START + HOUR, 2), CATALOG)
    entries = history((START, a_subscription()))
    assert why(entries, START + HOUR - timedelta(microseconds=1), catalogs=catalogs).verdict.allowed
    found = why(entries, START + HOUR, catalogs=catalogs)
    assert found.verdict.reason == "not_held"
    assert found.made_by is not None
    assert (found.made_by.id, found.made_by.type) == ("catalog:demo:2", "catalog")
    assert (found.made_by.actor, found.made_by.recorded_at) == ("Ada", START + HOUR)


def test_a_catalog_put_before_what_is_held_changed_is_not_to_blame() -> None:
    shorter = put(a_catalog(Policy(grace=HOUR)), START - HOUR, 2)
    past_due = a_subscription(status="past_due")
    found = why(history((START, past_due)), START + 2 * HOUR, catalogs=(shorter, CATALOG))
    assert found.verdict.reason == "ended"
    assert found.made_by is not None
    assert found.made_by.id == "evt_1"


def test_a_policy_that_ended_access_is_named() -> None:
    shorter = put(a_catalog(Policy(grace=HOUR)), START + HOUR, 2)
    entries = history((START, a_subscription(status="past_due")))
    found = why(entries, START + 2 * HOUR, catalogs=(shorter, CATALOG))
    assert found.made_by is not None
    assert found.made_by.id == "catalog:demo:2"


@pytest.mark.parametrize("code", ["export", "seats", "nonsense"])
def test_where_nothing_was_ever_held_nothing_made_it_so(code: str) -> None:
    found = why([], START, code)
    assert (found.made_by, found.sources) == (None, ())


def test_a_feature_that_left_the_catalog_was_taken_by_who_put_it() -> None:
    gone = replace(a_catalog(), features=(Feature("quota"),))
    found = why([], START + DAY, "seats", (put(gone, START, 2), CATALOG))
    assert found.verdict.reason == "unknown_feature"
    assert found.made_by is not None
    assert found.made_by.id == "catalog:demo:2"
    assert actions(found) == ["define_feature"]


def test_stripes_features_are_told_apart() -> None:
    one = StripeFeatures("cus_1", ("export",), START, "evt_1", START)
    two = replace(one, codes=("export", "quota"), as_of=START + HOUR, event_id="evt_2")
    none = replace(one, codes=("quota",), as_of=START + 2 * HOUR, event_id="evt_3")
    entries = history((START, one), (START + HOUR, two), (START + 2 * HOUR, none))
    then = [why(entries, START + hours * HOUR).made_by for hours in range(3)]
    assert [made_by.id for made_by in then if made_by] == ["evt_1", "evt_1", "evt_3"]


# -- what would have to change


def test_every_word_that_denies_has_its_remedies() -> None:
    words = {
        *(set(Denial) - {Denial.ENDED}),  # an end is remedied by the state in which it came
        *SubscriptionStatus,
        *PaymentState,
        *GrantState,
        *TakenBack,
        COLLECTION_PAUSED,
    }
    assert set(BY_REASON) == {str(word) for word in words}
    assert all(BY_REASON.values())
    assert all(BY_ENDED_STATE.values())
    assert {
        r.action for table in (BY_REASON, BY_ENDED_STATE) for w in table.values() for r in w
    } == (set(Action))


def refunded(**fields: Any) -> Purchase:
    return a_purchase(refunds=(a_refund(9900),), **fields)


CASES: dict[str, tuple[Fact, str, list[str]]] = {
    "grace over": (a_subscription(status="past_due"), "ended", ["pay", "grant"]),
    "canceled": (
        a_subscription(status="canceled", ended_at=START + DAY),
        "canceled",
        ["buy", "grant"],
    ),
    "unpaid": (a_subscription(status="unpaid"), "unpaid", ["pay", "grant"]),
    "paused": (a_subscription(status="paused"), "paused", ["resume", "grant"]),
    "incomplete": (a_subscription(status="incomplete"), "incomplete", ["pay", "grant"]),
    "renewal not heard of": (
        a_subscription(items=(an_item(period_end=START + DAY),)),
        "ended",
        ["renew", "buy", "grant"],
    ),
    "refunded": (refunded(), "refunded", ["buy", "grant"]),
    "failed": (a_purchase(state=PaymentState.FAILED, paid_at=None), "failed", ["buy", "grant"]),
    "pass over": (
        a_purchase(lines=(replace(a_purchase().lines[0], validity_days=1),)),
        "ended",
        ["buy", "grant"],
    ),
    "grant over": (a_grant(valid_to=START + DAY), "ended", ["grant", "buy"]),
    "revoked": (a_grant(revoked_at=START, revoked_by="ada"), "revoked", ["grant", "buy"]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_remedy_fits_the_reason(case: str) -> None:
    fact, reason, expected = CASES[case]
    found = why(history((START, fact)), START + 9 * DAY)
    assert (found.verdict.allowed, found.verdict.reason) == (False, reason)
    assert actions(found) == expected


def test_a_grace_that_is_over_ends_with_the_open_invoice() -> None:
    found = why(history((START, a_subscription(status="past_due"))), START + 9 * DAY)
    assert found.remedies[0].text == "the open invoice is paid"


def test_what_begins_later_tells_when() -> None:
    entries = history((START, a_grant(valid_from=START + 3 * DAY, valid_to=START + 4 * DAY)))
    found = why(entries, START)
    assert found.verdict.reason == "not_yet"
    assert (found.remedies[0].action, found.remedies[0].at) == ("wait", START + 3 * DAY)


def test_several_ended_sources_are_helped_by_any_of_their_remedies() -> None:
    over = a_grant(valid_to=START + 8 * DAY)
    entries = history((START, a_subscription(status="past_due")), (START, over))
    assert actions(why(entries, START + 9 * DAY)) == ["grant", "buy", "pay"]


def test_a_paused_collection_that_ends_access_is_resumed_or_allowed() -> None:
    catalog = put(a_catalog(Policy(paused_collection=Effect.END)), START - DAY)
    entries = history((START, a_subscription(collection_paused=True)))
    found = why(entries, START + DAY, catalogs=(catalog,))
    assert actions(found) == ["resume", "change_policy", "grant"]


def test_what_is_on_sale_is_offered_with_its_prices() -> None:
    found = why([], START)
    assert actions(found) == ["buy", "grant"]
    offered = {offer.product_id: [price.id for price in offer.prices] for offer in found.offers}
    assert offered == {
        "pro": ["pro_monthly", "pro_yearly"],
        "lifetime": ["once"],
        "pass": ["pass_30"],
    }


def test_nothing_that_is_not_on_sale_is_offered() -> None:
    products = tuple(
        replace(product, active=product.id != "pro", prices=())
        if product.id in ("pro", "pass")
        else replace(product, prices=tuple(replace(p, active=False) for p in product.prices))
        for product in a_catalog().products
    )
    found = why([], START, catalogs=(put(replace(a_catalog(), products=products), START),))
    assert (found.offers, actions(found)) == ((), ["grant"])


# -- in a sentence


def test_the_sentence_says_it_all() -> None:
    entries = history((START, a_subscription(status="past_due")))
    assert sentence(why(entries, START + 9 * DAY)) == (
        "At 2026-03-10T12:00:00Z 'export' is not allowed: the subscription sub_1 of 'pro' is "
        "past_due, and gave access until 2026-03-08T12:00:00Z. "
        "Made so by test.event evt_1 of stripe, recorded at 2026-03-01T12:00:00Z. "
        "To be allowed: the open invoice is paid; or an operator grants the feature."
    )
    assert sentence(why(history((START, a_subscription())), START, "quota")) == (
        "At 2026-03-01T12:00:00Z 'quota' is allowed: the subscription sub_1 of 'pro' is active "
        "with the value 100, until 2026-04-01T12:00:00Z. "
        "Made so by test.event evt_1 of stripe, recorded at 2026-03-01T12:00:00Z."
    )
    assert sentence(why(history((START, a_purchase())), START)).startswith(
        "At 2026-03-01T12:00:00Z 'export' is allowed: the purchase pi_1 of 'lifetime' is paid, "
        "for ever. "
    )
    assert sentence(why([], START, "quota")) == (
        "At 2026-03-01T12:00:00Z 'quota' is not allowed: nothing that is held carries it. "
        "To be allowed: a product that carries the feature is bought: 'pro' (12.00 usd every "
        "month or 120.00 usd every year), 'team' (5.00 usd every month); or an operator grants "
        "the feature."
    )
    assert "the catalog does not have it. To be allowed: the catalog gets" in sentence(
        why([], START, "nonsense")
    )
    later = a_grant(valid_from=START + DAY)
    assert "the grant grant_1 is granted, from 2026-03-02T12:00:00Z on." in sentence(
        why(history((START, later)), START)
    )


def test_before_the_first_word_nothing_is_held() -> None:
    found = why(history((START, a_subscription())), START - timedelta(microseconds=1))
    assert (found.verdict.reason, found.sources, found.made_by) == ("not_held", (), None)
    assert PERIOD_END > START
