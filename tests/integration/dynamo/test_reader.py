"""What DynamoDB leaves out of an answer when it throttles is asked for again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.adapters.aws.endpoint import DYNAMODB
from billing.adapters.aws.wire import AwsWire
from billing.adapters.dynamo.reader import ATTEMPTS, AccessReader, HotAccess
from billing.domain.errors import TryAgain
from tests.support.peer import Act, Peer, answer

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
USERS = ("user-1", "user-2")


def found(user_id: str) -> dict[str, Any]:
    pk = {"S": f"demo#{user_id}"}
    return {"pk": pk, "sk": {"S": "access"}, "revision": {"N": "7"}, "holdings": {"S": "[]"}}


def partly(*users: str, left: tuple[str, ...] = ()) -> Act:
    keys = [{"pk": {"S": f"demo#{user}"}, "sk": {"S": "access"}} for user in left]
    unprocessed = {"accounts": {"ConsistentRead": True, "Keys": keys}} if left else {}
    responses = {"accounts": [found(user) for user in users]}
    return answer({"Responses": responses, "UnprocessedKeys": unprocessed})


def read(dynamodb: Peer, pauses: list[float]) -> dict[str, HotAccess]:
    wire = AwsWire(DYNAMODB, dynamodb.environ, sleep=pauses.append, chance=lambda: 1.0)
    return AccessReader(wire, "catalog", "accounts").read("0" * 64, "demo", USERS, NOW).accesses


def test_what_was_left_out_is_asked_for_alone_after_a_pause() -> None:
    pauses: list[float] = []
    with Peer(partly("user-1", left=("user-2",)), partly("user-2")) as dynamodb:
        accesses = read(dynamodb, pauses)
    assert {user: access.revision for user, access in accesses.items()} == dict.fromkeys(USERS, 7)
    _, (_, second) = dynamodb.requests
    (key,) = json.loads(second)["RequestItems"]["accounts"]["Keys"]
    assert key["pk"]["S"] == "demo#user-2"
    assert pauses == [0.05]


def test_it_is_given_up_in_the_end() -> None:
    pauses: list[float] = []
    throttled = [partly(left=USERS)] * ATTEMPTS
    with Peer(*throttled) as dynamodb, pytest.raises(TryAgain):
        read(dynamodb, pauses)
    assert (len(dynamodb.requests), pauses) == (ATTEMPTS, [0.05, 0.1, 0.2])
