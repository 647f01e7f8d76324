"""What goes over the wire of the routes about events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from billing.adapters.dynamo.ledger import Wanted
from billing.domain.catalog import PROJECT_ID
from billing.domain.changes import LedgerEntry, OutcomeKind, ParkReason
from billing.domain.errors import InvalidInput
from billing.presentation import shown
from billing.services.replay_events import Replayed
from functions.admin.schemas import Body, Reason

MOST_REPLAYS = 25
"""Events that one request replays at most: it has to answer before the gateway gives up."""

STATES = (OutcomeKind.PARKED, OutcomeKind.DISMISSED)
"""The lists of what was not applied."""

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_REASONS = f"must be one of {', '.join(ParkReason)}"
_PROJECT = "must match [a-z0-9][a-z0-9-]{1,47}"


def _park_reason(text: object) -> ParkReason:
    try:
        return ParkReason(str(text))
    except ValueError as error:
        raise ValueError(_REASONS) from error


def _project_id(text: object) -> str:
    if not isinstance(text, str) or not PROJECT_ID.fullmatch(text):
        raise ValueError(_PROJECT)
    return text


class LinkRequest(Body):
    """Whose the Stripe customer of an event is."""

    project_id: str
    user_id: str
    reason: Reason


class DismissRequest(Body):
    """Why a parked event is none of this service's business."""

    reason: Reason


class ReplayRequest(Body):
    """Which parked events to replay."""

    reason: Annotated[ParkReason, BeforeValidator(_park_reason)]
    project_id: Annotated[str, BeforeValidator(_project_id)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_REPLAYS)] = MOST_REPLAYS
    cursor: str | None = None

    def to_wanted(self) -> Wanted:
        """Say it as the ledger does."""
        return Wanted(self.reason, self.project_id)


def wanted_of(asked: Mapping[str, str], now: datetime) -> Wanted:
    """Read which parked events a query asks for.

    Raises:
        InvalidInput: a parameter is not of its form.
    """
    reason, project_id = asked.get("reason"), asked.get("project_id")
    seconds, state = asked.get("older_than_seconds"), asked.get("state", OutcomeKind.PARKED)
    if state not in STATES:
        raise InvalidInput.field("state", f"must be {' or '.join(STATES)}")
    if reason is not None and reason not in set(ParkReason):
        raise InvalidInput.field("reason", _REASONS)
    if project_id is not None and not PROJECT_ID.fullmatch(project_id):
        raise InvalidInput.field("project_id", _PROJECT)
    if seconds is not None and not _SECONDS.fullmatch(seconds):
        raise InvalidInput.field("older_than_seconds", "must be a whole number of 1 to 9 digits")
    return Wanted(
        reason=None if reason is None else ParkReason(reason),
        project_id=project_id,
        until=None if seconds is None else now - timedelta(seconds=int(seconds)),
        state=OutcomeKind(state),
    )


def shown_entry(entry: LedgerEntry) -> dict[str, Any]:
    """Show an entry; its payload comes redacted or not at all."""
    hidden = {"payload", "fingerprint", "cause_id"}
    return {
        "event_id": entry.cause_id,
        **{name: value for name, value in shown(entry).items() if name not in hidden},
    }


def shown_replayed(replayed: Replayed) -> dict[str, Any]:
    """Show what became of a replayed event."""
    found: dict[str, Any] = shown(replayed)
    return found
