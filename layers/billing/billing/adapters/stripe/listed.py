"""Stripe's lists, page by page, so that whoever reads one can stop and go on later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from billing.adapters.stripe.calls import Calls, Json
from billing.adapters.stripe.tolerated import Operation

if TYPE_CHECKING:
    import stripe


class Listed(StrEnum):
    """What can be gone through."""

    SUBSCRIPTIONS = "subscriptions"
    SESSIONS = "sessions"
    CHARGES = "charges"
    DISPUTES = "disputes"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Window:
    """By creation, `[begin, end)`; `None` is open."""

    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """Part of a list, newest first; `cursor` goes on, `None` at the end."""

    objects: list[Json]
    cursor: str | None


def read_page(calls: Calls, kind: Listed, window: Window, after: str | None) -> ListPage:
    """Fetch one page of a list."""
    v1 = calls.v1
    lists: dict[Listed, tuple[Operation, Callable[[Any], stripe.StripeObject]]] = {
        Listed.SUBSCRIPTIONS: (Operation.LIST_SUBSCRIPTIONS, v1.subscriptions.list),
        Listed.SESSIONS: (Operation.LIST_SESSIONS, v1.checkout.sessions.list),
        Listed.CHARGES: (Operation.LIST_CHARGES, v1.charges.list),
        Listed.DISPUTES: (Operation.LIST_DISPUTES, v1.disputes.list),
        Listed.EVENTS: (Operation.LIST_EVENTS, v1.events.list),
    }
    operation, list_page = lists[kind]
    wanted: Json = {"status": "all"} if kind is Listed.SUBSCRIPTIONS else {}
    created = {"gte": window.begin, "lt": window.end}
    bounds = {bound: int(at.timestamp()) for bound, at in created.items() if at}
    if bounds:
        wanted["created"] = bounds
    if after:
        wanted["starting_after"] = after
    listed = calls.page(operation, list_page, wanted)
    objects: list[Json] = listed["data"]
    return ListPage(objects, str(objects[-1]["id"]) if listed["has_more"] and objects else None)
