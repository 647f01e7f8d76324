"""Why a user may or may not use a feature at an instant: pure, from replayed history and catalogs.

The verdict is computed by the very functions that the read path answers by; all that is added
tells where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billing.domain.access import Entitlement, access
from billing.domain.catalog import Catalog, CatalogVersion
from billing.domain.changes import HistoryEntry
from billing.domain.policy import Holding
from billing.domain.remedies import Offer, Remedy, offers_of, remedies_for
from billing.domain.replay import Replayed
from billing.domain.status import FeatureValue
from billing.domain.verdict import Denial, Verdict, judge

CATALOG = "catalog"
PUT_CATALOG = "put_catalog"
"""The type and the name of the cause where a catalog that was put made it so."""


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The event, command or catalog that made something so.

    Attributes:
        id: Stripe's event id, the operator's command, or `catalog:PROJECT:VERSION`.
        type: a `CauseType`, or `catalog`.
        caused_at: when it came about, by the asker's clock; `None` where that was not kept.
        recorded_at: when the service applied it.
    """

    id: str
    type: str
    name: str
    actor: str
    reason: str
    caused_at: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ExplainedSource:
    """One source of the feature, in force or not, and what made it what it is."""

    entitlement: Entitlement
    is_active: bool
    made_by: MadeBy | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why.

    Attributes:
        verdict: as `GET /api/v1/entitlements/check` answers at that instant.
        catalog: the version by which it was computed.
        sources: the longest-lasting first, as in the verdict.
        made_by: what last made the verdict what it is; `None` where nothing ever did.
        remedies: what would have to change; nothing where it is allowed.
        offers: what is on sale with the feature, where it is denied.
    """

    feature_code: str
    at: datetime
    verdict: Verdict
    catalog: CatalogVersion
    sources: tuple[ExplainedSource, ...]
    made_by: MadeBy | None
    remedies: tuple[Remedy, ...]
    offers: tuple[Offer, ...]


def explain(
    replayed: Replayed, newest_first: Iterable[CatalogVersion], feature_code: str, at: datetime
) -> Explanation:
    """Explain one feature of one account at an instant.

    Args:
        replayed: the account as it was known at that instant.
        newest_first: the catalogs, from that of the instant back to the empty first one. They are
            gone through only as far as it takes to find the one that made it so.
        feature_code: which feature.
        at: the instant.
    """
    catalogs = iter(newest_first)
    present = next(catalogs)
    verdict = _judge(replayed.holdings, present.catalog, feature_code, at)
    sources = tuple(_explained(replayed, feature_code, source, at) for source in _sources(verdict))
    by_facts = sources[0].made_by if sources else _loss(replayed, present, feature_code, at)
    by_catalog = _catalog_that_decided(replayed, present, catalogs, feature_code, at)
    offers = () if verdict.allowed else offers_of(present.catalog, feature_code)
    return Explanation(
        feature_code=feature_code,
        at=at,
        verdict=verdict,
        catalog=present,
        sources=sources,
        made_by=by_catalog or by_facts,
        remedies=remedies_for(verdict, offers, at),
        offers=offers,
    )


def _judge(
    holdings: Iterable[Holding], catalog: Catalog, feature_code: str, at: datetime
) -> Verdict:
    accesses = access(holdings, catalog, at, include_inactive=True)
    return judge(accesses, catalog, feature_code, at)


def _sources(verdict: Verdict) -> tuple[Entitlement, ...]:
    return verdict.access.sources if verdict.access else ()


def _explained(
    replayed: Replayed, feature_code: str, source: Entitlement, at: datetime
) -> ExplainedSource:
    entry = _newest(replayed, feature_code, source)
    is_active = source.cover is not None and source.cover.includes(at)
    return ExplainedSource(source, is_active, _of_entry(entry) if entry else None)


def _newest(
    replayed: Replayed, feature_code: str, source: Entitlement | None
) -> HistoryEntry | None:
    """Find the entry that last changed what is held of a source, or of any."""
    entries = (
        entry
        for (kind, source_id, _, named), entry in replayed.made_by.items()
        if source is None
        or (
            (kind, source_id) == (source.source, source.source_id) and named in (None, feature_code)
        )
    )
    return max(entries, key=lambda entry: entry.version, default=None)


def _loss(
    replayed: Replayed, present: CatalogVersion, feature_code: str, at: datetime
) -> MadeBy | None:
    """Find the entry that took away the last line with the feature: a plan was switched."""
    entries = (
        replayed.made_by[line]
        for line, held in replayed.gone.items()
        if _judge(held, present.catalog, feature_code, at).access
    )
    entry = max(entries, key=lambda entry: entry.version, default=None)
    return _of_entry(entry) if entry else None


def _catalog_that_decided(
    replayed: Replayed,
    present: CatalogVersion,
    older: Iterable[CatalogVersion],
    feature_code: str,
    at: datetime,
) -> MadeBy | None:
    """Find the put without which the same holdings would have another verdict.

    Only a catalog put after what is held last changed can have decided: what the deciding source
    holds, or where there is none, what any does.
    """
    verdict = _judge(replayed.holdings, present.catalog, feature_code, at)
    last = _newest(replayed, feature_code, next(iter(_sources(verdict)), None))
    for before in older:
        if present.put_at is None or (last and present.put_at <= last.at):
            return None
        if _differs(verdict, _judge(replayed.holdings, before.catalog, feature_code, at)):
            return _of_put(present)
        present = before
    return None


def _differs(verdict: Verdict, other: Verdict) -> bool:
    """Whether a catalog changed the verdict; that it defined what nobody held is no cause."""
    if verdict.reason == Denial.NOT_HELD:
        return other.access is not None
    return _told(verdict) != _told(other)


def _told(verdict: Verdict) -> tuple[bool, str, FeatureValue | None]:
    return verdict.allowed, verdict.reason, verdict.access.value if verdict.access else None


def _of_entry(entry: HistoryEntry) -> MadeBy:
    return MadeBy(
        id=entry.cause_id,
        type=entry.cause_type,
        name=entry.cause_name,
        actor=entry.actor,
        reason=entry.reason,
        caused_at=entry.caused_at,
        recorded_at=entry.at,
    )


def _of_put(version: CatalogVersion) -> MadeBy | None:
    if version.put_at is None:
        return None
    catalog = version.catalog
    return MadeBy(
        id=f"catalog:{catalog.project_id}:{catalog.version}",
        type=CATALOG,
        name=PUT_CATALOG,
        actor=version.put_by,
        reason="",
        caused_at=version.put_at,
        recorded_at=version.put_at,
    )
