"""Pushes: who sent them, are they new, and what is forgotten."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from billing_client import Billing, Event, InvalidPush, Receiver
from billing_client.receiver import MOST_BYTES, REMEMBERED, sign
from billing_client.testing import ManualClock
from client.tests.support.server import Server

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
FOREIGN = "whsec_" + base64.b64encode(b"f" * 32).decode()


@dataclass
class Forgetful:
    """Remembers what it was told to forget."""

    forgot: list[tuple[str, int | None]] = field(default_factory=list)

    def invalidate(self, user_id: str, revision: int | None = None) -> None:
        self.forgot.append((user_id, revision))


@pytest.fixture
def forgetful() -> Forgetful:
    return Forgetful()


@pytest.fixture
def receiver(forgetful: Forgetful, clock: ManualClock) -> Receiver:
    return Receiver(forgetful, [SECRET, OLD], clock=clock)


def a_push(
    clock: ManualClock, *secrets: str, event_id: str = "msg_1", **data: Any
) -> tuple[dict[str, str], bytes]:
    """Headers and body as the service sends them."""
    said = {"project_id": "test", "user_id": "ann", "revision": 7, **data}
    event = {"type": "entitlements.changed", "timestamp": clock.instant.isoformat(), "data": said}
    body = json.dumps(event).encode()
    sent_at = int(clock.now())
    signatures = [sign(secret, event_id, sent_at, body) for secret in secrets or (SECRET,)]
    headers = {
        "webhook-id": event_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(signatures),
    }
    return headers, body


def test_a_push_is_read_and_its_user_forgotten(
    receiver: Receiver, forgetful: Forgetful, clock: ManualClock
) -> None:
    event = receiver.receive(*a_push(clock, feature_codes=["export"]))
    assert (event.id, event.type, event.user_id, event.revision, event.project_id) == (
        "msg_1", "entitlements.changed", "ann", 7, "test",
    )  # fmt: skip
    assert event.data["feature_codes"] == ["export"]
    assert event.timestamp == clock.instant
    assert forgetful.forgot == [("ann", 7)]


def test_the_signature_is_that_of_standard_webhooks(clock: ManualClock) -> None:
    """The example of https://github.com/standard-webhooks/standard-webhooks's reference tests."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("signed_by", [[SECRET], [OLD], [FOREIGN, SECRET], [SECRET, OLD]])
def test_each_secret_of_a_rotation_holds(
    receiver: Receiver, clock: ManualClock, signed_by: list[str]
) -> None:
    assert receiver.receive(*a_push(clock, *signed_by)).user_id == "ann"


def test_header_names_are_taken_in_any_case(receiver: Receiver, clock: ManualClock) -> None:
    headers, body = a_push(clock)
    assert receiver.receive({name.title(): v for name, v in headers.items()}, body).id == "msg_1"


Change = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]
TAMPERED: dict[str, Change] = {
    "another body": lambda h, b: (h, b.replace(b"ann", b"eve")),
    "another id": lambda h, b: (h | {"webhook-id": "msg_2"}, b),
    "another time": lambda h, b: (h | {"webhook-timestamp": "1772452801"}, b),
    "no version": lambda h, b: (h | {"webhook-signature": h["webhook-signature"][3:]}, b),
    "another version": lambda h, b: (
        h | {"webhook-signature": h["webhook-signature"].replace("v1", "v2")}, b,
    ),
    "cut off": lambda h, b: (h | {"webhook-signature": h["webhook-signature"][:-1]}, b),
    "not ASCII": lambda h, b: (h | {"webhook-signature": "v1,é\udcff"}, b),
    "hidden behind many": lambda h, b: (
        h | {"webhook-signature": "v1,AAAA " * 16 + h["webhook-signature"]}, b,
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_what_was_tampered_with_is_refused(
    receiver: Receiver, forgetful: Forgetful, clock: ManualClock, change: Change
) -> None:
    with pytest.raises(InvalidPush) as caught:
        receiver.receive(*change(*a_push(clock)))
    assert caught.value.status == 401
    assert forgetful.forgot == []
    assert receiver.receive(*a_push(clock)).is_repeated is False


def test_a_foreign_secret_is_refused(receiver: Receiver, clock: ManualClock) -> None:
    with pytest.raises(InvalidPush):
        receiver.receive(*a_push(clock, FOREIGN))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", ""),
        ("webhook-id", "x" * 257),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "now"),
        ("webhook-timestamp", "-5"),
        ("webhook-timestamp", "²"),
        ("webhook-timestamp", "9" * 400),
        ("webhook-signature", ""),
        ("webhook-signature", " "),
    ],
)
def test_headers_that_cannot_be_read_are_refused(
    receiver: Receiver, clock: ManualClock, name: str, value: str
) -> None:
    headers, body = a_push(clock)
    with pytest.raises(InvalidPush) as caught:
        receiver.receive(headers | {name: value}, body)
    assert caught.value.status == 400
    with pytest.raises(InvalidPush):
        receiver.receive({k: v for k, v in headers.items() if k != name}, body)


