"""An account whose items are lost comes back from its history, by whichever function is next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local import deploy
from local.place import Place
from tests.support.e2e import Json, Service, a_user, eventually


def lose(place: Place, project_id: str, user_id: str) -> None:
    """Take an account's items away, and leave its history, as a bad restore does."""
    table = deploy.resources(place)["AccountsTable"]
    dynamodb: Any = deploy.client("dynamodb", place)
    found = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"{project_id}#{user_id}"}},
    )
    assert found["Items"]
    for item in found["Items"]:
        dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})


def an_event(service: Service, user_id: str, customer_id: str) -> None:
    """Something happens at Stripe: the processor's part."""
    (subscription,) = service.stripe("GET", f"subscriptions?customer={customer_id}")["data"]
    path = f"subscriptions/{subscription['id']}"
    service.stripe("POST", path, cancel_at_period_end="true")


def a_checkout(service: Service, user_id: str, customer_id: str) -> None:
    """The app sells: the checkout's part."""
    service.checkout(user_id, "lifetime")


@pytest.mark.parametrize("happens", [an_event, a_checkout])
def test_what_is_lost_comes_back_with_what_happens_next(
    service: Service, place: Place, happens: Callable[[Service, str, str], None]
) -> None:
    user_id = a_user("restored")
    service.buy(user_id)
    bought = eventually(lambda: service.features(user_id))
    before = service.account(user_id)["account"]
    lose(place, before["project_id"], user_id)
    assert service.features(user_id) == {}
    happens(service, user_id, before["customer_id"])
    eventually(lambda: service.features(user_id) == bought)
    after: Json = service.account(user_id)["account"]
    assert after["revision"] >= before["revision"]
    assert after["customer_id"] == before["customer_id"]
