"""Dead letters of the running stack go back to the queue, in order, and are processed."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from local import deploy, redrive, web
from local.place import STACK_NAME, Place

PATIENCE_SECONDS = 30.0


@pytest.fixture
def dead_letters(place: Place, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The queue's address; `make redrive STAGE=local` finds the stack under test."""
    monkeypatch.setenv("BILLING_STATE_DIR", str(place.state))
    monkeypatch.setenv("BILLING_PORT", str(place.port))
    return deploy.resources(place)["EventsDeadLetterQueue"]


def bury(place: Place, url: str, event_id: str) -> None:
    """Put an event among the dead letters that is going to be parked."""
    event = {"id": event_id, "type": "invoice.paid", "object": "event", "data": {"object": []}}
    deploy.client("sqs", place).send_message(
        QueueUrl=url,
        MessageBody=json.dumps(event),
        MessageGroupId="cus_redriven",
        MessageDeduplicationId=event_id,
    )


def test_dead_letters_are_counted_put_back_and_processed(
    stack: dict[str, Any], place: Place, dead_letters: str, capsys: pytest.CaptureFixture[str]
) -> None:
    event_ids = [f"evt_{uuid.uuid4().hex}" for _ in range(12)]
    for event_id in event_ids:
        bury(place, dead_letters, event_id)
    for arguments in (["--dry-run"], [], []):
        assert redrive.main(["--stack", STACK_NAME, *arguments]) == 0
    told = capsys.readouterr().out
    assert told.count("12 dead letters wait") == 2
    assert "12 were put back" in told
    assert "0 dead letters wait now" in told
    entries = [_entry(stack, event_id) for event_id in event_ids]
    assert {entry["reason"] for entry in entries} == {"unreadable"}
    assert sorted(entries, key=lambda entry: entry["recorded_at"]) == entries


def _entry(stack: dict[str, Any], event_id: str) -> dict[str, Any]:
    """Wait until the event is processed."""
    url = f"{stack['api_url']}/api/v1/admin/events/{event_id}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := web.request("GET", url, key=stack["admin_key"])).status == 404:
        assert time.monotonic() < deadline, "the event was not processed"
        time.sleep(0.1)
    found: dict[str, Any] = answer.json
    return found
