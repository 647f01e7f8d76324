"""What a user may use: a pure function of holdings, catalog and instant.

Nothing expires by a job: each answer is computed for its instant, exact to the microsecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from billing.domain.catalog import Catalog, Feature, FeatureType, Merge
from billing.domain.policy import Cover, Holding, cover, denial
from billing.domain.status import UNLIMITED, FeatureValue, Source


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One source's contribution to a feature.

    Attributes:
        period_end: the bare end; `cover` includes leeway or grace.
        cover: when it gives access; `None` where its state gives none.
    """

    source: Source
    source_id: str
    product_id: str | None
    state: str
    value: FeatureValue
    valid_from: datetime
    period_end: datetime | None
    cover: Cover | None

    @property
    def lasts(self) -> tuple[bool, float, str, str]:
        """Sort by how long it lasts; ties by source and id, so that every answer is alike."""
        if self.cover is None:
            return False, 0.0, self.source, self.source_id
        end = self.cover.valid_to
        return end is None, end.timestamp() if end else 0.0, self.source, self.source_id


@dataclass(frozen=True, slots=True)
class Access:
    """The answer for one feature.

    Attributes:
        valid_from, valid_to: the unbroken cover around the instant; `valid_to` is when access
            ends if nothing more is heard, `None` for never.
        source, source_id: of the source in force that lasts longest.
        sources: those in force, or all of them where ended and future ones were asked for.
    """

    feature_code: str
    is_active: bool
    value: FeatureValue
    valid_from: datetime
    valid_to: datetime | None
    source: Source
    source_id: str
    sources: tuple[Entitlement, ...]


def access(
    holdings: Iterable[Holding], catalog: Catalog, now: datetime, *, include_inactive: bool = False
) -> list[Access]:
    """Compute what the holdings give at an instant, sorted by feature code."""
    by_feature: dict[str, list[Entitlement]] = {}
    for code, entitlement in _entitlements(holdings, catalog):
        by_feature.setdefault(code, []).append(entitlement)
    answers = (
        _answer(code, by_feature[code], catalog, now, include_inactive=include_inactive)
        for code in sorted(by_feature)
    )
    return [answer for answer in answers if answer]


def next_change(holdings: Iterable[Holding], catalog: Catalog, now: datetime) -> datetime | None:
    """Find the next instant at which the holdings' access changes if nothing more is heard."""
    covers = [cover(holding, catalog.policy) for holding in holdings]
    edges = [
        edge for c in covers if c for edge in (c.valid_from, c.valid_to) if edge and edge > now
    ]
    return min(edges, default=None)


def _entitlements(
    holdings: Iterable[Holding], catalog: Catalog
) -> Iterator[tuple[str, Entitlement]]:
    features = {feature.code: feature for feature in catalog.features}
    for holding in holdings:
        covered = cover(holding, catalog.policy)
        product_id, given = _given(holding, catalog)
        for code, value in given.items():
            yield (
                code,
                Entitlement(
                    source=holding.source,
                    source_id=holding.source_id,
                    product_id=product_id,
                    state=denial(holding, catalog.policy) or holding.state,
                    value=_scaled(value, holding.quantity, features.get(code)),
                    valid_from=holding.valid_from,
                    period_end=holding.period_end,
                    cover=covered,
                ),
            )


def _given(holding: Holding, catalog: Catalog) -> tuple[str | None, dict[str, FeatureValue]]:
    if holding.feature_code is not None:
        return None, {holding.feature_code: True if holding.value is None else holding.value}
    product = catalog.product(holding.product_id)
    if product is None and holding.price_id:
        product = catalog.product_of(holding.price_id)
    return (product.id, product.features) if product else (holding.product_id, {})


def _scaled(value: FeatureValue, quantity: int, feature: Feature | None) -> FeatureValue:
    counts_units = feature and feature.type is FeatureType.LIMIT and feature.merge is Merge.SUM
    if counts_units and isinstance(value, int) and not isinstance(value, bool):
        return value * quantity
    return value


def _answer(
    code: str,
    sources: list[Entitlement],
    catalog: Catalog,
    now: datetime,
    *,
    include_inactive: bool,
) -> Access | None:
    ranked = sorted(sources, key=lambda s: s.lasts, reverse=True)
    in_force = [s for s in ranked if s.cover and s.cover.includes(now)]
    if not in_force and not include_inactive:
        return None
    longest = (in_force or ranked)[0]
    if in_force:
        valid_from, valid_to = _unbroken(ranked, now)
    else:
        valid_from = longest.valid_from
        valid_to = longest.cover.valid_to if longest.cover else longest.period_end
    return Access(
        feature_code=code,
        is_active=bool(in_force),
        value=merged([s.value for s in in_force], catalog.feature(code)) if in_force else False,
        valid_from=valid_from,
        valid_to=valid_to,
        source=longest.source,
        source_id=longest.source_id,
        sources=tuple(ranked if include_inactive else in_force),
    )


def _unbroken(sources: Iterable[Entitlement], now: datetime) -> tuple[datetime, datetime | None]:
    """Unite the covers that touch, and return the union's part that holds `now`."""
    start: datetime | None = None
    end: datetime | None = None
    for piece in sorted((s.cover for s in sources if s.cover), key=lambda c: c.valid_from):
        if start is not None and (end is None or piece.valid_from <= end):
            end = None if end is None or piece.valid_to is None else max(end, piece.valid_to)
        elif start is None or (end is not None and end <= now):
            start, end = piece.valid_from, piece.valid_to
    if start is None:
        raise AssertionError("called without a source in force")
    return start, end


def merged(values: list[FeatureValue], feature: Feature | None) -> FeatureValue:
    """Merge the values of the sources in force, the longest-lasting first, by the feature's rule.

    `unlimited` is more than any number. A boolean feature is on if any source gives it. Text
    counts as none of a limit: an old grant may be of a feature that was a setting then.
    """
    if feature is None or feature.type is FeatureType.BOOLEAN:
        return any(bool(value) for value in values)
    if feature.type is FeatureType.SETTING or feature.merge is Merge.ANY:
        return values[0]
    if UNLIMITED in values:
        return UNLIMITED
    numbers = [0 if isinstance(value, str) else int(value) for value in values]
    return sum(numbers) if feature.merge is Merge.SUM else max(numbers)
