"""Billing periods, counted from an anchor: 31 January, 28 February, 31 March."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

DAY = 86_400
_FIXED = {"day": DAY, "week": 7 * DAY}
_MONTHS = {"month": 1, "year": 12}


def boundary(anchor: int, interval: str, count: int, periods: int) -> int:
    """The instant that lies ``periods`` billing periods after (or before) ``anchor``."""
    if interval in _FIXED:
        return anchor + periods * count * _FIXED[interval]
    start = datetime.fromtimestamp(anchor, UTC)
    months = start.year * 12 + start.month - 1 + periods * count * _MONTHS[interval]
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def next_boundary(anchor: int, interval: str, count: int, after: int) -> int:
    """The first boundary strictly later than ``after``."""
    longest = _FIXED.get(interval) or 31 * DAY * _MONTHS[interval]
    periods = max(0, (after - anchor) // (longest * count))
    while boundary(anchor, interval, count, periods) <= after:
        periods += 1
    return boundary(anchor, interval, count, periods)


def readable(instant: int) -> str:
    """An instant as a person reads it, in UTC."""
    moment = datetime.fromtimestamp(instant, UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def day_of(instant: int) -> str:
    """The date of an instant as a person reads it, in UTC."""
    moment = datetime.fromtimestamp(instant, UTC)
    return f"{moment.day} {moment:%B %Y}"


def days(number: float) -> int:
    """Days in whole seconds."""
    return int(timedelta(days=number).total_seconds())
