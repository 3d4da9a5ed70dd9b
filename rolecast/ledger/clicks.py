"""Clicks, append-only, their sums, and where links lead."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from rolecast.clicks import (
    BURST,
    CLASSES,
    HOUR,
    HUMAN,
    REACH,
    RULES,
    Click,
    contexts,
    judged,
)
from rolecast.ledger import results
from rolecast.ledger.schema import (
    clicks,
    daily,
    hourly,
    intake,
    jobs,
    links,
    segments,
    totals,
)

_C = clicks.c
_FIELDS = [clicks.c[name] for name in Click._fields]
DAY_HOURS = 24
FEW = 500  # how much one question may name


@dataclass(frozen=True, slots=True)
class Stored:
    """A click in the ledger, with its id and verdict."""

    id: int
    click: Click
    verdict: str
    reason: str
    rules: int


Verdict = tuple[str, str]
Cell = tuple[str, int, str]  # link, hour, class


def add(conn: Connection, new: Sequence[Click]) -> None:
    """Append clicks, judge them together with their visitors' others, and keep the sums."""
    if not new:
        return
    around = _around(conn, new)
    changes: Counter[Cell] = Counter()
    verdicts = _judge([*(one.click for one in around), *new])
    _rewrite(conn, list(zip(around, verdicts, strict=False)), changes)
    rows = []
    for click, (verdict, reason) in zip(new, verdicts[len(around) :], strict=True):
        rows.append({**click._asdict(), "verdict": verdict, "reason": reason, "rules": RULES})
        changes[click.link, click.at // HOUR, verdict] += 1
    conn.execute(insert(clicks), rows)
    _sum(conn, changes)


def _judge(found: Sequence[Click]) -> list[Verdict]:
    return [
        judged(click.signals, click.agent, context)
        for click, context in zip(found, contexts(found), strict=True)
    ]


def _around(conn: Connection, new: Sequence[Click]) -> list[Stored]:
    """What the ledger has of the same visitors shortly before and after."""
    spans: dict[int, tuple[int, int]] = {}
    for click in new:
        if click.visitor is not None:
            first, last = spans.get(click.visitor, (click.at, click.at))
            spans[click.visitor] = min(first, click.at), max(last, click.at)
    if not spans:
        return []
    start = min(first for first, _ in spans.values()) // BURST * BURST - REACH
    end = max(last for _, last in spans.values()) // BURST * BURST + BURST + REACH
    visitors = sorted(spans)
    found = []
    for place in range(0, len(visitors), FEW):
        of = visitors[place : place + FEW]
        query = select(_C.id, _C.verdict, _C.reason, _C.rules, *_FIELDS).where(
            _C.visitor.in_(of), _C.at.between(start, end)
        )
        found += [_stored(row) for row in conn.execute(query)]
    return found


def _stored(row: Sequence) -> Stored:
    return Stored(row[0], Click(*row[4:]), row[1], row[2], row[3])


def _rewrite(
    conn: Connection, judged_anew: Sequence[tuple[Stored, Verdict]], changes: Counter[Cell]
) -> int:
    """Keep the verdicts that differ; their part in the sums goes into `changes`."""
    rows = []
    for one, (verdict, reason) in judged_anew:
        if (verdict, reason) == (one.verdict, one.reason):
            continue
        rows.append({"b_id": one.id, "b_verdict": verdict, "b_reason": reason})
        hour = one.click.at // HOUR
        changes[one.click.link, hour, one.verdict] -= 1
        changes[one.click.link, hour, verdict] += 1
    if rows:
        values = {"verdict": bindparam("b_verdict"), "reason": bindparam("b_reason")}
        conn.execute(
            update(clicks).where(_C.id == bindparam("b_id")).values(**values, rules=RULES), rows
        )
    return len(rows)


def _sum(conn: Connection, changes: Counter[Cell]) -> None:
    """Add to the sums by hour, by day and in all."""
    changed = {cell: count for cell, count in changes.items() if count}
    if not changed:
        return
    places = _places(conn, sorted({link for link, _, _ in changed}))
    by_day: Counter[tuple] = Counter()
    by_job: Counter[tuple] = Counter()
    by_people: Counter[str] = Counter()
    for (link, hour, verdict), count in changed.items():
        if link in places:  # a link that is forgotten keeps its clicks, and has no job
            job, channel, moment = places[link]
            by_day[hour // DAY_HOURS, channel, moment, verdict] += count
            by_job[job, link, verdict] += count
            if verdict == HUMAN:
                by_people[link] += count
    _plus(conn, hourly, ("link", "hour", "verdict"), changed)
    _plus(conn, daily, ("day", "channel", "moment", "verdict"), by_day)
    _plus(conn, totals, ("job_id", "link", "verdict"), by_job)
    results.add_clicks(conn, by_people)


def _places(conn: Connection, codes: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    found = {}
    for place in range(0, len(codes), FEW):
        query = select(links.c.code, links.c.job_id, links.c.channel, links.c.moment).where(
            links.c.code.in_(codes[place : place + FEW])
        )
        found |= {
            code: (job, channel, moment) for code, job, channel, moment in conn.execute(query)
        }
    return found


def _plus(conn: Connection, table, keys: tuple[str, ...], changes: dict[tuple, int]) -> None:
    if not changes:
        return
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    statement = dialect.insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=[table.c[key] for key in keys],
        set_={"count": table.c.count + statement.excluded.count},
    )
    # In one order, so that two writers never wait for each other.
    rows = [
        dict(zip(keys, cell, strict=True)) | {"count": n} for cell, n in sorted(changes.items())
    ]
    conn.execute(statement, rows)


# From the machines that answer links to the ledger


def place(conn: Connection, name: str) -> int:
    """How many bytes of a segment stand in the ledger."""
    return conn.scalar(select(segments.c.place).where(segments.c.name == name)) or 0


def move(conn: Connection, name: str, to: int, damaged: int) -> None:
    """Everything of a segment up to byte `to` stands in the ledger."""
    known = conn.execute(
        update(segments)
        .where(segments.c.name == name)
        .values(place=to, damaged=segments.c.damaged + damaged)
    )
    if not known.rowcount:
        conn.execute(insert(segments).values(name=name, place=to, damaged=damaged))


def forget_segments(conn: Connection, there: Iterable[str]) -> None:
    """Only the segments that are still there need to be remembered; damage always is."""
    names = set(there)
    for name in conn.scalars(select(segments.c.name).where(segments.c.damaged == 0)).all():
        if name not in names:
            conn.execute(delete(segments).where(segments.c.name == name))


def put(conn: Connection, bodies: Sequence[bytes]) -> None:
    """Take in commits as they are (a ledger on PostgreSQL)."""
    # inline: asks for no number back, which would take the right to read.
    conn.execute(insert(intake).inline(), [{"body": body} for body in bodies])


def unknown(conn: Connection, found: Sequence[Click]) -> list[Click]:
    """Those of clicks that were handed over twice which the ledger does not have.

    A process that answers links gives each click a microsecond of its own (see rolecast.go), so
    equal rows are one click.
    """
    known: set[Click] = set()
    for start in range(0, len(found), FEW):
        times = [click.at for click in found[start : start + FEW]]
        rows = conn.execute(select(*_FIELDS).where(_C.at.in_(times)))
        known |= {Click(*row)._replace(late=0) for row in rows}
    return [click for click in dict.fromkeys(found) if click._replace(late=0) not in known]


def taken_in(conn: Connection, most: int = 500) -> list[tuple[int, bytes]]:
    """(id, JSON) of commits that are still to be judged and summed."""
    query = select(intake.c.id, intake.c.body).order_by(intake.c.id).limit(most)
    return [(id_, bytes(body)) for id_, body in conn.execute(query)]


def put_away(conn: Connection, ids: Sequence[int]) -> None:
    """These commits are judged and summed."""
    if ids:
        conn.execute(
            delete(intake).where(intake.c.id == bindparam("b")), [{"b": id_} for id_ in ids]
        )


# Judging anew, counting anew, forgetting


def rejudge(conn: Connection, since: int = 0) -> int:
    """Judge the clicks from microsecond `since` on by today's rules; answers how many changed."""
    first = conn.scalar(select(func.min(_C.at)))
    if first is not None and _goes_further_back(conn, first):
        # What came just before the oldest clicks is forgotten; they keep their verdicts.
        since = max(since, first // HOUR * HOUR + REACH)
    changes: Counter[Cell] = Counter()
    changed = 0
    for start, part in _parts(conn, since):
        verdicts = _judge([one.click for one in part])
        ours = [
            (one, verdict)
            for one, verdict in zip(part, verdicts, strict=True)
            if max(start, since) <= one.click.at < start + HOUR
        ]
        changed += _rewrite(conn, ours, changes)
    _sum(conn, changes)
    conn.execute(update(clicks).where(_C.at >= since, _C.rules != RULES).values(rules=RULES))
    return changed


def _parts(conn: Connection, since: int) -> Iterator[tuple[int, list[Stored]]]:
    """The start of each hour that has clicks, and they, with REACH before and after it."""
    first = conn.scalar(select(func.min(_C.at)).where(_C.at >= since))
    while first is not None:
        start = first // HOUR * HOUR
        query = select(_C.id, _C.verdict, _C.reason, _C.rules, *_FIELDS).where(
            _C.at.between(start - REACH, start + HOUR + REACH)
        )
        yield start, [_stored(row) for row in conn.execute(query)]
        first = conn.scalar(select(func.min(_C.at)).where(_C.at >= start + HOUR))


def recount(conn: Connection) -> None:
    """Make all sums again: by hour from the clicks as far back as they are kept, the others from
    those by hour."""
    first = conn.scalar(select(func.min(_C.at)))
    if first is not None:
        conn.execute(delete(hourly).where(hourly.c.hour >= first // HOUR))
        hour = _C.at // HOUR
        counted = select(_C.link, hour, _C.verdict, func.count()).group_by(
            _C.link, hour, _C.verdict
        )
        conn.execute(insert(hourly).from_select(["link", "hour", "verdict", "count"], counted))
    conn.execute(delete(daily))
    conn.execute(delete(totals))
    of_link = hourly.join(links, links.c.code == hourly.c.link)
    day = hourly.c.hour // DAY_HOURS
    keys = (day, links.c.channel, links.c.moment, hourly.c.verdict)
    by_day = select(*keys, func.sum(hourly.c.count)).select_from(of_link).group_by(*keys)
    names = ["day", "channel", "moment", "verdict", "count"]
    conn.execute(insert(daily).from_select(names, by_day))
    keys = (links.c.job_id, hourly.c.link, hourly.c.verdict)
    in_all = select(*keys, func.sum(hourly.c.count)).select_from(of_link).group_by(*keys)
    names = ["job_id", "link", "verdict", "count"]
    conn.execute(insert(totals).from_select(names, in_all))
    results.recount(conn)


def _goes_further_back(conn: Connection, first: int) -> bool:
    """Whether single clicks from before `first` were dropped."""
    oldest = conn.scalar(select(func.min(hourly.c.hour)))
    return oldest is not None and oldest < first // HOUR


def drop(conn: Connection, before: int) -> int:
    """Forget single clicks from before microsecond `before`, whole hours; the sums stay."""
    return conn.execute(delete(clicks).where(_C.at < before // HOUR * HOUR)).rowcount


def everything(conn: Connection) -> list[Stored]:
    """All single clicks, oldest first."""
    query = select(_C.id, _C.verdict, _C.reason, _C.rules, *_FIELDS).order_by(_C.at, _C.id)
    return [_stored(row) for row in conn.execute(query)]


# What pages read


def of_links(conn: Connection, codes: Iterable[str]) -> dict[str, dict[str, int]]:
    """Link → class → clicks."""
    found: dict[str, dict[str, int]] = {}
    wanted = sorted(set(codes))
    for start in range(0, len(wanted), FEW):
        query = (
            select(totals.c.link, totals.c.verdict, totals.c.count)
            .join(links, (links.c.code == totals.c.link) & (links.c.job_id == totals.c.job_id))
            .where(links.c.code.in_(wanted[start : start + FEW]))
        )
        for link, verdict, count in conn.execute(query):
            found.setdefault(link, {})[verdict] = count
    return found


def people(conn: Connection, codes: Iterable[str]) -> dict[str, int]:
    """Link → clicks by persons, as far as we can tell."""
    return {link: counts.get(HUMAN, 0) for link, counts in of_links(conn, codes).items()}


def state(conn: Connection) -> dict[str, int]:
    """Figures for the metrics page: clicks by class, late ones, damaged lines."""
    sums = select(daily.c.verdict, func.sum(daily.c.count)).group_by(daily.c.verdict)
    found = dict.fromkeys(CLASSES, 0) | {kind: int(count) for kind, count in conn.execute(sums)}
    found["late"] = conn.scalar(select(func.count()).where(_C.late == 1)) or 0
    found["damaged"] = int(conn.scalar(select(func.sum(segments.c.damaged))) or 0)
    return found


# Where links lead


def job_of(conn: Connection, code: str) -> str | None:
    """The job a link leads to, or None for a code that was never minted."""
    return conn.scalar(select(links.c.job_id).where(links.c.code == code))


def minted(conn: Connection) -> Iterator[tuple[str, str]]:
    """(code, job) of all links."""
    query = select(links.c.code, links.c.job_id)
    yield from map(tuple, conn.execution_options(yield_per=20_000).execute(query))


def how_many(conn: Connection) -> int:
    """How many links there are."""
    return conn.scalar(select(func.count()).select_from(links)) or 0


def since(conn: Connection, at: datetime) -> list[tuple[str, str]]:
    """(code, job) of the links minted at `at` or later."""
    query = select(links.c.code, links.c.job_id).where(links.c.made >= at)
    return [(code, job) for code, job in conn.execute(query)]


def marks(conn: Connection) -> dict[str, tuple[str, int]]:
    """Job → what changes when it changes: its spec's hash, and whether its file is gone."""
    query = select(jobs.c.id, jobs.c.spec_hash, jobs.c.removed)
    return {id_: (digest, removed) for id_, digest, removed in conn.execute(query)}
