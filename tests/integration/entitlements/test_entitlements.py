"""The hot read: what it answers, what it costs, and whom it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing import composition
from billing.adapters.dynamo.models import AccountItem
from billing.domain.account import AccountKey, ManualGrant
from billing.domain.changes import Cause, CauseType, Decision
from billing.services.commit import commit
from billing.services.manage_keys import create_key, revoke_key
from billing.settings import settings
from billing.stores import account_store, catalog_store
from functions.entitlements.handler import lambda_handler as entitlements
from tests.support.builders import DAY, a_grant
from tests.support.clock import Clock
from tests.support.interruptions import interruptions
from tests.support.requests import Answer, call, request
from tests.support.world import World, a_world

PATH = "/api/v1/entitlements"


@pytest.fixture
def world(clock: Clock) -> World:
    return a_world()


def give(world: World, user_id: str, grant: ManualGrant) -> None:
    """Put a grant through the one door."""
    now = composition.now()
    cause = Cause(f"test:{user_id}:{grant.id}", CauseType.OPERATOR, "grant", now, "Ada")
    key = AccountKey(world.project_id, user_id)
    commit(account_store(), key, cause, lambda a: Decision(a.with_grant(grant)), now=now)


def get(key: str | None, path: str = PATH, headers: Any = None, **query: str) -> Answer:
    return call(entitlements, request("GET", path, query=query, key=key, headers=headers))


def batch(key: str, body: object) -> Answer:
    return call(entitlements, request("POST", f"{PATH}/batch", json_body=body, key=key))


def test_the_answer_has_every_field_of_the_contract(world: World, clock: Clock) -> None:
    give(world, "user-1", a_grant(valid_to=clock.at + DAY))
    status, body, headers = get(world.key, user_id="user-1")
    assert status == 200
    assert body == {
        "user_id": "user-1",
        "project_id": "demo",
        "entitlements": [
            {
                "feature_code": "export",
                "is_active": True,
                "valid_from": "2026-03-01T12:00:00Z",
                "valid_to": "2026-03-03T12:00:00Z",
                "source": "manual",
                "source_id": "grant_1",
                "value": True,
                "sources": [
                    {
                        "source": "manual",
                        "source_id": "grant_1",
                        "product_id": None,
                        "state": "granted",
                        "value": True,
                        "period_end": "2026-03-03T12:00:00Z",
                        "valid_from": "2026-03-01T12:00:00Z",
                        "valid_to": "2026-03-03T12:00:00Z",
                    }
                ],
            }
        ],
        "checked_at": "2026-03-02T12:00:00Z",
        "revision": 1,
    }
    assert headers["content-type"] == "application/json"
    assert headers["x-request-id"]


def test_an_unknown_user_has_nothing(world: World) -> None:
    status, body, _ = get(world.key, user_id="nobody")
    assert (status, body["entitlements"], body["revision"]) == (200, [], 0)


def test_access_ends_exactly_without_any_job(world: World, clock: Clock) -> None:
    give(world, "user-1", a_grant(valid_to=clock.at + DAY))
    clock.advance(DAY - timedelta(microseconds=1))
    assert get(world.key, user_id="user-1").body["entitlements"]
    clock.advance(timedelta(microseconds=1))
    assert get(world.key, user_id="user-1").body["entitlements"] == []
    (ended,) = get(world.key, user_id="user-1", include="inactive").body["entitlements"]
    assert (ended["is_active"], ended["value"]) == (False, False)


@pytest.mark.parametrize("user_id", ["a,b", "a b+c", "ü/💡#?&=%", "x" * 256, "'\"<>\\"])
def test_a_user_id_is_used_exactly_as_given(world: World, user_id: str) -> None:
    give(world, user_id, a_grant())
    body = get(world.key, user_id=user_id).body
    assert body["user_id"] == user_id
    assert len(body["entitlements"]) == 1
    assert get(world.key, user_id=f"{user_id[:-1]}z").body["entitlements"] == []


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({}, 422, "user_id"),
        ({"user_id": ""}, 422, "user_id"),
        ({"user_id": "x" * 257}, 422, "user_id"),
        ({"user_id": "a\u0000b"}, 422, "user_id"),
        ({"user_id": "a", "include": "everything"}, 422, "include"),
        ({"user_id": "a", "usr": "b"}, 422, "usr"),
        ("user_id=a&user_id=b", 400, None),
        ("user_id=%ff", 400, None),
    ],
)
def test_bad_queries_are_told_what_is_wrong(
    world: World, query: Any, status: int, field: str | None
) -> None:
    answer = call(entitlements, request("GET", PATH, query=query, key=world.key))
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert [e["field"] for e in answer.body.get("errors", [])] == ([field] if field else [])
    for name in ("type", "title", "status", "detail", "code", "request_id"):
        assert answer.body[name]


class TestKeys:
    @pytest.mark.parametrize(
        "mangle", [lambda k: None, lambda k: "", lambda k: k[:-1] + ("1" if k[-1] == "0" else "0")]
    )
    def test_a_missing_or_mistyped_key_opens_nothing(self, world: World, mangle: Any) -> None:
        status, body, headers = get(mangle(world.key), user_id="user-1")
        assert (status, body["code"]) == (401, "unauthenticated")
        assert headers["www-authenticate"].startswith("Bearer")

    def test_a_foreign_project_is_refused(self, world: World) -> None:
        a_world("other")
        assert get(world.key, user_id="user-1", project_id="other").status == 403
        assert get(world.key, user_id="user-1", project_id="demo").status == 200

    def test_a_neighbours_user_of_the_same_name_is_another(self, world: World) -> None:
        other = a_world("other")
        give(other, "user-1", a_grant())
        assert get(other.key, user_id="user-1").body["entitlements"]
        assert get(world.key, user_id="user-1").body["entitlements"] == []

    def test_an_operator_names_the_project(self, world: World) -> None:
        assert get(world.admin_key, user_id="user-1").status == 422
        assert get(world.admin_key, user_id="user-1", project_id="demo").status == 200
        assert get(world.admin_key, user_id="user-1", project_id="nowhere").status == 404
        assert get(world.admin_key, user_id="user-1", project_id="NO/PE").status == 422

    def test_the_scope_is_needed(self, world: World, clock: Clock) -> None:
        store = catalog_store()
        issued = create_key(
            store, "demo", name="checkout only", by="Ada", now=clock.at, scopes={"checkout"}
        )
        assert get(issued.key, user_id="user-1").status == 403

    def test_a_revoked_key_stops_within_thirty_seconds_and_an_expired_one_at_once(
        self, world: World, clock: Clock
    ) -> None:
        store = catalog_store()
        ends = clock.at + timedelta(seconds=5)
        issued = create_key(store, "demo", name="x", by="Ada", now=clock.at, expires_at=ends)
        assert get(issued.key, user_id="user-1").status == 200
        clock.advance(timedelta(seconds=5))
        assert get(issued.key, user_id="user-1").status == 401
        revoked = create_key(store, "demo", name="y", by="Ada", now=clock.at)
        assert get(revoked.key, user_id="user-1").status == 200
        revoke_key(store, "demo", revoked.record.key_id, now=clock.at)
        clock.advance(timedelta(seconds=30))
        assert get(revoked.key, user_id="user-1").status == 401


class TestCost:
    def test_a_check_is_one_request_cold_and_one_get_warm(self, world: World) -> None:
        give(world, "user-1", a_grant())
        composition.reset()
        with interruptions.counted() as cold:
            get(world.key, user_id="user-1")
        with interruptions.counted() as warm:
            get(world.key, user_id="user-1")
        assert cold == ["dynamodb.BatchGetItem"]
        assert warm == ["dynamodb.GetItem"]

    def test_a_batch_of_ninety_is_one_request_even_cold(self, world: World) -> None:
        composition.reset()
        with interruptions.counted() as calls:
            batch(world.key, {"user_ids": [f"user-{n}" for n in range(90)]})
        assert calls == ["dynamodb.BatchGetItem"]

    def test_a_batch_of_a_hundred_is_one_request_warm_and_two_cold(self, world: World) -> None:
        users = {"user_ids": [f"user-{n}" for n in range(100)]}
        composition.reset()
        with interruptions.counted() as cold:
            batch(world.key, users)
        with interruptions.counted() as warm:
            batch(world.key, users)
        assert cold == ["dynamodb.BatchGetItem"] * 2
        assert warm == ["dynamodb.BatchGetItem"]

    def test_what_is_unchanged_is_one_request_too(self, world: World) -> None:
        first = get(world.key, user_id="user-1")
        with interruptions.counted() as calls:
            get(world.key, user_id="user-1", headers={"If-None-Match": first.headers["etag"]})
        assert calls == ["dynamodb.GetItem"]

    def test_a_mistyped_key_costs_nothing(self, world: World) -> None:
        with interruptions.counted() as calls:
            get(world.key + "x", user_id="user-1")
        assert calls == []


class TestCaching:
    def test_an_unchanged_answer_is_304(self, world: World) -> None:
        give(world, "user-1", a_grant())
        first = get(world.key, user_id="user-1")
        assert first.headers["cache-control"] == "private, max-age=60"
        again = get(world.key, user_id="user-1", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status, again.body) == (304, "")
        assert again.headers["etag"] == first.headers["etag"]
        give(world, "user-1", a_grant(id="grant_2"))
        changed = get(world.key, user_id="user-1", headers={"If-None-Match": first.headers["etag"]})
        assert changed.status == 200

    def test_nothing_is_kept_past_a_boundary(self, world: World, clock: Clock) -> None:
        give(world, "user-1", a_grant(valid_to=clock.at + timedelta(seconds=7, milliseconds=900)))
        answer = get(world.key, user_id="user-1")
        assert answer.headers["cache-control"] == "private, max-age=7"
        clock.advance(timedelta(seconds=8))
        after = get(world.key, user_id="user-1", headers={"If-None-Match": answer.headers["etag"]})
        assert (after.status, after.body["entitlements"]) == (200, [])


class TestCheck:
    @pytest.mark.parametrize(
        ("grant", "feature", "allowed", "reason"),
        [
            (a_grant(), "export", True, "granted"),
            (a_grant(), "quota", False, "not_held"),
            (a_grant(), "nonsense", False, "unknown_feature"),
            (a_grant(valid_to=a_grant().valid_from + timedelta(hours=1)), "export", False, "ended"),
            (a_grant(valid_from=a_grant().valid_from + 9 * DAY), "export", False, "not_yet"),
            (a_grant(revoked_at=a_grant().valid_from), "export", False, "revoked"),
        ],
    )
    def test_it_says_whether_and_why(
        self, world: World, grant: ManualGrant, feature: str, allowed: bool, reason: str
    ) -> None:
        give(world, "user-1", grant)
        body = get(world.key, f"{PATH}/check", user_id="user-1", feature_code=feature).body
        assert (body["allowed"], body["reason"]) == (allowed, reason)
        assert body["value"] == (True if allowed else None)

    def test_the_feature_is_needed(self, world: World) -> None:
        assert get(world.key, f"{PATH}/check", user_id="user-1").status == 422


class TestBatch:
    def test_each_result_is_as_the_querys_answer(self, world: World) -> None:
        give(world, "user-1", a_grant())
        body = batch(world.key, {"user_ids": ["user-2", "user-1", "user-1"]}).body

        def alone(user: str) -> dict[str, Any]:
            answer = get(world.key, user_id=user)
            max_age = int(answer.headers["cache-control"].removeprefix("private, max-age="))
            return {**answer.body, "etag": answer.headers["etag"], "max_age": max_age}

        assert body["results"] == [alone("user-2"), alone("user-1"), alone("user-1")]

    def test_a_hundred_users_are_taken(self, world: World) -> None:
        answer = batch(world.key, {"user_ids": [f"user-{n}" for n in range(100)]})
        assert (answer.status, len(answer.body["results"])) == (200, 100)

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"user_ids": []}, 422),
            ({"user_ids": [f"user-{n}" for n in range(101)]}, 422),
            ({"user_ids": "user-1"}, 422),
            ({"user_ids": [1]}, 422),
            ({"user_ids": ["a"], "project_id": 5}, 422),
            ({"user_ids": ["a"], "more": 1}, 422),
            ({"user_ids": ["a" * 257]}, 422),
            ({"user_ids": ["a"], "project_id": "other"}, 403),
            ([], 400),
        ],
    )
    def test_bad_batches_are_refused(self, world: World, body: object, status: int) -> None:
        assert batch(world.key, body).status == status

    @pytest.mark.parametrize(
        "raw", [b"\xff", b"{", b"", b'{"user_ids": NaN}', b"[" * 50_000, b"1" * 5000]
    )
    def test_what_is_not_json_is_malformed(self, world: World, raw: bytes) -> None:
        answer = call(entitlements, request("POST", f"{PATH}/batch", raw=raw, key=world.key))
        assert (answer.status, answer.body["code"]) == (400, "malformed_request")

    def test_a_large_body_is_refused(self, world: World) -> None:
        answer = batch(world.key, {"user_ids": ["a"], "more": "x" * 70_000})
        assert answer.status == 413


class TestTrouble:
    def test_a_refusal_of_dynamodb_is_our_defect_and_the_log_says_which(
        self, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("ACCOUNTS_TABLE", "nowhere")
        settings.cache_clear()
        composition.reset()
        answer = get(world.key, user_id="user-1")
        assert (answer.status, answer.body["code"]) == (500, "internal_error")
        assert "nowhere" not in str(answer.body)
        assert "ResourceNotFoundException" in capsys.readouterr().out

    def test_a_dynamodb_that_cannot_be_reached_is_told_to_try_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
        composition.reset()
        status, body, headers = get(world.key, user_id="user-1")
        assert (status, body["code"], headers["retry-after"]) == (503, "try_again", "2")


def test_an_unknown_route_is_a_problem_too(world: World) -> None:
    answer = get(world.key, "/api/v1/nothing")
    assert (answer.status, answer.body["code"]) == (404, "no_such_route")


def test_the_stored_item_is_what_the_reader_reads(world: World) -> None:
    give(world, "user-1", a_grant())
    (item,) = AccountItem.query("demo#user-1", AccountItem.sk == "access")
    assert item.to_simple_dict()["revision"] == 1
