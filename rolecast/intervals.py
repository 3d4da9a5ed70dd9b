"""How sure one can be of a figure: intervals that hold the true value with 95 % confidence.

Rates have Wilson's interval (rolecast.reports). Clicks per post are counts that vary more from
post to post than chance alone would have it: a quasi-Poisson model (McCullagh and Nelder,
Generalized Linear Models, 1989, 9.2) has one factor for that, the dispersion, and Byar's interval
for a Poisson count (Breslow and Day, Statistical Methods in Cancer Research II, 1987, p. 69) is
taken of what is left after dividing by it. Times until something happens, of which some have not
happened yet, have the product-limit curve (Kaplan and Meier, JASA 53, 1958).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Z = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True)
class Sample:
    """Counts of a group's members: how many members, the sum of their counts, and the sum of the
    squares of them."""

    size: int
    total: int
    squares: int

    @property
    def mean(self) -> float | None:
        """Per member."""
        return self.total / self.size if self.size else None

    def __add__(self, other: Sample) -> Sample:
        return Sample(
            self.size + other.size, self.total + other.total, self.squares + other.squares
        )


def poisson(count: float) -> tuple[float, float]:
    """Byar's interval for the mean of a Poisson count."""
    low = 0.0
    if count > 0:
        low = count * (1 - 1 / (9 * count) - Z / (3 * math.sqrt(count))) ** 3
    high = (count + 1) * (1 - 1 / (9 * (count + 1)) + Z / (3 * math.sqrt(count + 1))) ** 3
    return max(0.0, low), high


def dispersion(samples: Iterable[Sample]) -> float:
    """How many times more than by chance counts vary within their groups: Pearson's statistic by
    its degrees of freedom, never below 1."""
    groups = [one for one in samples if one.size and one.total]
    free = sum(one.size - 1 for one in groups)
    if not free:
        return 1.0
    pearson = sum((one.squares - one.total**2 / one.size) * one.size / one.total for one in groups)
    return max(1.0, pearson / free)


def per_member(sample: Sample, spread: float) -> tuple[float, float] | None:
    """The interval of a group's mean; spread: the dispersion. None without members."""
    if not sample.size:
        return None
    low, high = poisson(sample.total / spread)
    return low * spread / sample.size, high * spread / sample.size


@dataclass(frozen=True)
class Times:
    """Until something happens: the product-limit curve. steps: (time, share to which it has
    happened by then); ended: (time, share) of those of which no more is known."""

    happened: int
    open: int
    steps: tuple[tuple[float, float], ...]
    ended: tuple[tuple[float, float], ...]

    def by(self, share: float) -> float | None:
        """The time by which it has happened to so large a share; None: not known."""
        return next((time for time, so_far in self.steps if so_far >= share - 1e-9), None)


def times(happened: Sequence[float], unfinished: Sequence[float]) -> Times:
    """The curve. happened: how long it took; unfinished: for how long it had not happened when
    last seen. Who ends at a time is counted as there at that time."""
    deaths, losses = Counter(happened), Counter(unfinished)
    left, without = len(happened) + len(unfinished), 1.0
    steps, ended = [], []
    for time in sorted({*deaths, *losses}):
        if deaths[time]:
            without *= 1 - deaths[time] / left
            steps.append((time, 1 - without))
        if losses[time]:
            ended.append((time, 1 - without))
        left -= deaths[time] + losses[time]
    return Times(len(happened), len(unfinished), tuple(steps), tuple(ended))
