"""Access over time: pure, from what was held and sold when, as the read path answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from billing.domain.access import Access, access, next_change
from billing.domain.catalog import Catalog
from billing.domain.policy import Holding
from billing.domain.status import FeatureValue, Source


@dataclass(frozen=True, slots=True)
class Span:
    """A while in which the answer for a feature was the same, `[valid_from, valid_to)`.

    Attributes:
        valid_to: what is still to come is told by what is known now; `None` is never.
        source, source_id, state: of the source that lasts longest.
    """

    valid_from: datetime
    valid_to: datetime | None
    value: FeatureValue
    source: Source
    source_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Known:
    """What answers were computed from, since an instant."""

    since: datetime
    holdings: tuple[Holding, ...]
    catalog: Catalog


def timeline(oldest_first: Iterable[Known]) -> dict[str, list[Span]]:
    """Compute when each feature was, is, and will be given, by feature code."""
    known = list(oldest_first)
    ends = [*(each.since for each in known[1:]), None]
    spans: dict[str, list[Span]] = {}
    for each, end in zip(known, ends, strict=True):
        at: datetime | None = each.since
        while at is not None and (end is None or at < end):
            change = next_change(each.holdings, each.catalog, at)
            until = min((edge for edge in (change, end) if edge), default=None)
            for found in access(each.holdings, each.catalog, at):
                _add(spans.setdefault(found.feature_code, []), _span(found, at, until))
            at = change
    return dict(sorted(spans.items()))


def _span(found: Access, begins: datetime, ends: datetime | None) -> Span:
    state = found.sources[0].state
    return Span(begins, ends, found.value, found.source, found.source_id, state)


def _add(spans: list[Span], span: Span) -> None:
    """Add a span, or make the last one longer where only time has passed."""
    longer = replace(spans[-1], valid_to=span.valid_to) if spans else None
    touches = bool(spans) and spans[-1].valid_to == span.valid_from
    if longer and touches and replace(span, valid_from=longer.valid_from) == longer:
        spans[-1] = longer
    else:
        spans.append(span)
