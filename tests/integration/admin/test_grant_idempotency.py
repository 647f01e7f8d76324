"""An Idempotency-Key makes a command happen once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.admin.conftest import Operator
from tests.integration.admin.granting import HOUR, grant, held, revision, revoke
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("acme_sells")


def test_a_repeated_grant_answers_the_first(ada: Operator, clock: Clock) -> None:
    first = grant(ada, "k-1")
    clock.advance(HOUR)
    second = grant(ada, "k-1")
    assert (second.status, second.body) == (200, first.body)
    assert revision() == 1


def test_a_repeat_answers_the_first_even_when_all_has_changed_since(ada: Operator) -> None:
    first = grant(ada, "k-1")
    revoke(ada, first.body["grant_id"])
    ada.catalog({"features": [], "products": []})
    assert grant(ada, "k-1").body == first.body
    assert held() == {}


def test_a_repeated_revocation_answers_the_first(ada: Operator, clock: Clock) -> None:
    grant_id = grant(ada).body["grant_id"]
    first = revoke(ada, grant_id, once="k-2")
    clock.advance(HOUR)
    assert revoke(ada, grant_id, once="k-2").body == first.body


@pytest.mark.parametrize(
    "fields",
    [
        {"user_id": "user-2"},
        {"reason": "another"},
        {"valid_to": "2027-01-01T00:00:00Z"},
        {"feature_code": "theme", "value": "dark"},
    ],
)
def test_a_key_for_other_parameters_is_a_conflict(ada: Operator, fields: dict[str, Any]) -> None:
    grant(ada, "k-1")
    answer = grant(ada, "k-1", **fields)
    assert (answer.status, answer.body["code"]) == (409, "idempotency_key_reused")


def test_a_key_for_another_command_is_a_conflict(ada: Operator) -> None:
    grant_id = grant(ada, "k-1").body["grant_id"]
    answer = revoke(ada, grant_id, once="k-1")
    assert (answer.status, answer.body["code"]) == (409, "idempotency_key_reused")
    assert held() == {"export": True}


def test_two_operators_may_use_the_same_key(
    ada: Operator, new_operator: Callable[[str], Operator]
) -> None:
    one = grant(ada, "k-1")
    two = grant(new_operator("Bob"), "k-1", user_id="user-2")
    assert one.body["grant_id"] != two.body["grant_id"]


def test_a_refused_command_may_be_repeated_with_its_key(ada: Operator) -> None:
    first = grant(ada).body["grant_id"]
    assert grant(ada, "k-1").status == 409
    revoke(ada, first)
    assert grant(ada, "k-1").status == 200


@pytest.mark.parametrize("once", ["", "x" * 256, "a b", "ключ", "a\tb"])
def test_a_key_that_cannot_be_is_refused(ada: Operator, once: str) -> None:
    answer = grant(ada, once)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert revision() == 0


@pytest.mark.parametrize("once", ["!", "~" * 255, "0e8b1d1c-7b7c-4f3c-9a0e-0d8f6d6b0001"])
def test_a_key_that_can_be_is_taken(ada: Operator, once: str) -> None:
    assert grant(ada, once).body == grant(ada, once).body
