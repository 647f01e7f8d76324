"""Lives: any that Hypothesis makes up, and those in which it found something once."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.lives import ACTS, DAY, GAPS, Step

numbers = st.integers(0, 5)

beginnings = st.builds(
    Step,
    gap=st.just(0),
    act=st.sampled_from(["subscribe", "subscribe", "buy_once"]),
    which=numbers,
    how=numbers,
)

continuations = st.builds(
    Step, gap=st.sampled_from(GAPS), act=st.sampled_from(list(ACTS)), which=numbers, how=numbers
)

lives: st.SearchStrategy[list[Step]] = st.builds(
    lambda first, rest: [first, *rest], beginnings, st.lists(continuations, min_size=3, max_size=12)
)
"""Something is bought, and three to twelve things happen after it."""

STORIES: dict[str, list[Step]] = {
    # An unpaid session, and the money three days later: from when is it paid?
    "a purchase whose money takes days": [Step(0, "buy_once", 0, 2), Step(8 * DAY, "wait")],
    # The session was heard of, the subscription fetched, and changed within that second.
    "a change in the second of the purchase": [Step(0, "subscribe"), Step(0, "add_seats")],
    "a cancellation in the second of the purchase": [
        Step(0, "subscribe"),
        Step(0, "cancel_at_period_end"),
    ],
    # Two states of one second, of which `active` is not the later.
    "a trial that is given in the second of the purchase": [
        Step(0, "subscribe"),
        Step(0, "end_trial"),
    ],
    "an upgrade whose payment fails": [
        Step(0, "subscribe"),
        Step(DAY, "fail", 0, 4),
        Step(0, "resize", 0, 1),
        Step(DAY, "wait"),
    ],
    "a change of plan a second after the purchase": [
        Step(0, "subscribe", 1),
        Step(1, "switch"),
    ],
    "a refund that fails": [
        Step(0, "buy_once"),
        Step(0, "refund"),
        Step(1, "wait"),
        Step(0, "fail_refund"),
        Step(DAY, "wait"),
    ],
    "a delayed payment that is refused at once": [
        Step(0, "subscribe", 0, 4),
        Step(0, "settle", 0, 5),
        Step(DAY, "wait"),
    ],
}
"""Each was the shortest life to show a divergence."""
