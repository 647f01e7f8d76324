"""How several sources of one feature become one answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.domain.access import access, merged, next_change
from billing.domain.catalog import Feature, FeatureType, Merge
from billing.domain.holdings import holdings_of
from billing.domain.status import FeatureValue, Source
from billing.domain.subscription import merge_subscription
from tests.support.builders import (
    DAY,
    HOUR,
    PERIOD_END,
    START,
    a_catalog,
    a_grant,
    a_purchase,
    a_subscription,
    an_account,
    an_item,
)


def limit(merge: Merge) -> Feature:
    return Feature("quota", type=FeatureType.LIMIT, merge=merge)


@pytest.mark.parametrize(
    ("feature", "values", "answer"),
    [
        (Feature("export"), [False, True], True),
        (Feature("export"), [False], False),
        (limit(Merge.MAX), [5, 20, 10], 20),
        (limit(Merge.SUM), [5, 20, 10], 35),
        (limit(Merge.ANY), [5, 20, 10], 5),
        (limit(Merge.MAX), [5, "unlimited"], "unlimited"),
        (limit(Merge.SUM), ["unlimited", 5], "unlimited"),
        (Feature("theme", type=FeatureType.SETTING), ["dark", "light"], "dark"),
        (None, [True], True),
    ],
)
def test_values_merge_by_the_features_rule(
    feature: Feature | None, values: list[FeatureValue], answer: FeatureValue
) -> None:
    assert merged(values, feature) == answer


def test_the_source_that_lasts_longest_is_named_and_all_are_listed() -> None:
    account = an_account(
        merge_subscription(None, a_subscription()), a_purchase(), a_grant(valid_to=START + DAY)
    )
    (export,) = [
        a for a in access(holdings_of(account), a_catalog(), START) if a.feature_code == "export"
    ]
    assert (export.source, export.source_id, export.valid_to) == (Source.PURCHASE, "pi_1", None)
    assert [s.source for s in export.sources] == [
        Source.PURCHASE,
        Source.SUBSCRIPTION,
        Source.MANUAL,
    ]


def test_covers_that_touch_are_one_and_a_gap_parts_them() -> None:
    touching = an_account(
        a_grant(valid_to=START + DAY),
        a_grant(id="grant_2", valid_from=START + DAY, valid_to=START + 2 * DAY),
        a_grant(id="grant_3", valid_from=START + 3 * DAY, valid_to=START + 4 * DAY),
    )
    (export,) = access(holdings_of(touching), a_catalog(), START + HOUR)
    assert (export.valid_from, export.valid_to) == (START, START + 2 * DAY)
    (later,) = access(holdings_of(touching), a_catalog(), START + 3 * DAY)
    assert (later.valid_from, later.valid_to) == (START + 3 * DAY, START + 4 * DAY)
    assert access(holdings_of(touching), a_catalog(), START + 2 * DAY) == []


def test_the_bare_period_end_stands_beside_the_end_of_access() -> None:
    account = an_account(merge_subscription(None, a_subscription()))
    export = access(holdings_of(account), a_catalog(), START)[0]
    assert export.sources[0].period_end == PERIOD_END
    assert export.valid_to == PERIOD_END + 24 * HOUR


def test_ended_and_future_access_is_told_when_asked_for() -> None:
    account = an_account(
        a_grant(valid_to=START + DAY),
        a_grant(id="grant_2", feature_code="theme", value="dark", valid_from=START + 9 * DAY),
    )
    holdings = holdings_of(account)
    at = START + 2 * DAY
    assert access(holdings, a_catalog(), at) == []
    told = access(holdings, a_catalog(), at, include_inactive=True)
    assert [(a.feature_code, a.is_active, a.valid_from) for a in told] == [
        ("export", False, START),
        ("theme", False, START + 9 * DAY),
    ]


def test_a_feature_added_to_a_product_reaches_every_holder_at_once() -> None:
    holdings = holdings_of(an_account(a_purchase()))
    catalog = a_catalog()
    catalog.products[2].features["priority"] = True
    assert [a.feature_code for a in access(holdings, catalog, START)] == ["export", "priority"]


def test_an_item_bought_before_the_catalog_knew_its_price_counts_once_it_does() -> None:
    item = an_item(product_id=None, price_id="price_once")
    account = an_account(merge_subscription(None, a_subscription(items=(item,))))
    assert access(holdings_of(account), replace(a_catalog(), products=()), START) == []
    assert [a.feature_code for a in access(holdings_of(account), a_catalog(), START)] == ["export"]


def test_only_limits_that_sum_count_the_quantity() -> None:
    team = an_item(price_id="price_seat", product_id="team", quantity=3)
    account = an_account(merge_subscription(None, a_subscription(items=(team,))))
    values = {a.feature_code: a.value for a in access(holdings_of(account), a_catalog(), START)}
    assert values == {"seats": 3, "quota": 50}


def test_the_next_change_is_the_first_edge_ahead() -> None:
    account = an_account(
        merge_subscription(None, a_subscription()),
        a_grant(valid_from=START + DAY, valid_to=START + 2 * DAY),
    )
    holdings, catalog = holdings_of(account), a_catalog()
    assert next_change(holdings, catalog, START) == START + DAY
    assert next_change(holdings, catalog, START + DAY) == START + 2 * DAY
    assert next_change(holdings, catalog, START + 2 * DAY) == PERIOD_END + 24 * HOUR
    assert next_change(holdings, catalog, PERIOD_END + 24 * HOUR) is None
