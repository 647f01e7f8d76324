"""The webhook's two doors: who may come in, what is done once, and what is left alone."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local import deploy
from local.place import STACK_NAME, Place
from local.stripe import signing
from tests.support.e2e import Answer, Json, Service, a_user, at_once, eventually

DOORS = ("function URL", "API route")
MIB = 1024 * 1024
ACTIVE = "customer.subscription.updated"
COMPLETED = "checkout.session.completed"


class Purchase:
    """A user who bought, of which the service heard nothing yet but the customer."""

    def __init__(self, service: Service, price: str = "pro_monthly") -> None:
        self.service = service
        self.user_id = a_user()
        with service.disturbed(drop=True):
            service.buy(self.user_id, price)
        self.customer_id: str = service.account(self.user_id)["account"]["customer_id"]

    def event(self, type_: str) -> Json:
        (event,) = self.service.events_of(self.customer_id, type_)
        return event

    @property
    def revision(self) -> int:
        return int(self.service.account(self.user_id)["account"]["revision"])

    @property
    def causes(self) -> list[str]:
        return [entry["cause_id"] for entry in self.service.account(self.user_id)["history"]]


@pytest.fixture
def purchase(service: Service) -> Purchase:
    return Purchase(service)


# -- secrets: first, since each further worker makes the emulator slower to forget them


@pytest.fixture
def set_secret(service: Service, place: Place) -> Iterator[Callable[[Json], None]]:
    """Sets the secret; a changed variable makes new workers, so none remembers the one before."""
    secrets, functions = (deploy.client(name, place) for name in ("secretsmanager", "lambda"))
    secret_id = deploy.resources(place)["StripeWebhookSecret"]
    name = f"{STACK_NAME}-webhook-receive"

    def put(value: Json) -> None:
        secrets.put_secret_value(SecretId=secret_id, SecretString=json.dumps(value))
        known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables = known | {"E2E_GENERATION": uuid.uuid4().hex}
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )

    yield put
    put({"current": service.stack["webhook_secret"]})


def test_without_a_secret_nothing_is_taken_and_nothing_is_lost(
    service: Service, purchase: Purchase, set_secret: Callable[[Json], None]
) -> None:
    event = purchase.event(ACTIVE)

    def post(secret: str | None = None) -> Answer:
        return service.post_event(event, secret=secret)

    set_secret({})
    for url in service.webhook_urls.values():
        for secret in ("", service.stack["webhook_secret"]):
            refused = service.post_event(event, url=url, secret=secret)
            refused.problem(503, "not_configured")
    assert service.event(event["id"]) is None
    old, new = service.stack["webhook_secret"], "whsec_rotated"
    set_secret({"current": new, "previous": old})
    for secret in (old, new):
        assert post(secret).ok()["outcome"] == "queued"
    post("whsec_other").problem(401, "invalid_signature")
    eventually(lambda: service.event(event["id"]))
    assert service.features(purchase.user_id)["export"] is True


# -- exactly once


@pytest.mark.parametrize("doors", [DOORS[:1], DOORS[1:], DOORS], ids=" and ".join)
def test_an_event_posted_twenty_times_from_all_sides_has_one_effect(
    service: Service, purchase: Purchase, doors: tuple[str, ...]
) -> None:
    before = purchase.revision
    event = purchase.event(ACTIVE)
    urls = [service.webhook_urls[doors[number % len(doors)]] for number in range(20)]
    answers = at_once(lambda url: service.post_event(event, url=url), urls, threads=4)
    assert [answer.ok()["outcome"] for answer in answers] == ["queued"] * 20
    # What comes behind them in the same group tells that they are all through.
    last = purchase.event(COMPLETED)
    service.post_event(last).ok()
    eventually(lambda: service.event(last["id"]))
    assert purchase.causes.count(event["id"]) == 1
    assert purchase.revision == before + len({event["id"], last["id"]} & set(purchase.causes))
    entry = service.event(event["id"])
    assert entry is not None
    assert entry["outcome"] == "applied"
    assert service.features(purchase.user_id) == {"devices": 5, "export": True, "sync": True}


def test_an_event_that_comes_again_later_changes_nothing(
    service: Service, purchase: Purchase
) -> None:
    event = purchase.event(ACTIVE)
    service.post_event(event).ok()
    eventually(lambda: service.event(event["id"]))
    seen = purchase.revision, purchase.causes, service.entitlements(purchase.user_id)
    for door in DOORS:
        # Written anew and signed anew: what counts is the event's id.
        body = json.dumps(event, indent=1).encode()
        assert service.post_event(body, url=service.webhook_urls[door]).ok()["received"]
    last = purchase.event(COMPLETED)
    service.post_event(last).ok()
    eventually(lambda: service.event(last["id"]))
    assert purchase.causes.count(event["id"]) == 1
    now = service.entitlements(purchase.user_id)
    assert now["entitlements"] == seen[2]["entitlements"]


# -- signatures


def _header(body: bytes, secret: str, at: float, version: str = "v1") -> str:
    return f"t={int(at)},{version}={signing.signature(body, secret, int(at))}"


Sign = Callable[[bytes, str], str | bytes | None]
BAD_SIGNATURES: dict[str, tuple[Sign, int, str]] = {
    "none": (lambda body, key: None, 400, "unreadable_signature"),
    "empty": (lambda body, key: "", 400, "unreadable_signature"),
    "words": (lambda body, key: "please", 400, "unreadable_signature"),
    "no time": (lambda body, key: "v1=00", 400, "unreadable_signature"),
    "no v1": (lambda body, key: _header(body, key, time.time(), "v0"), 400, "unreadable_signature"),
    "two times": (lambda body, key: "t=1," + _header(body, key, 1), 400, "unreadable_signature"),
    "time in words": (lambda body, key: "t=now,v1=00", 400, "unreadable_signature"),
    "endless time": (lambda body, key: f"t={'9' * 400},v1=00", 400, "unreadable_signature"),
    "unicode digits": (lambda body, key: "t=١٢,v1=00".encode(), 400, "unreadable_signature"),
    "negative time": (lambda body, key: "t=-1,v1=00", 400, "unreadable_signature"),
    "wrong": (lambda body, key: f"t={int(time.time())},v1={'0' * 64}", 401, "invalid_signature"),
    "not ASCII": (lambda b, k: f"t={int(time.time())},v1=é".encode(), 401, "invalid_signature"),
    "cut off": (lambda body, key: _header(body, key, time.time())[:-1], 401, "invalid_signature"),
    "other secret": (
        lambda body, key: _header(body, "whsec_other", time.time()), 401, "invalid_signature",
    ),
    "no secret": (lambda body, key: _header(body, "", time.time()), 401, "invalid_signature"),
    "of another body": (
        lambda body, key: _header(body + b" ", key, time.time()), 401, "invalid_signature",
    ),
    "of the body alone": (
        lambda body, key: f"t={int(time.time())},v1="
        + hmac.new(key.encode(), body, hashlib.sha256).hexdigest(),
        401, "invalid_signature",
    ),
    "stale": (lambda body, key: _header(body, key, time.time() - 330), 401, "invalid_signature"),
    "future": (lambda body, key: _header(body, key, time.time() + 330), 401, "invalid_signature"),
}  # fmt: skip


@pytest.fixture(scope="module")
def unheard(service: Service) -> Purchase:
    """A purchase whose events never come in with a good signature."""
    return Purchase(service)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", BAD_SIGNATURES)
def test_what_stripe_did_not_sign_is_refused(
    service: Service, unheard: Purchase, kind: str, door: str
) -> None:
    sign, status, code = BAD_SIGNATURES[kind]
    body = json.dumps(unheard.event(ACTIVE)).encode()
    headers: dict[str, str | bytes] = {"Content-Type": "application/json"}
    signature = sign(body, service.stack["webhook_secret"])
    if signature is not None:
        headers["Stripe-Signature"] = signature
    answer = service.send("POST", service.webhook_urls[door], data=body, headers=headers)
    answer.problem(status, code)


def test_what_was_refused_changed_nothing(service: Service, unheard: Purchase) -> None:
    last = unheard.event(COMPLETED)
    service.post_event(last).ok()
    eventually(lambda: service.event(last["id"]))
    refused = unheard.event(ACTIVE)
    assert service.event(refused["id"]) is None
    assert refused["id"] not in unheard.causes


@pytest.mark.parametrize("seconds", [-270, 270])
def test_a_clock_may_be_a_little_off(service: Service, seconds: int) -> None:
    event = {"id": f"evt_{uuid.uuid4().hex}", "type": "other", "object": "event"}
    service.post_event(event, at=time.time() + seconds).ok()


# -- what is signed and is no event of ours

NO_EVENTS: dict[str, bytes] = {
    "empty": b"",
    "blank": b"  ",
    "words": b"hello",
    "a number": b"1",
    "an array": b"[]",
    "null": b"null",
    "an empty object": b"{}",
    "no type": b'{"id": "evt_1"}',
    "an id of another type": b'{"id": 1, "type": "invoice.paid"}',
    "an empty id": b'{"id": "", "type": "invoice.paid"}',
    "deep": b"[" * 100_000,
    "an endless number": b'{"id": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", NO_EVENTS)
def test_what_is_no_event_is_malformed(service: Service, kind: str, door: str) -> None:
    answer = service.post_event(NO_EVENTS[kind], url=service.webhook_urls[door])
    answer.problem(400, "malformed_request")


def test_bytes_that_are_no_text_are_refused(service: Service) -> None:
    for door in DOORS:
        answer = service.post_event(b'{"id": "\xff\xfe"}', url=service.webhook_urls[door])
        answer.problem(answer.status)
        assert answer.status in (400, 401)  # 401 where the gateway has replaced the bytes


def _posted(service: Service, event: Json, door: str = DOORS[0]) -> Any:
    return service.post_event(event, url=service.webhook_urls[door]).ok()["outcome"]


@pytest.mark.parametrize("door", DOORS)
def test_what_is_of_no_concern_is_taken_and_changes_nothing(
    service: Service, purchase: Purchase, door: str
) -> None:
    known = purchase.event(ACTIVE)

    def variant(**changed: Any) -> Json:
        return known | {"id": f"evt_{uuid.uuid4().hex}"} | changed

    unhandled = variant(type="payout.paid")
    invented = variant(type="galaxy.created")
    live = variant(livemode=True)
    thin = {"id": f"evt_{uuid.uuid4().hex}", "object": "v2.core.event"} | {"type": "invoice.paid"}
    before = purchase.revision
    assert _posted(service, unhandled, door) == "ignored_type"
    assert _posted(service, invented, door) == "ignored_type"
    assert _posted(service, live, door) == "ignored_mode"
    assert _posted(service, thin, door) == "ignored_thin"
    last = purchase.event(COMPLETED)
    assert _posted(service, last, door) == "queued"
    eventually(lambda: service.event(last["id"]))
    assert [service.event(each["id"]) for each in (unhandled, invented, live, thin)] == [None] * 4
    assert purchase.revision == before + 1


def test_what_fits_no_account_is_parked_with_its_reason(
    service: Service, purchase: Purchase
) -> None:
    known = purchase.event(ACTIVE)

    def parked(change: Callable[[Json], object]) -> str:
        event = copy.deepcopy(known) | {"id": f"evt_{uuid.uuid4().hex}"}
        change(event["data"]["object"])
        assert _posted(service, event) == "queued"
        entry = eventually(lambda: service.event(event["id"]))
        assert entry is not None
        assert entry["outcome"] == "parked", entry
        return str(entry["reason"])

    before = purchase.revision
    nobody = {"id": "sub_nobody", "customer": "cus_nobody", "metadata": {}}
    project = {"project_id": "nobody", "user_id": purchase.user_id}
    assert parked(lambda obj: obj.update(nobody)) == "unmatched"
    assert parked(lambda obj: obj.update(metadata=project)) == "unknown_project"
    assert parked(lambda obj: obj.update(items=7)) == "unreadable"
    assert parked(lambda obj: obj.pop("status")) == "unreadable"
    assert purchase.revision == before
    assert service.features(purchase.user_id) == {}


# -- sizes


def _sized(event: Json, size: int) -> bytes:
    """The event with so many bytes."""
    bare = len(json.dumps(event | {"padding": ""}).encode())
    return json.dumps(event | {"padding": "x" * (size - bare)}).encode()


@pytest.mark.parametrize("door", DOORS)
def test_a_body_may_have_a_mebibyte_and_no_more(service: Service, door: str) -> None:
    url = service.webhook_urls[door]
    event = {"id": f"evt_{uuid.uuid4().hex}", "type": "other", "object": "event"}
    assert service.post_event(_sized(event, MIB), url=url).ok()["outcome"] == "ignored_type"
    for size in (MIB + 1, 2_000_000):
        service.post_event(_sized(event, size), url=url).problem(413, "payload_too_large")
        unsigned = service.send("POST", url, data=b"x" * size)
        unsigned.problem(413, "payload_too_large")


def test_an_event_too_large_for_a_message_is_applied(service: Service, purchase: Purchase) -> None:
    event = purchase.event(ACTIVE)
    service.post_event(_sized(event, 600_000)).ok()
    entry = eventually(lambda: service.event(event["id"]))
    assert entry is not None
    assert entry["outcome"] == "applied"
    assert service.features(purchase.user_id)["export"] is True
