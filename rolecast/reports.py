"""Funnels: click → application → hire, with how sure one can be, and what was not measured."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rolecast import fairness
from rolecast.clicks import BOT, HUMAN, SUSPECT
from rolecast.ledger import Connection, fair, reports
from rolecast.outcomes import FORWARD, Stage

BY = ("job", "channel", "moment", "variant", "share", "link")
OTHERS = "other places"
Z = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True)
class Row:
    """One line of a funnel. applied, interviewed, hired: how many came at least so far; None: not
    measured, which is not zero. human None: these are the sums of few colleagues, and not shown."""

    name: str
    human: int | None
    suspect: int | None
    bot: int | None
    applied: int | None = None
    interviewed: int | None = None
    hired: int | None = None

    @property
    def few(self) -> bool:
        """Whether the sums would tell of one of a few colleagues."""
        return self.human is None

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
    whoever is credited for them; clicks on the links of few colleagues do not, since the posts'
    clicks are known."""
    ids, total = reports.page_of_jobs(conn, start, count)
    few = {(job, party) for job in ids for party in fairness.INSIDE}
    few -= {of for of, people in _colleagues(conn, ids).items() if len(people) >= fairness.FEW}
    clicks, stages = reports.clicks_of_jobs(conn, ids, few), reports.stages_of_jobs(conn, ids)
    return _rows(ids, clicks, stages, reports.measured(conn)), total


def by(conn: Connection, what: str, since_day: int = 0) -> list[Row]:
    """By channel, moment, variant, or place of shares, most clicks first. since_day narrows clicks
    of channels, moments and places down; applications are always all."""
    if what == "variant":
        clicks = reports.clicks_by_variant(conn)
    else:
        clicks = reports.clicks_by(conn, what, since_day)
    stages = reports.stages_by(conn, what)
    if what == "share":
        return _by_place(conn, clicks, stages)
    rows = _sorted(clicks, stages, reports.measured(conn))
    if what == "channel":
        known = _colleagues(conn)
        return [_guarded(row, known, row.name) for row in rows]
    return rows


def _colleagues(
    conn: Connection, jobs: Sequence[str] | None = None
) -> dict[tuple[str, str], set[str]]:
    """(job, share or referral) → the colleagues behind it; ("", …): for all jobs."""
    found: dict[tuple[str, str], set[str]] = {}
    for job, place, person in fair.sharers(conn, jobs):
        for key in (job, ""):
            found.setdefault((key, "share" if place else "referral"), set()).add(person)
    return found


def _guarded(row: Row, known: dict[tuple[str, str], set[str]], party: str, job: str = "") -> Row:
    """The row, without its figures where they would tell of one of a few colleagues."""
    if party not in fairness.INSIDE or len(known.get((job, party), ())) >= fairness.FEW:
        return row
    return Row(row.name, None, None, None)


def _by_place(conn: Connection, clicks: reports.Sums, stages: reports.Sums) -> list[Row]:
    people: dict[str, set[str]] = {place: set() for place in [*clicks, *stages]}
    for _, place, person in fair.sharers(conn):
        if place:
            people.setdefault(place, set()).add(person)
    alone, together, enough = fairness.crowded(people)
    named = {place: place for place in alone} | dict.fromkeys(together, OTHERS)
    clicks, stages = _renamed(clicks, named), _renamed(stages, named)
    for place in named.values():
        clicks.setdefault(place, {})
    rows = _sorted(clicks, stages, reports.measured(conn))
    return [Row(OTHERS, None, None, None) if r.name == OTHERS and not enough else r for r in rows]


def _renamed(sums: reports.Sums, names: dict[str, str]) -> reports.Sums:
    """The sums under other names; those of the same name added up."""
    found: reports.Sums = {}
    for name, counts in sums.items():
        into = found.setdefault(names.get(name, name), {})
        for kind, count in counts.items():
            into[kind] = into.get(kind, 0) + count
    return found


def of_job(conn: Connection, job: str) -> list[Row]:
    """By link of one job: those of posts each, those of colleagues together."""
    names = reports.link_names(conn, job)
    clicks, stages = reports.clicks_of_links(conn, job), reports.stages_by(conn, "link")
    read = {
        code: channel if channel in fairness.INSIDE else f"{channel} {moment} ({code})"
        for code, (channel, moment) in names.items()
    }
    rows = _sorted(
        _renamed({code: clicks.get(code, {}) for code in names}, read),
        _renamed({code: stages[code] for code in names if code in stages}, read),
        reports.measured(conn),
    )
    known = _colleagues(conn, [job])
    return [_guarded(row, known, row.name, job) for row in rows]


def _sorted(clicks: reports.Sums, stages: reports.Sums, measured: bool) -> list[Row]:
    rows = _rows(sorted({*clicks, *stages}), clicks, stages, measured)
    return sorted(rows, key=lambda row: (-(row.human or 0), row.name))


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
