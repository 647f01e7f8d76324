"""Stripe's lists, page by page, so that whoever reads one can stop and go on later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from billing.adapters.stripe.tolerated import Operation

if TYPE_CHECKING:
    from billing.adapters.stripe.calls import Calls, Json


class Listed(StrEnum):
    """What can be gone through."""

    SUBSCRIPTIONS = "subscriptions"
    SESSIONS = "sessions"
    CHARGES = "charges"
    DISPUTES = "disputes"
    EVENTS = "events"
    REFUNDS = "refunds"
    INVOICES = "invoices"


_LISTS: dict[Listed, tuple[Operation, str]] = {
    Listed.SUBSCRIPTIONS: (Operation.LIST_SUBSCRIPTIONS, "/v1/subscriptions"),
    Listed.SESSIONS: (Operation.LIST_SESSIONS, "/v1/checkout/sessions"),
    Listed.CHARGES: (Operation.LIST_CHARGES, "/v1/charges"),
    Listed.DISPUTES: (Operation.LIST_DISPUTES, "/v1/disputes"),
    Listed.EVENTS: (Operation.LIST_EVENTS, "/v1/events"),
    Listed.REFUNDS: (Operation.LIST_REFUNDS, "/v1/refunds"),
    Listed.INVOICES: (Operation.LIST_INVOICES, "/v1/invoices"),
}

_ANY: dict[Listed, Json] = {kind: {} for kind in Listed} | {Listed.SUBSCRIPTIONS: {"status": "all"}}
"""What has to be said for a list to leave nothing out."""


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
    """Fetch one page of a list, going from the newest down."""
    listed = _read(calls, kind, window, {"starting_after": after} if after else {})
    objects: list[Json] = listed["data"]
    return ListPage(objects, str(objects[-1]["id"]) if listed["has_more"] and objects else None)


def read_page_above(calls: Calls, kind: Listed, window: Window, above: str) -> ListPage:
    """Fetch the page of what is just newer than an object; the cursor goes on upwards."""
    listed = _read(calls, kind, window, {"ending_before": above})
    objects: list[Json] = listed["data"]
    return ListPage(objects, str(objects[0]["id"]) if listed["has_more"] and objects else None)


def walk(calls: Calls, kind: Listed, wanted: Json, after: str | None = None) -> Iterator[Json]:
    """Go through what a list has of somebody or something, newest first; ended ones too.

    A page is fetched when it is come to; `after` is the id of the object behind which to begin.
    """
    operation, path = _LISTS[kind]
    asked = _ANY[kind] | wanted | ({"starting_after": after} if after else {})
    while True:
        listed = calls.raw_page(operation, path, asked)
        yield from listed["data"]
        if not listed["has_more"] or not listed["data"]:
            return
        asked = asked | {"starting_after": str(listed["data"][-1]["id"])}


def _read(calls: Calls, kind: Listed, window: Window, cursor: Json) -> Json:
    operation, path = _LISTS[kind]
    wanted, created = dict(_ANY[kind]), {"gte": window.begin, "lt": window.end}
    bounds = {bound: int(at.timestamp()) for bound, at in created.items() if at}
    if bounds:
        wanted["created"] = bounds
    return calls.raw_page(operation, path, wanted | cursor)
