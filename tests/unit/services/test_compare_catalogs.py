"""What changed from one catalog to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.domain.catalog import Catalog, Feature, Merge, Price
from billing.domain.policy import Policy
from billing.services.compare_catalogs import compare_catalogs
from tests.support.builders import a_catalog

CATALOG = a_catalog()
PRO = CATALOG.products[0]
OTHERS = CATALOG.products[1:]


def changes(after: Catalog) -> list[tuple[str, str]]:
    return [(change.op, change.path) for change in compare_catalogs(CATALOG, after)]


@pytest.mark.parametrize(
    "same",
    [
        CATALOG,
        replace(CATALOG, version=7),
        replace(CATALOG, products=CATALOG.products[::-1]),
        replace(CATALOG, features=CATALOG.features[::-1]),
        replace(CATALOG, products=(replace(PRO, prices=PRO.prices[::-1]), *OTHERS)),
    ],
)
def test_order_and_version_are_no_difference(same: Catalog) -> None:
    assert changes(same) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (
            replace(CATALOG, features=(*CATALOG.features, Feature("new"))),
            [("add", "features[new]")],
        ),
        (
            replace(CATALOG, features=CATALOG.features[1:]),
            [("remove", f"features[{CATALOG.features[0].code}]")],
        ),
        (
            replace(
                CATALOG,
                features=(replace(CATALOG.features[0], merge=Merge.ANY), *CATALOG.features[1:]),
            ),
            [("change", f"features[{CATALOG.features[0].code}].merge")],
        ),
        (replace(CATALOG, products=OTHERS), [("remove", "products[pro]")]),
        (
            replace(CATALOG, products=(replace(PRO, id="pro.2"), *OTHERS)),
            [("remove", "products[pro]"), ("add", "products[pro.2]")],
        ),
        (
            replace(CATALOG, products=(replace(PRO, name="Plus", active=False), *OTHERS)),
            [("change", "products[pro].name"), ("change", "products[pro].active")],
        ),
        (
            replace(CATALOG, products=(replace(PRO, features={"quota": 5}), *OTHERS)),
            [
                ("remove", "products[pro].features[export]"),
                ("change", "products[pro].features[quota]"),
            ],
        ),
        (
            replace(CATALOG, products=(replace(PRO, prices=PRO.prices[1:]), *OTHERS)),
            [("remove", "products[pro].prices[pro_monthly]")],
        ),
        (
            replace(
                CATALOG,
                products=(
                    replace(PRO, prices=(*PRO.prices, Price("new", "usd", 1, interval="day"))),
                    *OTHERS,
                ),
            ),
            [("add", "products[pro].prices[new]")],
        ),
        (
            replace(CATALOG, policy=Policy(grace=timedelta(days=1))),
            [("change", "policy.grace_seconds")],
        ),
    ],
)
def test_a_difference_is_named_by_path(after: Catalog, expected: list[tuple[str, str]]) -> None:
    assert changes(after) == expected


def test_a_difference_carries_both_values() -> None:
    after = replace(
        CATALOG, products=(replace(PRO, features={**PRO.features, "quota": 5}), *OTHERS)
    )
    (change,) = compare_catalogs(CATALOG, after)
    assert (change.before, change.after) == (100, 5)
    assert change.summary == "change products[pro].features[quota]: 100 -> 5"


def test_a_removal_is_loud() -> None:
    gone = replace(CATALOG, products=OTHERS)
    (change,) = compare_catalogs(CATALOG, gone)
    assert change.summary.startswith("REMOVE products[pro]: whoever holds it LOSES")
    assert change.after is None
    assert change.before["prices"]["pro_monthly"]["unit_amount"] == 1200


def test_there_and_back_differ_in_direction_only() -> None:
    after = replace(CATALOG, products=OTHERS)
    back = compare_catalogs(after, CATALOG)
    assert [(c.op, c.path) for c in back] == [("add", "products[pro]")]
