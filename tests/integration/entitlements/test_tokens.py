"""Signed snapshots, judged by a library that did not sign them."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import KeySet, OKPKey

from billing import composition
from billing.adapters import token_keys
from billing.domain.account import AccountKey, ManualGrant
from billing.domain.changes import Cause, CauseType, Decision
from billing.services.commit import commit
from billing.services.sign_access import LIFETIME
from billing.settings import settings
from billing.stores import account_store
from functions.entitlements.handler import lambda_handler as entitlements
from tests.integration.conftest import TOKEN_KEY, put_secret
from tests.support.builders import DAY, a_grant
from tests.support.clock import Clock
from tests.support.interruptions import interruptions
from tests.support.requests import Answer, call, request
from tests.support.world import World, a_world

# RFC 9864 renames EdDSA to Ed25519; EdDSA is what every verifier in use knows.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")

PATH = "/api/v1/entitlements"
JWT = {"Accept": "application/jwt"}
SECRET = "access-token-keys"


@pytest.fixture
def world(clock: Clock) -> World:
    return a_world()


def give(world: World, user_id: str, grant: ManualGrant) -> None:
    now = composition.now()
    cause = Cause(f"test:{user_id}:{grant.id}", CauseType.OPERATOR, "grant", now, "Ada")
    key = AccountKey(world.project_id, user_id)
    commit(account_store(), key, cause, lambda a: Decision(a.with_grant(grant)), now=now)


def ask(key: str | None, headers: dict[str, str] | None = None, **query: str) -> Answer:
    wanted = {"user_id": "user-1", **query}
    return call(
        entitlements, request("GET", PATH, query=wanted, key=key, headers=JWT | (headers or {}))
    )


def jwks() -> Answer:
    return call(entitlements, request("GET", "/.well-known/jwks.json"))


def verified(token: str, clock: Clock, project_id: str = "demo", keys: Any = None) -> Any:
    """The claims, verified as an app does: by the published keys, for its own project."""
    found = jwt.decode(token, keys or KeySet.import_key_set(jwks().body), algorithms=["EdDSA"])
    rules = jwt.JWTClaimsRegistry(
        now=lambda: int(clock.at.timestamp()),
        iss={"essential": True, "value": "urn:billing:dev"},
        aud={"essential": True, "value": project_id},
        exp={"essential": True},
    )
    rules.validate(found.claims)
    return found


def remade(token: str, part: int, **changed: object) -> str:
    parts = token.split(".")
    old = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    parts[part] = base64.urlsafe_b64encode(json.dumps(old | changed).encode()).decode().rstrip("=")
    return ".".join(parts)


def test_a_token_says_what_the_answer_says(world: World, clock: Clock) -> None:
    give(world, "user-1", a_grant(valid_to=clock.at + DAY))
    clock.advance(timedelta(milliseconds=900))
    answer = ask(world.key)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/jwt")
    found = verified(answer.body, clock)
    (key,) = jwks().body["keys"]
    assert found.header == {"alg": "EdDSA", "kid": key["kid"], "typ": "JWT"}
    checked_at = int(clock.at.timestamp())
    assert found.claims == {
        "iss": "urn:billing:dev",
        "aud": "demo",
        "sub": "user-1",
        "iat": checked_at,
        "nbf": checked_at,
        "exp": checked_at + LIFETIME,
        "revision": 1,
        "entitlements": [
            {
                "feature_code": "export",
                "value": True,
                "valid_from": "2026-03-01T12:00:00Z",
                "valid_to": "2026-03-03T12:00:00Z",
                "source": "manual",
                "source_id": "grant_1",
            }
        ],
    }


def test_either_way_of_asking_gives_a_token_and_nothing_else_does(world: World) -> None:
    def kind(accept: str | None, **query: str) -> str:
        headers = {} if accept is None else {"Accept": accept}
        asked = request(
            "GET", PATH, query={"user_id": "u", **query}, key=world.key, headers=headers
        )
        return call(entitlements, asked).headers["content-type"]

    for accept in ("application/jwt", "text/html, Application/JWT;q=0.9"):
        assert kind(accept) == "application/jwt"
    assert kind(None, token="true") == "application/jwt"
    for other in (None, "*/*", "application/json", "application/jwt;q=0", "application/jwt; q=0.0"):
        assert kind(other) == "application/json"
    assert kind("application/jwt", token="false") == "application/json"


@pytest.mark.parametrize("query", [{"token": "yes"}, {"token": ""}, {"include": "inactive"}])
def test_what_cannot_be_signed_is_refused(world: World, query: Any) -> None:
    assert ask(world.key, **query).status == 422


def test_a_token_ends_with_the_access(world: World, clock: Clock) -> None:
    ends = clock.at + timedelta(seconds=7, milliseconds=900)
    give(world, "user-1", a_grant(valid_to=ends))
    token = ask(world.key).body
    assert verified(token, clock).claims["exp"] == int(ends.timestamp())
    clock.advance(timedelta(seconds=7))
    with pytest.raises(ExpiredTokenError):
        verified(token, clock)


def test_what_is_not_in_force_is_not_in_a_token(world: World, clock: Clock) -> None:
    give(world, "user-1", a_grant(valid_from=clock.at + DAY))
    assert verified(ask(world.key).body, clock).claims["entitlements"] == []


class TestForgery:
    @pytest.fixture
    def token(self, world: World) -> str:
        give(world, "user-1", a_grant())
        return str(ask(world.key).body)

    def test_another_claim_does_not_verify(self, token: str, clock: Clock) -> None:
        with pytest.raises(BadSignatureError):
            verified(remade(token, 1, sub="user-2"), clock)

    def test_no_signature_does_not_verify(self, token: str, clock: Clock) -> None:
        unsigned = remade(token, 0, alg="none")
        for forged in (unsigned, unsigned.rpartition(".")[0] + "."):
            with pytest.raises((UnsupportedAlgorithmError, JoseError, ValueError)):
                verified(forged, clock)

    def test_a_foreign_key_does_not_verify(self, token: str, clock: Clock) -> None:
        foreign = KeySet([OKPKey.generate_key("Ed25519", {"kid": jwks().body["keys"][0]["kid"]})])
        with pytest.raises(BadSignatureError):
            verified(token, clock, keys=foreign)

    def test_another_projects_token_does_not_verify(self, token: str, clock: Clock) -> None:
        with pytest.raises(InvalidClaimError):
            verified(token, clock, project_id="other")

    def test_an_old_token_does_not_verify(self, token: str, clock: Clock) -> None:
        clock.advance(timedelta(seconds=LIFETIME))
        with pytest.raises(ExpiredTokenError):
            verified(token, clock)


class TestKeys:
    def test_they_are_published_with_nothing_private_in_them(self, world: World) -> None:
        status, body, headers = jwks()
        assert status == 200
        assert headers["cache-control"] == "public, max-age=300"
        assert body == {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
                    "alg": "EdDSA",
                    "use": "sig",
                }
            ]
        }

    def test_next_and_previous_are_published_and_only_the_current_signs(
        self, world: World, clock: Clock
    ) -> None:
        old = ask(world.key).body
        fields = {"next": token_keys.new_key(), "current": token_keys.new_key()}
        put_secret(SECRET, {**fields, "previous": TOKEN_KEY, "next_since": "2026-03-02T12:00:00Z"})
        published = [key["kid"] for key in jwks().body["keys"]]
        assert len(set(published)) == 3
        now = verified(ask(world.key).body, clock)
        assert now.header["kid"] == published[0] == token_keys.token_key(fields["current"]).kid
        assert verified(old, clock).claims["sub"] == "user-1"

    def test_without_a_key_there_are_no_tokens_and_everything_else_works(
        self, world: World
    ) -> None:
        put_secret(SECRET, {})
        refused = ask(world.key)
        assert (refused.status, refused.body["code"]) == (503, "not_configured")
        assert jwks().body == {"keys": []}
        assert ask(world.key, {"Accept": "application/json"}).status == 200

    @pytest.mark.parametrize("key", ["short", "*" * 43, "\N{SNOWMAN}"])
    def test_a_key_that_is_none_is_a_configuration_error(self, world: World, key: str) -> None:
        put_secret(SECRET, {"current": key})
        assert ask(world.key).body["code"] == "not_configured"
        assert jwks().status == 503

    def test_the_issuer_can_be_named(
        self, world: World, monkeypatch: pytest.MonkeyPatch, clock: Clock
    ) -> None:
        monkeypatch.setenv("TOKEN_ISSUER", "https://billing.example.com")
        settings.cache_clear()
        found = jwt.decode(ask(world.key).body, KeySet.import_key_set(jwks().body), ["EdDSA"])
        assert found.claims["iss"] == "https://billing.example.com"


class TestCaching:
    def test_a_token_is_kept_as_an_answer_is(self, world: World, clock: Clock) -> None:
        give(world, "user-1", a_grant(valid_to=clock.at + timedelta(seconds=9)))
        first = ask(world.key)
        assert first.headers["cache-control"] == "private, max-age=9"
        assert first.headers["vary"] == "Authorization, Accept"
        again = ask(world.key, {"If-None-Match": first.headers["etag"]})
        assert (again.status, again.body) == (304, "")

    def test_the_tags_of_both_representations_differ(self, world: World) -> None:
        plain = ask(world.key, {"Accept": "application/json"})
        assert ask(world.key, {"If-None-Match": plain.headers["etag"]}).status == 200

    def test_what_is_confirmed_unchanged_is_never_about_to_expire(
        self, world: World, clock: Clock
    ) -> None:
        give(world, "user-1", a_grant())
        first = ask(world.key)
        for _ in range(LIFETIME):
            clock.advance(timedelta(seconds=1))
            again = ask(world.key, {"If-None-Match": first.headers["etag"]})
            if again.status == 200:
                break
            assert verified(first.body, clock).claims["exp"] > clock.at.timestamp() + 60
        else:
            pytest.fail("the tag never changed")

    def test_a_token_costs_no_more_of_dynamodb_than_an_answer(self, world: World) -> None:
        ask(world.key)
        with interruptions.counted() as calls:
            ask(world.key)
        assert calls == ["dynamodb.GetItem"]
