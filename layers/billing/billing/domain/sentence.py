"""An explanation in a line or two for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from billing.domain.access import Entitlement
from billing.domain.catalog import Price, PriceType
from billing.domain.explain import ExplainedSource, Explanation, MadeBy
from billing.domain.money import major_units
from billing.domain.remedies import Action, Offer, Remedy
from billing.domain.status import Source
from billing.domain.verdict import Denial

_NOUNS = {
    Source.SUBSCRIPTION: "the subscription",
    Source.PURCHASE: "the purchase",
    Source.MANUAL: "the grant",
}


def sentence(explanation: Explanation) -> str:
    """Say what is allowed, by what, who made it so, and what would change it."""
    return " ".join(_parts(explanation))


def _parts(explanation: Explanation) -> Iterator[str]:
    verdict, code = explanation.verdict, explanation.feature_code
    can = "is allowed" if verdict.allowed else "is not allowed"
    yield f"At {_instant(explanation.at)} '{code}' {can}: {_because(explanation)}."
    if explanation.made_by:
        yield f"Made so by {_made_by(explanation.made_by)}."
    if explanation.remedies:
        wanted = "; or ".join(_remedy(r, explanation.offers) for r in explanation.remedies)
        yield f"To be allowed: {wanted}."


def _because(explanation: Explanation) -> str:
    verdict = explanation.verdict
    if not explanation.sources:
        known = verdict.reason == Denial.NOT_HELD
        return "nothing that is held carries it" if known else "the catalog does not have it"
    source = explanation.sources[0]
    said = f"{_named(source.entitlement)} is {source.entitlement.state}"
    if verdict.allowed and verdict.access:
        value = "" if verdict.access.value is True else f" with the value {verdict.access.value!r}"
        end = verdict.access.valid_to
        return f"{said}{value}, {f'until {_instant(end)}' if end else 'for ever'}"
    return said + _when(source, explanation.at)


def _when(source: ExplainedSource, at: datetime) -> str:
    cover = source.entitlement.cover
    if cover is None:
        return ""
    if cover.valid_from > at:
        return f", from {_instant(cover.valid_from)} on"
    return f", and gave access until {_instant(cover.valid_to)}" if cover.valid_to else ""


def _named(source: Entitlement) -> str:
    of = f" of '{source.product_id}'" if source.product_id else ""
    return f"{_NOUNS[source.source]} {source.source_id}{of}"


def _made_by(made_by: MadeBy) -> str:
    why = f" ({made_by.reason})" if made_by.reason else ""
    when = _instant(made_by.recorded_at)
    return f"{made_by.name} {made_by.id} of {made_by.actor}{why}, recorded at {when}"


def _remedy(remedy: Remedy, offers: tuple[Offer, ...]) -> str:
    if remedy.at:
        return f"{remedy.text}, {_instant(remedy.at)}"
    if remedy.action is Action.BUY:
        return f"{remedy.text}: {', '.join(map(_offer, offers))}"
    return remedy.text


def _offer(offer: Offer) -> str:
    return f"'{offer.product_id}' ({' or '.join(map(_price, offer.prices))})"


def _price(price: Price) -> str:
    amount = f"{major_units(price.unit_amount, price.currency)} {price.currency}"
    if price.type is PriceType.ONE_TIME:
        return f"{amount} once"
    every = price.interval or "period"
    return f"{amount} every " + (
        every if price.interval_count == 1 else f"{price.interval_count} {every}s"
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
