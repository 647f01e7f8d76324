"""Who comes in where every request of a key is counted: operators' routes, checkout and portal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from billing.adapters.dynamo.counts import RequestCounts
from billing.auth import Caller, KeyReader, authenticate
from billing.composition import now, once
from billing.services.limit_requests import HourlyLimit
from billing.settings import require_active, settings


def admit(event: Mapping[str, Any], keys: KeyReader, limit: HourlyLimit) -> Caller:
    """Say who sent an API Gateway event, and count it.

    In a region that stands by nobody is let in, since counting is a write: two regions that add to
    one count would lose what one of them adds.

    Raises:
        Standby: this region is not the active one.
        Unauthenticated: the key is missing, mistyped, unknown, revoked or expired.
        TooManyRequests: the key has spent its hour.
    """
    require_active()
    at = now()
    caller = authenticate(event, keys, at)
    limit.take(caller.key_id, at)
    return caller


def management_limit(warn: Callable[[str], None]) -> HourlyLimit:
    """Compose the limit of operators' routes and of metrics."""
    return HourlyLimit("management", settings().management_requests_per_hour, counts(), warn)


def page_limit(warn: Callable[[str], None]) -> HourlyLimit:
    """Compose the limit of checkout and portal."""
    return HourlyLimit("pages", settings().page_requests_per_hour, counts(), warn)


@once
def counts() -> RequestCounts:
    """Return the counts of requests, which all processes share."""
    return RequestCounts(settings())