@pytest.mark.parametrize(
    ("later", "holds"), [(300, True), (301, False), (-300, True), (-301, False)]
)
def test_it_is_taken_within_five_minutes(
    receiver: Receiver, clock: ManualClock, later: float, holds: bool
) -> None:
    headers, body = a_push(clock)
    clock.advance(later)
    if holds:
        assert receiver.receive(headers, body).id == "msg_1"
    else:
        with pytest.raises(InvalidPush, match="clocks"):
            receiver.receive(headers, body)


def test_a_repetition_changes_nothing(
    receiver: Receiver, forgetful: Forgetful, clock: ManualClock
) -> None:
    push = a_push(clock)
    assert [receiver.receive(*push).is_repeated for _ in range(3)] == [False, True, True]
    assert forgetful.forgot == [("ann", 7)]


def test_of_many_at_once_one_is_the_first(clock: ManualClock) -> None:
    calls: list[Event] = []
    receiver = Receiver(Forgetful(), [SECRET], on_event=calls.append, clock=clock)
    push = a_push(clock)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: receiver.receive(*push).is_repeated, range(50)))
    assert found.count(False) == 1
    assert len(calls) == 1


def test_what_the_app_could_not_do_is_tried_again(clock: ManualClock) -> None:
    calls: list[str] = []

    def stumble(event: Event) -> None:
        calls.append(event.id)
        if len(calls) == 1:
            raise LookupError("the app's own trouble")

    receiver = Receiver(Forgetful(), [SECRET], on_event=stumble, clock=clock)
    push = a_push(clock)
    with pytest.raises(LookupError):
        receiver.receive(*push)
    assert receiver.receive(*push).is_repeated is False
    assert receiver.receive(*push).is_repeated is True
    assert len(calls) == 2


def test_what_was_seen_is_remembered_within_bounds(receiver: Receiver, clock: ManualClock) -> None:
    for number in range(REMEMBERED + 10):
        receiver._seen.add(f"other-{number}", value=True)
    assert len(receiver._seen) == REMEMBERED


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"\xff", b'{"type": "x"}', b'{"type": "x", "data": []}', b"[" * 100_000,
     b'{"type": "x", "timestamp": "yesterday", "data": {}}'],
    ids=lambda body: str(body[:30]),
)  # fmt: skip
def test_a_signed_body_that_is_no_event_is_refused(
    receiver: Receiver, clock: ManualClock, body: bytes
) -> None:
    headers, _ = a_push(clock)
    sent_at = int(headers["webhook-timestamp"])
    headers["webhook-signature"] = sign(SECRET, "msg_1", sent_at, body)
    with pytest.raises(InvalidPush) as caught:
        receiver.receive(headers, body)
    assert caught.value.status == 400


def test_a_body_that_is_too_large_is_refused(receiver: Receiver, clock: ManualClock) -> None:
    headers, _ = a_push(clock)
    with pytest.raises(InvalidPush) as caught:
        receiver.receive(headers, b" " * (MOST_BYTES + 1))
    assert caught.value.status == 413


def test_an_event_about_nobody_forgets_nobody(
    receiver: Receiver, forgetful: Forgetful, clock: ManualClock
) -> None:
    event = receiver.receive(*a_push(clock, user_id=None, revision="many"))
    assert (event.user_id, event.revision) == (None, None)
    assert forgetful.forgot == []


@pytest.mark.parametrize(
    "secrets", [[], "whsec_AAAA", ["AAAA"], ["whsec_"], ["whsec_é"], ["whsec_AAAA", ""]]
)
def test_without_proper_secrets_nothing_is_received(secrets: Any) -> None:
    with pytest.raises(ValueError, match="secret"):
        Receiver(Forgetful(), secrets)


def test_a_coroutine_is_no_handler() -> None:
    async def handle(_event: Event) -> None:
        """Never awaited."""

    with pytest.raises(TypeError, match="coroutine"):
        Receiver(Forgetful(), [SECRET], on_event=handle)


def test_secrets_are_not_shown(receiver: Receiver) -> None:
    assert repr(receiver) == "Receiver(2 secrets)"


def test_a_push_is_seen_by_the_next_question(
    billing: Billing, server: Server, clock: ManualClock
) -> None:
    receiver = Receiver(billing, [SECRET], clock=clock)
    server.service.grant("ann", "export")
    assert billing.can("ann", "export")
    revision = server.service.revoke("ann", "export")
    receiver.receive(*a_push(clock, revision=revision))
    assert not billing.can("ann", "export")
