"""Laws that hold for whatever is heard, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.access import access, next_change
from billing.domain.account import ManualGrant
from billing.domain.holdings import holdings_of
from billing.domain.policy import Holding
from billing.domain.purchase import Purchase, merge_purchase
from billing.domain.refund import ChargeRefund, merge_refunds
from billing.domain.status import PaymentState, SubscriptionStatus
from billing.domain.subscription import (
    TIMELINE_EXACT,
    Moment,
    Subscription,
    is_tie,
    merge_subscription,
    merge_timeline,
    standing,
)
from tests.support.builders import (
    DAY,
    START,
    a_catalog,
    a_grant,
    a_purchase,
    a_refund,
    a_subscription,
    an_account,
    an_item,
)

ENDS = [START + 30 * DAY, START + 60 * DAY, START + 90 * DAY]
LIVE = [s.value for s in SubscriptionStatus if not s.is_terminal]

seconds = st.integers(0, 80 * 86_400).map(lambda s: START + timedelta(seconds=s))


@st.composite
def states(draw: st.DrawFn) -> list[Subscription]:
    """States of one subscription, each of its own second; the last may be its end."""
    instants = sorted(draw(st.lists(seconds, min_size=1, max_size=7, unique=True)))
    heard = [
        a_subscription(
            status=draw(st.sampled_from(LIVE)),
            as_of=at,
            event_id=f"evt_{at.timestamp()}",
            items=(an_item(period_end=draw(st.sampled_from(ENDS))),),
            cancel_at_period_end=draw(st.booleans()),
        )
        for at in instants
    ]
    if draw(st.booleans()):
        heard[-1] = replace(heard[-1], status=SubscriptionStatus.CANCELED, ended_at=instants[-1])
    return heard


@st.composite
def payments(draw: st.DrawFn) -> list[Moment]:
    """Paid invoices of any period, at any second."""
    return [
        Moment(at, SubscriptionStatus.ACTIVE, end, paid=True, item_ends=(("si_1", end),))
        for at, end in draw(st.lists(st.tuples(seconds, st.sampled_from(ENDS)), max_size=4))
    ]


refunds = st.builds(
    lambda amount, at, charge: a_refund(
        amount, 1200, as_of=at, charge_id=charge, period_end=ENDS[0]
    ),
    st.integers(0, 1200),
    seconds,
    st.sampled_from(["ch_1", "ch_2"]),
)


def heard_in_order(
    first: Subscription, rest: list[Subscription | Moment | ChargeRefund]
) -> Subscription:
    known = merge_subscription(None, first)
    for word in rest:
        match word:
            case Subscription():
                known = merge_subscription(known, word)
            case Moment():
                known = replace(known, timeline=merge_timeline(known.timeline, (word,)))
            case ChargeRefund():
                known = replace(known, refunds=merge_refunds(known.refunds, (word,)))
    return known


@given(states(), payments(), st.lists(refunds, max_size=3), st.data())
def test_any_order_with_any_duplicates_ends_in_the_same_subscription(
    heard: list[Subscription], paid: list[Moment], back: list[ChargeRefund], data: st.DataObject
) -> None:
    words: list[Subscription | Moment | ChargeRefund] = [*heard, *paid, *back]
    shuffled = data.draw(st.permutations(words + data.draw(st.lists(st.sampled_from(words)))))
    first = next(word for word in shuffled if isinstance(word, Subscription))
    shuffled.remove(first)
    one = heard_in_order(heard[0], [*heard[1:], *paid, *back])
    other = heard_in_order(first, shuffled)
    assert one == other


@given(states(), payments())
def test_nothing_follows_an_end(heard: list[Subscription], paid: list[Moment]) -> None:
    known = heard_in_order(heard[0], [*heard[1:], *paid])
    if any(state.status.is_terminal for state in heard):
        assert standing(known).status.is_terminal
        assert access(holdings_of(an_account(known)), a_catalog(), START + DAY) == []


@given(st.lists(st.tuples(seconds, st.sampled_from(LIVE)), max_size=12))
def test_a_pruned_timeline_tells_the_same_standing(
    said: list[tuple[datetime, str]],
) -> None:
    old = [Moment(at - 3 * TIMELINE_EXACT, SubscriptionStatus(status)) for at, status in said]
    whole = tuple(sorted({*old, a_subscription().moment()}, key=lambda m: m.order))
    pruned = merge_timeline(whole, ())
    sub = a_subscription()
    assert standing(replace(sub, timeline=pruned)) == standing(replace(sub, timeline=whole))


purchases = st.builds(
    lambda state, at, back, n: a_purchase(
        state=state,
        as_of=at,
        event_id=f"evt_{n}",
        paid_at=at if state.is_settled else None,
        refunds=tuple(back),
    ),
    st.sampled_from(PaymentState),
    seconds,
    st.lists(refunds, max_size=1),
    st.integers(0, 3),
)


@given(
    st.lists(purchases, min_size=2, max_size=4, unique_by=lambda p: (p.as_of, p.event_id)),
    st.data(),
)
def test_any_order_ends_in_the_same_purchase(heard: list[Purchase], data: st.DataObject) -> None:
    def all_of(order: list[Purchase]) -> Purchase:
        known = order[0]
        for purchase in order[1:]:
            known = merge_purchase(known, purchase)
        return known

    assert all_of(heard) == all_of(data.draw(st.permutations(heard)))


@st.composite
def accounts(draw: st.DrawFn) -> tuple[Holding, ...]:
    """What an account holds from a subscription, purchases and grants."""
    known = heard_in_order(*_first_and_rest(draw(states())))
    grants = draw(st.lists(grants_of_export, max_size=4, unique_by=lambda g: g.id))
    return holdings_of(an_account(known, draw(purchases), *grants))


def _first_and_rest(
    heard: list[Subscription],
) -> tuple[Subscription, list[Subscription | Moment | ChargeRefund]]:
    return heard[0], list(heard[1:])


grants_of_export = st.builds(
    lambda n, at, days: a_grant(
        id=f"grant_{n}", valid_from=at, valid_to=None if days is None else at + days * DAY
    ),
    st.integers(0, 9),
    seconds,
    st.none() | st.integers(1, 40),
)


def codes(holdings: tuple[Holding, ...], at: datetime) -> set[str]:
    return {a.feature_code for a in access(holdings, a_catalog(), at)}


@given(accounts(), grants_of_export, seconds)
def test_a_grant_never_takes_access_away(
    holdings: tuple[Holding, ...], grant: ManualGrant, at: datetime
) -> None:
    more = (*holdings, *holdings_of(an_account(grant)))
    assert codes(holdings, at) <= codes(more, at)


@given(accounts(), seconds, st.floats(0, 1, exclude_max=True))
def test_nothing_changes_before_the_next_change(
    holdings: tuple[Holding, ...], at: datetime, share: float
) -> None:
    ahead = next_change(holdings, a_catalog(), at) or at + 1000 * DAY
    assert codes(holdings, at + (ahead - at) * share * 0.999) == codes(holdings, at)


@given(accounts(), seconds)
def test_access_lasts_to_the_told_end_and_no_longer(
    holdings: tuple[Holding, ...], at: datetime
) -> None:
    instant = timedelta(microseconds=1)
    for answer in access(holdings, a_catalog(), at):
        assert answer.valid_from <= at
        assert answer.feature_code in codes(holdings, answer.valid_from)
        assert answer.feature_code not in codes(holdings, answer.valid_from - instant)
        if answer.valid_to is not None:
            assert at < answer.valid_to
            assert answer.feature_code in codes(holdings, answer.valid_to - instant)
            assert answer.feature_code not in codes(holdings, answer.valid_to)


@given(accounts(), seconds)
def test_the_order_of_holdings_does_not_matter(holdings: tuple[Holding, ...], at: datetime) -> None:
    turned = tuple(reversed(holdings))
    assert access(holdings, a_catalog(), at) == access(turned, a_catalog(), at)


def in_a_second(*said: str) -> Subscription:
    """An active subscription that was heard to be each of these within one later second."""
    known = merge_subscription(None, a_subscription())
    for number, status in enumerate(said):
        heard = a_subscription(status=status, as_of=START + DAY, event_id=f"evt_{number}")
        known = merge_subscription(known, heard)
    return known


def test_a_second_ends_in_the_newest_state() -> None:
    assert standing(in_a_second("active", "past_due")).status == "past_due"
    assert standing(in_a_second("past_due", "active")).status == "active"


def test_a_second_ends_in_what_the_next_one_says() -> None:
    later = a_subscription(status="past_due", as_of=START + 2 * DAY, event_id="evt_later")
    for known in (in_a_second("active", "past_due"), in_a_second("past_due", "active")):
        assert standing(merge_subscription(known, later)).since == START + DAY


def test_a_state_that_was_fetched_within_the_second_ties_with_one_of_that_second() -> None:
    fetched = a_subscription(as_of=START + timedelta(milliseconds=400))
    assert is_tie(fetched, a_subscription(status="past_due"))
    assert not is_tie(fetched, a_subscription())
    assert not is_tie(fetched, a_subscription(status="past_due", as_of=START + DAY))
