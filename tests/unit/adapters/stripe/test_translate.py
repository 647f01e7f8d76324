"""Whatever comes, nothing but `UnreadableShape` is raised."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.adapters.stripe import translate
from billing.adapters.stripe.translate import StripeEvent, UnreadableShape, is_thin, read_event
from tests.support.stripe_objects import (
    MARCH,
    a_charge,
    a_dispute,
    a_list,
    a_session,
    a_subscription,
    an_event,
    an_invoice,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)

READERS: dict[str, Callable[[Any], object]] = {
    "event": translate.read_event,
    "subscription": lambda obj: translate.read_subscription(
        obj, as_of=NOW, event_id="evt_1", first_seen=NOW
    ),
    "items": translate.has_all_items,
    "session": lambda obj: translate.read_purchase(
        obj, as_of=NOW, event_id="evt_1", first_seen=NOW
    ),
    "lines": translate.has_all_lines,
    "invoice": lambda obj: translate.read_paid_invoice(obj, at=NOW),
    "charge": lambda obj: translate.read_charge_refund(obj, as_of=NOW),
    "dispute": lambda obj: translate.read_dispute(obj, as_of=NOW),
    "claim": translate.read_claim,
    "thin": translate.is_thin,
}

EXAMPLES = [
    an_event(a_subscription(), "customer.subscription.updated"),
    a_subscription(),
    a_subscription(old=True),
    a_session(line_items=a_list({"id": "li_1", "price": {"id": "price_1"}, "quantity": 2})),
    a_session(client_reference_id="shop:u-1", metadata={}),
    an_invoice(),
    an_invoice(old=True),
    a_charge(),
    a_charge(old=True),
    a_dispute(),
]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["id", "price", "data", "active", "payment", 10**12, -1, "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "object", "items", "data", "price", "metadata", "status", "period", "parent"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in steps:
        yield (*path, step)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*path, step))


def changed(example: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Put a value somewhere in an object, or take the place away with `...`."""
    whole = copy.deepcopy(example)
    target = whole
    for step in path[:-1]:
        target = target[step]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return whole


def only_unreadable(obj: Any) -> None:
    for read in READERS.values():
        with suppress(UnreadableShape):
            read(obj)


@given(JSON)
def test_any_json_is_read_or_unreadable(obj: Any) -> None:
    only_unreadable(obj)


@pytest.mark.parametrize("example", EXAMPLES)
def test_any_key_may_be_missing(example: Any) -> None:
    for path in paths(example):
        only_unreadable(changed(example, path, ...))


@settings(max_examples=300)
@given(st.data())
def test_any_part_may_be_anything(data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(EXAMPLES))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(paths(example))))
        example = changed(example, path, data.draw(JSON))
        if not list(paths(example)):
            break
    only_unreadable(example)


@given(st.sampled_from(["cancel_at", "ended_at", "start_date", "trial_end"]), st.integers())
def test_any_whole_number_is_a_time_or_unreadable(name: str, seconds: int) -> None:
    only_unreadable({**a_subscription(), name: seconds})


def test_an_event_is_read() -> None:
    obj = a_subscription()
    assert read_event(an_event(obj, "customer.subscription.updated")) == StripeEvent(
        id="evt_1",
        type="customer.subscription.updated",
        created=datetime.fromtimestamp(MARCH, UTC),
        livemode=False,
        api_version="2026-10-28.endive",
        object=obj,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"type": 3},
        {"created": None},
        {"created": "now"},
        {"livemode": "false"},
        {"data": None},
        {"data": {}},
        {"data": {"object": "sub_1"}},
    ],
)
def test_what_is_no_event_is_said(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableShape):
        read_event(an_event(a_subscription(), "t", **changes))


@pytest.mark.parametrize(
    ("payload", "thin"),
    [({"object": "v2.core.event"}, True), ({"object": "event"}, False), ([], False), (None, False)],
)
def test_a_thin_event_is_told(payload: object, thin: bool) -> None:
    assert is_thin(payload) is thin
