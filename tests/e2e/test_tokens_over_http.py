"""Signed snapshots of the deployed stack, verified as an app does, with another library."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import InvalidClaimError
from joserfc.jwk import KeySet

from local.place import ROOT, Place
from tests.support.e2e import Answer, a_user
from tests.support.routes import Tenant

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")

PATH = "/api/v1/entitlements"
SIGNED = {"Accept": "application/jwt"}


def ask(tenant: Tenant, user_id: str, **headers: str) -> Answer:
    query, key = {"user_id": user_id}, tenant.key
    return tenant.service.call("GET", PATH, query=query, key=key, headers=SIGNED | headers)


def keys(tenant: Tenant) -> list[dict[str, str]]:
    found: list[dict[str, str]] = tenant.service.call("GET", "/.well-known/jwks.json").ok()["keys"]
    return found


def claims(tenant: Tenant, token: str, project_id: str) -> Any:
    published: Any = {"keys": keys(tenant)}
    found = jwt.decode(token, KeySet.import_key_set(published), ["EdDSA"]).claims
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": "urn:billing:dev"},
        aud={"essential": True, "value": project_id},
        leeway=5,
    ).validate(found)
    return found


def test_a_token_is_the_answer_signed_for_its_project(tenant: Tenant) -> None:
    answer = ask(tenant, tenant.user_id)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/jwt")
    found = claims(tenant, answer.text, tenant.project_id)
    plain = tenant.service.call("GET", PATH, query={"user_id": tenant.user_id}, key=tenant.key).ok()
    assert (found["sub"], found["revision"]) == (tenant.user_id, plain["revision"])
    told = [entry["feature_code"] for entry in plain["entitlements"]]
    assert [entry["feature_code"] for entry in found["entitlements"]] == told != []
    with pytest.raises(InvalidClaimError):
        claims(tenant, answer.text, tenant.service.other_project_id)


@pytest.mark.parametrize("accept", ["application/jwt", "application/json"])
def test_what_is_unchanged_is_not_sent_again(tenant: Tenant, accept: str) -> None:
    user = a_user()
    for _ in range(2):  # the tag of a token changes every 150 s: once at most within this test
        first = ask(tenant, user, Accept=accept)
        tags = f'"another", {first.headers["etag"]}'
        again = ask(tenant, user, Accept=accept, **{"If-None-Match": tags})
        if again.status == 304:
            break
    assert (again.status, again.text) == (304, "")
    assert again.headers["cache-control"] == first.headers["cache-control"]
    assert ask(tenant, user, Accept=accept, **{"If-None-Match": "*"}).status == 304


def test_the_operators_command_publishes_the_next_key_and_then_waits(
    tenant: Tenant, place: Place
) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "layers" / "billing"),
        "BILLING_STATE_DIR": str(place.state),
        "BILLING_PORT": str(place.port),
    }
    command = [sys.executable, "-m", "local.signing_key", "--stack", "billing-local"]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - this interpreter
            command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
        )

    steps = [run() for _ in range(3)]  # on a stack that stands for long, a key may be due first
    waiting = next(step for step in steps if step.returncode)
    assert "may not sign before" in waiting.stderr
    assert steps[-1].stderr == waiting.stderr
    assert keys(tenant)
