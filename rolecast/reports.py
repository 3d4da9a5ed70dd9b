"""Funnels: click → application → hire, with how sure one can be, and what was not measured."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rolecast.clicks import BOT, HUMAN, SUSPECT
from rolecast.ledger import Connection, reports
from rolecast.outcomes import FORWARD, Stage

BY = ("job", "channel", "moment", "variant", "link")
Z = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True)
class Row:
    """One line of a funnel. applied, interviewed, hired: how many came at least so far; None: not
    measured, which is not zero."""

    name: str
    human: int
    suspect: int
    bot: int
    applied: int | None = None
    interviewed: int | None = None
    hired: int | None = None

    @property
    def rate(self) -> float | None:
        """Applications per click of a person; None where that says nothing."""
        if self.applied is None or not self.human or self.applied > self.human:
            return None
        return self.applied / self.human

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the rate lies with 95 % confidence."""
        return None if self.rate is None else wilson(self.applied or 0, self.human)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The score interval for a share (E. B. Wilson, JASA 22, 1927), honest on small counts.

    hits of `of`; both ends lie in 0…1.
    """
    share, spread = hits / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == of else middle + half
    return max(0.0, low), min(1.0, high)


def of_jobs(conn: Connection, start: int = 0, count: int = 50) -> tuple[list[Row], int]:
    """A page of jobs, newest first, and how many jobs there are. Applications to a job count
    whoever is credited for them."""
    ids, total = reports.page_of_jobs(conn, start, count)
    clicks, stages = reports.clicks_of_jobs(conn, ids), reports.stages_of_jobs(conn, ids)
    return _rows(ids, clicks, stages, reports.measured(conn)), total


def by(conn: Connection, what: str, since_day: int = 0) -> list[Row]:
    """By channel, moment or variant, most clicks first. since_day narrows clicks of channels and
    moments down; applications are always all."""
    if what == "variant":
        clicks = reports.clicks_by_variant(conn)
    else:
        clicks = reports.clicks_by(conn, what, since_day)
    return _sorted(clicks, reports.stages_by(conn, what), reports.measured(conn))


def of_job(conn: Connection, job: str) -> list[Row]:
    """By link of one job: a channel's post or a colleague's share."""
    names = reports.link_names(conn, job)
    clicks, stages = reports.clicks_of_links(conn, job), reports.stages_by(conn, "link")
    rows = _sorted(
        {code: clicks.get(code, {}) for code in names},
        {code: stages[code] for code in names if code in stages},
        reports.measured(conn),
    )
    return [replace(row, name=f"{' '.join(names[row.name])} ({row.name})") for row in rows]


def _sorted(clicks: reports.Sums, stages: reports.Sums, measured: bool) -> list[Row]:
    rows = _rows(sorted({*clicks, *stages}), clicks, stages, measured)
    return sorted(rows, key=lambda row: (-row.human, row.name))


def _rows(
    names: Iterable[str], clicks: reports.Sums, stages: reports.Sums, measured: bool
) -> list[Row]:
    return [
        Row(
            name,
            *(clicks.get(name, {}).get(kind, 0) for kind in (HUMAN, SUSPECT, BOT)),
            *(_came(stages.get(name, {}), stage) if measured else None for stage in _SHOWN),
        )
        for name in names
    ]


_SHOWN = (Stage.applied, Stage.interviewed, Stage.hired)


def _came(stages: dict[str, int], stage: Stage) -> int:
    """How many came at least so far; whoever ended early has applied."""
    if stage is Stage.applied:
        return sum(stages.values())
    return sum(stages.get(further, 0) for further in FORWARD[FORWARD.index(stage) :])


HEAD = ("name", "human", "suspect", "bot", "applied", "interviewed", "hired", "rate", "low", "high")


def safe(text: str) -> str:
    """A cell's text, quoted where a spreadsheet would take it for a formula (owasp.org, CSV
    Injection)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def to_csv(rows: Sequence[Row]) -> str:
    """A table for other programs; what was not measured is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for row in rows:
        low, high = row.interval or (None, None)
        name = safe(row.name)
        ends = [None if x is None else f"{x:.4f}" for x in (row.rate, low, high)]
        writer.writerow(
            [name, row.human, row.suspect, row.bot, row.applied, row.interviewed, row.hired, *ends]
        )
    return out.getvalue()
