"""Stripe's own features, for catalogs that use them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StripeFeatures:
    """Which of the catalog's features Stripe says that a customer has.

    Attributes:
        codes: ours, for the lookup keys that the catalog names.
        as_of: taken before Stripe was asked, so the newest word is the true one.
    """

    customer_id: str
    codes: tuple[str, ...]
    as_of: datetime
    event_id: str
    first_seen: datetime


def merge_features(known: StripeFeatures | None, heard: StripeFeatures) -> StripeFeatures:
    """Keep the newer word (docs/decisions/0002)."""
    if known is None:
        return heard
    newest = max(known, heard, key=lambda word: (word.as_of, word.codes))
    return replace(newest, first_seen=min(known.first_seen, heard.first_seen))
