"""From values to places in a picture, and where its axes are marked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        *(1, 2, 5, 10, 15, 30),
        *(60 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
        *(3_600 * hours for hours in (1, 2, 3, 6, 12)),
        *(86_400 * days for days in (1, 2, 7, 14)),
    )
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)


@dataclass(frozen=True)
class Scale:
    """Takes ``low`` to ``start`` and ``high`` to ``end``, and what lies between them in proportion."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        return self.start + (self.end - self.start) * ((value - self.low) / span if span else 0.5)


def number_ticks(low: float, high: float, most: int = 4) -> tuple[float, ...]:
    """Round numbers from ``low`` to ``high``, about ``most`` of them."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return (low,)
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((factor * power for factor in (1, 2, 2.5, 5) if factor * power >= rough * 0.999), 10 * power)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(place * step for place in range(first, last + 1))


def time_ticks(start: datetime, end: datetime, most: int = 8) -> tuple[tuple[datetime, str], ...]:
    """Round moments from ``start`` to ``end``, at most ``most`` of them, each as it is written."""
    for step in _STEPS:
        if (end - start) / step <= most:
            return tuple((at, _written(at, step)) for at in _every(start, end, step))
    for months in _MONTHS:
        if (end - start) / timedelta(days=30.4 * months) <= most:
            return tuple((at, f"{at:%Y-%m}" if months < 12 else f"{at:%Y}") for at in _every_month(start, end, months))
    return ()


def _every(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    # Weeks begin on Mondays: 2001-01-01 was one.
    zero = datetime(2001, 1, 1, tzinfo=UTC)
    at = zero + math.ceil((start - zero) / step) * step
    while at <= end:
        yield at
        at += step


def _every_month(start: datetime, end: datetime, months: int) -> Iterator[datetime]:
    month = -(-(start.year * 12 + start.month - 1) // months) * months
    while (at := datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)) <= end:
        if at >= start:
            yield at
        month += months


def _written(at: datetime, step: timedelta) -> str:
    if step >= timedelta(days=1):
        return f"{at:%Y-%m-%d}"
    if step >= timedelta(minutes=1):
        return f"{at:%m-%d}" if at.hour == at.minute == 0 else f"{at:%H:%M}"
    return f"{at:%H:%M:%S}"
