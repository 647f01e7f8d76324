"""What a reconciliation tells CloudWatch of the projects' subscriptions."""

from __future__ import annotations

import pytest

from local.embedded_metrics import data_of
from tests.support.shop import Shop

from .conftest import Operator

STANDING = ("ActiveSubscriptions", "MonthlyRecurringRevenue")


def told(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, dict[str, str], float]]:
    """The figures that were written since the last time."""
    data = [datum for line in capsys.readouterr().out.splitlines() for datum in data_of(line)]
    return [
        (datum.name, {k: v for k, v in datum.dimensions.items() if k != "service"}, value)
        for datum in data
        if datum.name in STANDING
        for value in datum.values
    ]


def test_a_run_over_all_projects_tells_how_they_stand(
    shop: Shop, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.another_project("other")
    shop.buy("user-1")
    shop.deliver_all()
    capsys.readouterr()
    operator.run()
    assert told(capsys) == [
        ("ActiveSubscriptions", {"project": "demo"}, 1),
        ("MonthlyRecurringRevenue", {"project": "demo", "currency": "usd"}, 1200),
        ("ActiveSubscriptions", {"project": "other"}, 0),
    ]


@pytest.mark.parametrize("asked", [{"dry_run": True}, {"project_id": "demo"}])
def test_another_run_tells_nothing_of_it(
    shop: Shop, operator: Operator, capsys: pytest.CaptureFixture[str], asked: dict[str, object]
) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    capsys.readouterr()
    operator.run(**asked)
    assert told(capsys) == []
