"""API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.adapters.dynamo.catalog_cache import MAX_AGE, CachedCatalog
from billing.auth import authenticate, new_key
from billing.composition import now
from billing.domain.errors import Unauthenticated
from billing.settings import settings
from billing.stores import cached_catalog, catalog_store
from tests.integration.admin.conftest import Operator
from tests.integration.conftest import dynamodb
from tests.support.clock import Clock
from tests.support.requests import request

DAY = 86_400


def opens(key: str) -> bool:
    """Whether the key opens anything now."""
    try:
        authenticate(request("GET", "/", key=key), catalog_store(), now())
    except Unauthenticated:
        return False
    return True


@pytest.fixture
def made(ada: Operator) -> dict[str, Any]:
    ada.project()
    body: dict[str, Any] = ada.post("projects/acme/keys", {"name": "app"}).body
    return body


def test_a_new_key_works_and_is_shown_once(ada: Operator, made: dict[str, Any]) -> None:
    assert made["scopes"] == ["checkout", "entitlements", "metrics", "portal"]
    assert made["key"].startswith("bk_acme_")
    assert made["created_by"] == "Ada"
    assert opens(made["key"])
    listed = ada.get("projects/acme/keys").body["keys"]
    assert listed == [{name: value for name, value in made.items() if name != "key"}]


def test_neither_the_key_nor_its_hash_can_be_read_back(ada: Operator, made: dict[str, Any]) -> None:
    stored = str(dynamodb().scan(TableName=settings().catalog_table)["Items"])
    assert made["key"] not in stored
    assert made["key"].split("_")[2] not in stored
    assert "hash" not in str(ada.get("projects/acme/keys").body)


def test_a_key_has_the_scopes_that_were_asked_for(ada: Operator) -> None:
    ada.project()
    made = ada.post("projects/acme/keys", {"name": "app", "scopes": ["entitlements"]}).body
    caller = authenticate(request("GET", "/", key=made["key"]), catalog_store(), now())
    assert caller.scopes == {"entitlements"}
    assert caller.project_id == "acme"


@pytest.mark.parametrize(
    ("project_id", "fields", "field"),
    [
        ("acme", {"scopes": []}, "scopes"),
        ("acme", {"scopes": ["admin"]}, "scopes"),
        ("acme", {"scopes": ["checkout", "root"]}, "scopes"),
        ("acme", {"scopes": "checkout"}, "scopes"),
        ("admin", {"scopes": ["checkout"]}, "scopes"),
        ("admin", {}, "role"),
        ("admin", {"role": None}, "role"),
        ("admin", {"role": "root"}, "role"),
        ("admin", {"role": 1}, "role"),
        ("acme", {"role": "owner"}, "role"),
        ("acme", {"name": ""}, "name"),
        ("acme", {"name": "\n"}, "name"),
        ("acme", {"expires_at": "2026-03-02T12:00:00Z"}, "expires_at"),
        ("acme", {"expires_at": "2026-03-09"}, "expires_at"),
        ("acme", {"expires_at": "2026-03-09T12:00:00"}, "expires_at"),
        ("acme", {"expires_at": "9999-12-31T23:59:59-05:00"}, "expires_at"),
        ("acme", {"expires_at": 1}, "expires_at"),
        ("acme", {"key": "mine"}, "key"),
    ],
)
def test_a_key_that_cannot_be_is_refused(
    ada: Operator, project_id: str, fields: dict[str, Any], field: str
) -> None:
    ada.project()
    answer = ada.post(f"projects/{project_id}/keys", {"name": "app", **fields})
    assert (answer.status, [e["field"] for e in answer.body["errors"]]) == (422, [field])


def test_an_expired_key_opens_nothing(ada: Operator, clock: Clock) -> None:
    ada.project()
    body = {"name": "app", "expires_at": "2026-03-02T13:00:00+01:00"}
    assert ada.post("projects/acme/keys", body).status == 422, "that is now"
    body["expires_at"] = "2026-03-02T14:00:00+01:00"
    key = ada.post("projects/acme/keys", body).body["key"]
    assert opens(key)
    clock.advance(timedelta(hours=1))
    assert not opens(key)


@pytest.mark.parametrize(
    "spoil", [lambda k: k[:-1], lambda k: k + "x", lambda k: k.swapcase(), lambda k: k[::-1]]
)
def test_a_mistyped_key_opens_nothing(made: dict[str, Any], spoil: Any) -> None:
    assert not opens(spoil(made["key"]))


def test_a_well_formed_key_that_was_never_issued_opens_nothing(made: dict[str, Any]) -> None:
    assert not opens(new_key("acme"))


def test_a_rotated_key_works_until_the_overlap_ends(
    ada: Operator, made: dict[str, Any], clock: Clock
) -> None:
    path = f"projects/acme/keys/{made['key_id']}/rotate"
    clock.advance(timedelta(seconds=1))
    successor = ada.post(path, {"overlap_seconds": 3600}).body

    assert successor["name"] == "app"
    assert successor["scopes"] == made["scopes"]
    assert successor["expires_at"] is None
    old, new = ada.get("projects/acme/keys").body["keys"]
    assert (old["replaced_by"], old["expires_at"]) == (new["key_id"], "2026-03-02T13:00:01Z")
    clock.advance(timedelta(minutes=59, seconds=59))
    assert opens(made["key"])
    clock.advance(timedelta(seconds=1))
    assert not opens(made["key"])
    assert opens(successor["key"])


def test_the_overlap_is_a_day_unless_said(
    ada: Operator, made: dict[str, Any], clock: Clock
) -> None:
    ada.post(f"projects/acme/keys/{made['key_id']}/rotate")
    clock.advance(timedelta(seconds=DAY - 1))
    assert opens(made["key"])
    clock.advance(timedelta(seconds=1))
    assert not opens(made["key"])


def test_no_overlap_ends_the_old_key_at_once(ada: Operator, made: dict[str, Any]) -> None:
    ada.post(f"projects/acme/keys/{made['key_id']}/rotate", {"overlap_seconds": 0})
    assert not opens(made["key"])


@pytest.mark.parametrize("overlap", [-1, 30 * DAY + 1, 1.5, "1", True, 10**30])
def test_an_overlap_that_cannot_be_is_refused(
    ada: Operator, made: dict[str, Any], overlap: Any
) -> None:
    path = f"projects/acme/keys/{made['key_id']}/rotate"
    answer = ada.post(path, {"overlap_seconds": overlap})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "overlap_seconds")
    assert len(ada.get("projects/acme/keys").body["keys"]) == 1


def test_a_key_is_rotated_once(ada: Operator, made: dict[str, Any]) -> None:
    path = f"projects/acme/keys/{made['key_id']}/rotate"
    successor = ada.post(path).body
    again = ada.post(path)
    assert (again.status, again.body["code"]) == (409, "key_ended")
    assert successor["key_id"] in again.body["detail"]
    assert len(ada.get("projects/acme/keys").body["keys"]) == 2


def test_a_successor_lives_as_long_as_its_predecessor_would(ada: Operator, clock: Clock) -> None:
    ada.project()
    body = {"name": "app", "expires_at": "2026-03-12T12:00:00Z"}
    key_id = ada.post("projects/acme/keys", body).body["key_id"]
    clock.advance(timedelta(days=9, hours=20))
    successor = ada.post(f"projects/acme/keys/{key_id}/rotate").body
    assert successor["expires_at"] == "2026-03-22T08:00:00Z"
    old = ada.get("projects/acme/keys").body["keys"][0]
    assert old["expires_at"] == "2026-03-12T12:00:00Z", "a rotation never lengthens a life"


def test_a_revoked_key_opens_nothing_and_cannot_be_rotated(
    ada: Operator, made: dict[str, Any], clock: Clock
) -> None:
    path = f"projects/acme/keys/{made['key_id']}"
    first = ada.post(f"{path}/revoke")
    clock.advance(timedelta(hours=1))
    second = ada.post(f"{path}/revoke")
    rotated = ada.post(f"{path}/rotate")

    assert first.body["revoked_at"] == "2026-03-02T12:00:00Z"
    assert second.body == first.body
    assert not opens(made["key"])
    assert (rotated.status, rotated.body["code"]) == (409, "key_ended")


@pytest.mark.parametrize("verb", ["rotate", "revoke"])
@pytest.mark.parametrize("key_id", ["key_nope", "k" * 2000])
def test_an_unknown_key_is_a_404(
    ada: Operator, made: dict[str, Any], verb: str, key_id: str
) -> None:
    assert ada.post(f"projects/acme/keys/{key_id}/{verb}").status == 404


def test_a_key_is_managed_in_its_own_project_only(ada: Operator, made: dict[str, Any]) -> None:
    ada.project("other")
    assert ada.post(f"projects/other/keys/{made['key_id']}/revoke").status == 404
    assert opens(made["key"])


def test_keys_of_an_unknown_project_are_a_404(ada: Operator) -> None:
    assert ada.get("projects/nope/keys").status == 404
    assert ada.post("projects/nope/keys", {"name": "app"}).status == 404


def test_the_cache_holds_a_revoked_key_for_thirty_seconds_at_most(
    ada: Operator, made: dict[str, Any]
) -> None:
    seconds = [0.0]
    cache = CachedCatalog(catalog_store(), lambda: seconds[0])
    event = request("GET", "/", key=made["key"])
    assert authenticate(event, cache, now()).project_id == "acme"
    ada.post(f"projects/acme/keys/{made['key_id']}/revoke")
    seconds[0] = MAX_AGE - 0.1
    assert authenticate(event, cache, now()).project_id == "acme"
    seconds[0] = MAX_AGE
    with pytest.raises(Unauthenticated):
        authenticate(event, cache, now())


def test_the_cache_does_not_remember_what_was_not_there(ada: Operator) -> None:
    cache = cached_catalog()
    assert cache.project("acme") is None
    assert cache.catalog("acme").version == 0
    ada.project()
    assert cache.project("acme") is not None
