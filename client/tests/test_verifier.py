"""Signed snapshots: which hold, and what it takes to know."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from billing_client import AsyncVerifier, Billing, InvalidToken, Unavailable, Verifier
from billing_client.errors import BillingError, InvalidInput
from billing_client.testing import FakeService, ManualClock
from billing_client.testing.service import KEY
from billing_client.testing.signing import Signer
from billing_client.wire import Reply
from client.tests.support.server import Server

Verify = Callable[[str], Any]
JWKS = "/.well-known/jwks.json"


@pytest.fixture(params=["Verifier", "AsyncVerifier"])
def verify(request: pytest.FixtureRequest, server: Server) -> Iterator[Verify]:
    issuer, audience, clock = "urn:billing:test", "test", server.clock
    if request.param == "Verifier":
        yield Verifier(server.url, issuer=issuer, audience=audience, clock=clock).verify
        return
    url = server.url + JWKS
    verifier = AsyncVerifier(jwks_url=url, issuer=issuer, audience=audience, clock=clock)
    with asyncio.Runner() as runner:
        yield lambda token: runner.run(verifier.verify(token))


@pytest.fixture
def service(server: Server) -> FakeService:
    return server.service


def a_token(service: FakeService, **claims: Any) -> str:
    service.grant("ann", "export", lasts=1000)
    service.grant("ann", "devices", 5)
    told = service.project.told("ann")
    said = service.project.signer.claims(told.body, service.clock.now(), told.max_age)
    return service.project.signer.seal({**said, **claims})


def test_a_snapshot_says_what_the_service_says(
    verify: Verify, service: FakeService, server: Server
) -> None:
    with Billing(server.url, KEY, clock=server.clock) as billing:
        a_token(service)
        known, found = billing.entitlements("ann"), verify(billing.token("ann"))
    assert found.features.keys() == known.features.keys() == {"export", "devices"}
    assert (found.revision, found.checked_at) == (known.revision, known.checked_at)
    for code, each in found.features.items():
        assert (each.value, each.valid_to) == (
            known.features[code].value,
            known.features[code].valid_to,
        )


def test_the_keys_are_fetched_once(verify: Verify, service: FakeService, server: Server) -> None:
    token = a_token(service)
    for _ in range(5):
        verify(token)
    assert server.count(JWKS) == 1


def test_what_ends_within_the_snapshot_ends_to_the_second(
    verify: Verify, service: FakeService, clock: ManualClock
) -> None:
    service.grant("ann", "export", lasts=100)
    told = service.project.told("ann")
    token = service.project.signer.seal(service.project.signer.claims(told.body, clock.now(), 300))
    clock.advance(99.5)
    assert "export" in verify(token)
    clock.advance(0.5)
    assert "export" not in verify(token)


def test_it_expires_to_the_second(verify: Verify, service: FakeService, clock: ManualClock) -> None:
    token = a_token(service)
    clock.advance(299.9)
    assert verify(token)
    clock.advance(0.1)
    with pytest.raises(InvalidToken, match="expired"):
        verify(token)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "urn:billing:other"},
        {"aud": "another-project"},
        {"aud": ["test"]},
        {"nbf": 4_000_000_000},
        {"exp": 1},
        {"exp": "never"},
        {"exp": float("nan")},
        {"iat": 1e300},
        {"sub": None, "revision": None},
        {"entitlements": None},
        {"entitlements": [{"feature_code": "x"}]},
    ],
    ids=str,
)
def test_claims_that_do_not_hold_are_refused(
    verify: Verify, service: FakeService, claims: Mapping[str, Any]
) -> None:
    with pytest.raises(InvalidToken):
        verify(a_token(service, **claims))


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "iat", "nbf", "exp", "revision"])
def test_a_claim_that_is_missing_is_refused(
    verify: Verify, service: FakeService, claim: str
) -> None:
    told = service.project.told("ann")
    said = service.project.signer.claims(told.body, service.clock.now(), 60)
    with pytest.raises(InvalidToken):
        verify(service.project.signer.seal({k: v for k, v in said.items() if k != claim}))


# -- forgeries


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _swapped(token: str, part: int, value: Any) -> str:
    parts = token.split(".")
    parts[part] = _part(value)
    return ".".join(parts)


def _by_hmac_of_the_public_key(service: FakeService, token: str) -> str:
    """The confusion of algorithms: the public key as the secret of an HMAC."""
    public = service.project.signer.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    head = _part({"alg": "HS256", "kid": service.project.signer.kid, "typ": "JWT"})
    signed = f"{head}.{token.split('.')[1]}"
    return f"{signed}.{_part(hmac.digest(public, signed.encode(), hashlib.sha256))}"


def _own_key(service: FakeService, token: str, **header: Any) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    headers = {"kid": service.project.signer.kid, **header}
    return jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers=headers)


FORGERIES: dict[str, Callable[[FakeService, str], str]] = {
    "another payload": lambda s, t: _swapped(t, 1, {"sub": "eve"}),
    "another signature": lambda s, t: _swapped(t, 2, b"\0" * 64),
    "no signature": lambda s, t: t.rpartition(".")[0] + ".",
    "alg none": lambda s, t: _swapped(_swapped(t, 0, {"alg": "none", "kid": "key-1"}), 2, b""),
    "alg None": lambda s, t: _swapped(t, 0, {"alg": "NoNe", "kid": "key-1"}),
    "no alg": lambda s, t: _swapped(t, 0, {"kid": "key-1"}),
    "no kid": lambda s, t: _swapped(t, 0, {"alg": "EdDSA"}),
    "kid is no text": lambda s, t: _swapped(t, 0, {"alg": "EdDSA", "kid": 1}),
    "critical extension": lambda s, t: _own_key(s, t, crit=["b64"], b64=False),
    "HMAC of the public key": _by_hmac_of_the_public_key,
    "another key of that name": _own_key,
    "a key that it brings along": lambda s, t: _own_key(s, t, jwk=Signer("x").jwks()["keys"][0]),
    "an unknown key": lambda s, t: _own_key(s, t, kid="key-2"),
    "not a token": lambda s, t: "abc",
    "empty": lambda s, t: "",
    "not base64": lambda s, t: "!!.!!.!!",
    "not ASCII": lambda s, t: "é.é.é",
    "four parts": lambda s, t: t + ".x",
    "a list": lambda s, t: _swapped(t, 0, []),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_refused(
    verify: Verify, service: FakeService, forge: Callable[[FakeService, str], str]
) -> None:
    token = a_token(service)
    assert verify(token)
    with pytest.raises(InvalidToken):
        verify(forge(service, token))


@pytest.mark.parametrize("kind", ["RSA", "EC"])
def test_keys_of_another_kind_are_no_keys(
    server: Server, service: FakeService, clock: ManualClock, kind: str
) -> None:
    key: Any
    if kind == "RSA":
        key = rsa.generate_private_key(65537, 2048)
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    server.say(Reply(200, {}, json.dumps({"keys": [{**public, "kid": "key-1"}]}).encode()))
    verifier = Verifier(server.url, issuer="urn:billing:test", audience="test", clock=clock)
    with pytest.raises(InvalidToken, match="does not have"):
        verifier.verify(a_token(service))


# -- the keys


def test_a_rotated_key_is_fetched_when_it_is_met(
    verify: Verify, service: FakeService, server: Server, clock: ManualClock
) -> None:
    verify(a_token(service))
    service.project.signer = Signer("test", kid="key-2")
    clock.advance(11)
    assert verify(a_token(service)).features
    assert server.count(JWKS) == 2


def test_made_up_key_ids_do_not_make_it_fetch(
    verify: Verify, service: FakeService, server: Server, clock: ManualClock
) -> None:
    token = a_token(service)
    verify(token)
    clock.advance(11)
    for number in range(50):
        with pytest.raises(InvalidToken):
            verify(_own_key(service, token, kid=f"made-up-{number}"))
    assert server.count(JWKS) == 2
    assert verify(token)


def test_a_withdrawn_key_holds_no_longer_than_the_set_is_fresh(
    verify: Verify, service: FakeService, clock: ManualClock
) -> None:
    verify(a_token(service))
    old = service.project.signer
    service.project.signer = Signer("test", kid="key-2")
    clock.advance(300)
    told = service.project.told("ann")
    with pytest.raises(InvalidToken, match="does not have"):
        verify(old.seal(old.claims(told.body, clock.now(), 60)))


def test_while_the_service_is_down_known_keys_are_used(
    verify: Verify, service: FakeService, clock: ManualClock
) -> None:
    verify(a_token(service))
    service.cut()
    clock.advance(3600)
    assert verify(a_token(service)).features


A_BAD_KEY = {"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "?"}


@pytest.mark.parametrize("content", ["", [], {"keys": 1}, {"keys": [1]}, {"keys": [A_BAD_KEY]}])
def test_keys_that_cannot_be_read_change_nothing(
    server: Server, service: FakeService, clock: ManualClock, content: Any
) -> None:
    verifier = Verifier(server.url, issuer="urn:billing:test", audience="test", clock=clock)
    server.say(Reply(200, {}, json.dumps(content).encode()))
    with pytest.raises(Unavailable, match="cannot be fetched"):
        verifier.verify(a_token(service))
    clock.advance(10)
    assert verifier.verify(a_token(service)).features


def test_without_keys_nothing_is_verified_and_it_says_why(
    verify: Verify, service: FakeService
) -> None:
    service.cut()
    with pytest.raises(Unavailable, match="cannot be fetched"):
        verify(a_token(service))


def test_exactly_one_address_is_given() -> None:
    for addresses in ({}, {"base_url": "https://a.test", "jwks_url": "https://b.test"}):
        with pytest.raises(ValueError, match="either"):
            Verifier(**addresses, issuer="i", audience="a")  # type: ignore[arg-type] # on purpose


def test_a_service_that_signs_none_says_so(server: Server, clock: ManualClock) -> None:
    with Billing(server.url, KEY, clock=clock) as billing:
        server.say(Reply(200, {"content-type": "application/json"}, b"{}"))
        with pytest.raises(InvalidInput, match="signs no"):
            billing.token("ann")
        server.service.fail(503, "not_configured", retry_after=60)
        with pytest.raises(BillingError) as caught:
            billing.token("ann")
    assert caught.value.code == "not_configured"


def test_trouble_with_snapshots_is_no_trouble_with_answers(
    server: Server, clock: ManualClock
) -> None:
    with Billing(server.url, KEY, clock=clock) as billing:
        server.service.fail(503, "not_configured", times=1, retry_after=60)
        with pytest.raises(Unavailable):
            billing.token("ann")
        assert billing.check("ann", "export").reason == "not_entitled"


def test_a_transport_of_ones_own_carries_the_keys(service: FakeService) -> None:
    transport = httpx.MockTransport(service.handle)
    verifier = Verifier(
        "https://billing.test",
        issuer="urn:billing:test",
        audience="test",
        clock=service.clock,
        transport=transport,
    )
    assert verifier.verify(a_token(service)).features
