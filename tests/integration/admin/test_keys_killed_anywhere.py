"""A key whose making dies at any call to AWS: each key is whole or not there, and a new one works.

A key is shown once and only its hash is kept, so a repetition cannot show it again: what was made
and never seen is listed, opens nothing for anybody, and can be rotated or revoked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest

from billing.domain.api_key import KeyRecord
from billing.stores import catalog_store
from functions.metrics.handler import lambda_handler as metrics
from tests.integration.admin.conftest import Operator
from tests.support.interruptions import Killed, When, interruptions
from tests.support.requests import call, request

Record = Callable[[str, object], None]
KEYS = "projects/acme/keys"


def create(ada: Operator, name: str = "web") -> Any:
    return ada.post(KEYS, {"name": name})


def rotate(ada: Operator, key_id: str) -> Any:
    return ada.post(f"{KEYS}/{key_id}/rotate", {"overlap_seconds": 60})


def opens(key: str) -> bool:
    path = "/api/v1/metrics/project/acme"
    event = request("GET", path, key=key)
    event["pathParameters"] = {"project_id": "acme"}
    return call(metrics, event).status == 200


def whole_keys() -> dict[str, KeyRecord]:
    """The listed keys; each is found by its hash, as it is listed."""
    store = catalog_store()
    listed = {record.key_id: record for record in store.keys_of("acme")}
    assert [store.record_of(record.hash) for record in listed.values()] == list(listed.values())
    return listed


def calls_of(command: Callable[[], Any]) -> int:
    with interruptions.counted() as counted:
        assert command().status == 200
    return len(counted)


@pytest.mark.usefixtures("acme_sells")
@pytest.mark.parametrize("when", get_args(When))
def test_a_key_whose_creation_is_killed_anywhere(
    ada: Operator, when: When, record_property: Record
) -> None:
    calls = calls_of(lambda: create(ada))
    for fatal in range(1, calls + 1):
        before = whole_keys()
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            create(ada)
        left = whole_keys()
        assert len(left) - len(before) in {0, 1}
        again = create(ada)
        assert again.status == 200
        assert opens(again.body["key"])
        assert whole_keys().keys() == left.keys() | {again.body["key_id"]}
        for unseen in left.keys() - before.keys():
            assert ada.post(f"{KEYS}/{unseen}/revoke").status == 200
    record_property("faults", calls)


@pytest.mark.usefixtures("acme_sells")
@pytest.mark.parametrize("when", get_args(When))
def test_a_key_whose_rotation_is_killed_anywhere(
    ada: Operator, when: When, record_property: Record
) -> None:
    first = create(ada).body["key_id"]
    calls = calls_of(lambda: rotate(ada, first))
    for fatal in range(1, calls + 1):
        old = create(ada).body
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            rotate(ada, old["key_id"])
        assert opens(old["key"]), "it ends with the overlap, and not before"
        successor = whole_keys()[old["key_id"]].replaced_by
        again = rotate(ada, old["key_id"])
        if successor:  # made, and never seen: it is rotated in its turn
            assert (again.status, again.body["code"]) == (409, "key_ended")
            assert successor in again.body["detail"]
            again = rotate(ada, successor)
        assert again.status == 200
        assert opens(again.body["key"])
    record_property("faults", calls)
