"""May a user use one feature, and in one word why or why not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from billing.domain.access import Access
from billing.domain.catalog import Catalog


class Denial(StrEnum):
    """Why access is denied where no state of a source denies it."""

    NOT_HELD = "not_held"
    UNKNOWN_FEATURE = "unknown_feature"
    NOT_YET = "not_yet"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Verdict:
    """May the user use one feature, and why or why not.

    Attributes:
        reason: the state of the source in force; else a `Denial`, or the state that denies.
        access: the feature's access, active or not; `None` where no source was ever held.
    """

    allowed: bool
    reason: str
    access: Access | None


def judge(accesses: Iterable[Access], catalog: Catalog, feature_code: str, at: datetime) -> Verdict:
    """Say whether one feature may be used.

    Args:
        accesses: at that instant, inactive ones included.
        catalog: by which they were computed.
        feature_code: which feature.
        at: the instant.
    """
    found = next((a for a in accesses if a.feature_code == feature_code), None)
    if found is None:
        known = catalog.feature(feature_code) is not None
        reason = Denial.NOT_HELD if known else Denial.UNKNOWN_FEATURE
        return Verdict(allowed=False, reason=reason, access=None)
    latest = found.sources[0]
    if found.is_active:
        return Verdict(allowed=True, reason=latest.state, access=found)
    if latest.cover is None:
        return Verdict(allowed=False, reason=latest.state, access=found)
    begins_later = latest.cover.valid_from > at
    reason = Denial.NOT_YET if begins_later else Denial.ENDED
    return Verdict(allowed=False, reason=reason, access=found)
