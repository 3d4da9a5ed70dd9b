"""When somebody hears next: a promise is a day, so many working days from now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SATURDAY = 5


def promised(now: datetime, days: int) -> datetime:
    """The end of the day that is `days` working days (Monday to Friday) after `now`.

    That is its last second in UTC, so that every page, wherever it is read, names the same day.
    """
    day = now.astimezone(UTC)
    for _ in range(days):
        day = working(day + timedelta(days=1))
    return working(day).replace(hour=23, minute=59, second=59, microsecond=0)


def working(day: datetime) -> datetime:
    """The day itself, or the Monday after it when it is at a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= SATURDAY else day
