"""A project's figures on the running stack: counted from the stream, with IAM enforced."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.support.e2e import Json, Service, a_user, eventually

pytestmark = pytest.mark.clocks_agree


def figures(service: Service) -> Counter[str]:
    """What the demo project comes to, as far as a purchase moves it."""
    told: Json = service.call(
        "GET", f"/api/v1/metrics/project/{service.project_id}", key=service.key
    ).ok()
    found = Counter({name: told[name] for name in ("active_subscriptions", "paying_customers")})
    for each in told["currencies"]:
        if each["currency"] == "usd":
            today: Any = each["days"][-1]
            month: Any = each["trend"][-1]
            found.update({"mrr": each["mrr"], "new": month["new"]})
            found.update({name: today[name] for name in ("paid", "refunded", "net_revenue")})
    return found


def bought_by(service: Service, user_id: str) -> list[Json]:
    """A user's subscriptions, once they are heard of."""

    def known() -> list[Json] | None:
        return list(service.account(user_id)["account"]["subscriptions"]) or None

    found = eventually(known)
    assert found is not None
    return found


def settled(service: Service) -> Counter[str]:
    """What is told when all that was on its way is counted."""
    seen: list[Counter[str]] = []

    def is_still() -> bool:
        seen.append(figures(service))
        return seen[-10:] == [seen[-1]] * 10

    eventually(is_still)
    return seen[-1]


def test_a_purchase_and_a_cancellation_change_the_figures_within_seconds(service: Service) -> None:
    before = settled(service)
    user_id = a_user()
    service.buy(user_id)

    def more(**wanted: int) -> bool:
        after = figures(service)
        return {name: after[name] - before[name] for name in wanted} == wanted

    (subscription,) = bought_by(service, user_id)
    (item,) = subscription["items"]
    price = item["unit_amount"]
    bought = {"active_subscriptions": 1, "paying_customers": 1, "mrr": price, "new": price}
    eventually(lambda: more(**bought, paid=price, net_revenue=price) or None)

    service.stripe("DELETE", f"subscriptions/{subscription['id']}")
    ended = {"active_subscriptions": 0, "paying_customers": 0, "mrr": 0, "new": 0}
    eventually(lambda: more(**ended, paid=price, net_revenue=price) or None)

    (charge,) = service.stripe("GET", f"charges?customer={subscription['customer_id']}")["data"]
    service.stripe("POST", "refunds", charge=charge["id"])
    eventually(lambda: more(**ended, paid=price, refunded=price, net_revenue=0) or None)
