"""What came of each link: kept up behind publications, colleagues' links, clicks and credit.

Clicks are added where they are summed (rolecast.ledger.clicks). The rest is caught up with: what
has changed is found by time and number, a little before the place where the last look ended, so
that what was committed late is not passed by. All of it is written in transactions alone with
"clicks": nobody else takes these rows in another order. Every change of a line of `results` goes
through `_summed`, which keeps its sums by day and hour.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from rolecast.clicks import HUMAN
from rolecast.ledger import changes, take_turn
from rolecast.ledger.changes import COLLEAGUES, News
from rolecast.ledger.schema import credits, totals
from rolecast.ledger.schema_results import (
    applications,
    awaited,
    caught_up,
    results,
    results_daily,
    results_hourly,
)
from rolecast.ledger.states import State
from rolecast.outcomes import FORWARD, Stage

_R, _Q = results.c, applications.c
SUMS = ("links", "human", "squares", "applied", "interviewed", "hired", "counted", "shown")
MANY = 5000  # rows written at once
FEW = 500  # how much one question may name


def hour_of(at: datetime) -> int:
    """Hours since 1970, UTC."""
    return int(at.timestamp() // 3600)


def take(conn: Connection, news: News) -> None:
    """Bring the tables up to `news`. In a transaction alone with "clicks"."""
    touched = set()
    for start in range(0, len(news.credits), MANY):
        touched |= _take_credits(conn, news.credits[start : start + MANY])
    rows = _lines(news)
    codes = sorted({row["link"] for row in rows} | touched)
    with _summed(conn, codes):
        for start in range(0, len(rows), MANY):
            part = rows[start : start + MANY]
            _upsert(conn, results, ("link",), ("variant", "ended", "revision"), part)
        _count(conn, codes)
    jobs = {row["job_id"] for row in rows} | {one.job_id for one in news.credits}
    _await(conn, jobs - {None})
    places = [{"name": name, "place": place} for name, place in sorted(news.places.items())]
    _upsert(conn, caught_up, ("name",), ("place",), places)


def add_clicks(conn: Connection, counts: Mapping[str, int]) -> None:
    """More (or fewer) clicks by persons, by link; links that are not out yet are counted then."""
    _set(conn, {link: n for link, n in counts.items() if n}, "human", _R.human + bindparam("b_n"))


def show(conn: Connection, shown: Mapping[str, int | None]) -> None:
    """What a network counted as shown, by link. In a transaction alone with "clicks"."""
    _set(conn, shown, "shown", bindparam("b_n"))


def recount(conn: Connection) -> None:
    """Make everything again, but for what networks counted, which stays. In a transaction alone
    with "clicks"."""
    query = select(_R.link, _R.shown).where(_R.shown.is_not(None))
    shown = {link: count for link, count in conn.execute(query)}
    for table in (results, results_daily, results_hourly, awaited, applications, caught_up):
        conn.execute(delete(table))
    take(conn, changes.since_last(conn))
    show(conn, shown)


def forget(conn: Connection, source: str, application: str) -> None:
    """An application is deleted, and its decisions on credit are."""
    take_turn(conn, "clicks")
    # SQLite may give a deleted last number to the next decision, which is to be seen.
    last = conn.scalar(select(func.max(credits.c.id))) or 0
    place = update(caught_up).where(caught_up.c.name == "credits", caught_up.c.place > last)
    conn.execute(place.values(place=last))
    of = and_(_Q.source == source, _Q.application == application)
    rows = conn.execute(select(_Q.link, _Q.job_id).where(of)).all()
    codes = [link for link, _ in rows if link]
    with _summed(conn, codes):
        conn.execute(delete(applications).where(of))
        _count(conn, codes)
    _await(conn, {job for _, job in rows} - {None})


# Taking it in


def _lines(news: News) -> list[dict[str, Any]]:
    """The lines of links that are new or have changed, by link."""
    fresh = {"human": 0, "applied": 0, "interviewed": 0, "hired": 0}
    away = (State.withdrawn, State.gone)
    rows = [
        {
            "link": one.link, "job_id": one.job_id, "channel": one.channel, "moment": one.moment,
            "variant": one.variant, "hour": hour_of(one.first), "revision": one.revision,
            "ended": hour_of(one.updated) if one.state in away else None, **fresh,
        }
        for one in news.posts
    ]  # fmt: skip
    rows += [
        {
            "link": one.code, "job_id": one.job_id, "channel": one.channel, "moment": one.moment,
            "variant": "", "hour": hour_of(one.made), "revision": 0, "ended": None, **fresh,
        }
        for one in news.shares
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row["link"])


def _take_credits(conn: Connection, decided: Sequence[Row[Any]]) -> set[str]:
    """Answers the links whose applications have changed."""
    rows = {
        (one.source, one.application): {
            "source": one.source, "application": one.application, "job_id": one.job_id,
            "hour": hour_of(one.came), "stage": one.stage, "link": one.link,
            "party": one.whose if one.whose in COLLEAGUES else one.party,
        }
        for one in decided
        if one.came is not None  # it was forgotten meanwhile
    }  # fmt: skip
    touched = {row["link"] for row in rows.values()}
    for part in _parts(sorted({application for _, application in rows})):
        touched |= set(conn.scalars(select(_Q.link).where(_Q.application.in_(part))))
    changing = ("job_id", "hour", "stage", "party", "link")
    _upsert(conn, applications, ("source", "application"), changing, list(rows.values()))
    return touched - {None}


def _set(conn: Connection, by: Mapping[str, int | None], name: str, value: Any) -> None:
    """Change one figure of some lines; b_n is the change."""
    rows = [{"b_link": link, "b_n": n} for link, n in sorted(by.items())]
    if rows:
        with _summed(conn, sorted(by)):
            of = update(results).where(_R.link == bindparam("b_link"))
            conn.execute(of.values({name: value}), rows)


def _count(conn: Connection, codes: Sequence[str]) -> None:
    """Read clicks and applications of these links anew."""
    human = select(totals.c.count).where(
        totals.c.job_id == _R.job_id, totals.c.link == _R.link, totals.c.verdict == HUMAN
    )
    values = {"human": func.coalesce(human.scalar_subquery(), 0)}
    for name in ("applied", "interviewed", "hired"):
        count = select(func.count()).select_from(applications).where(_Q.link == _R.link)
        if name != "applied":
            so_far = FORWARD[FORWARD.index(Stage(name)) :]
            count = count.where(_Q.stage.in_(so_far))
        values[name] = count.scalar_subquery()
    for part in _parts(codes):
        conn.execute(update(results).where(_R.link.in_(part)).values(values))


def _await(conn: Connection, jobs: Iterable[str]) -> None:
    """Read anew how long these jobs wait for somebody."""
    ended = case((func.count() == func.count(_R.ended), func.max(_R.ended)))
    applied = select(func.min(_Q.hour)).where(_Q.job_id == _R.job_id).scalar_subquery()
    for part in _parts(sorted(jobs)):
        query = (
            select(_R.job_id, func.min(_R.hour), ended, applied)
            .where(_R.job_id.in_(part), _R.channel.not_in(COLLEAGUES))
            .group_by(_R.job_id)
        )
        names = ("job_id", "hour", "ended", "applied")
        rows = [dict(zip(names, row, strict=True)) for row in conn.execute(query)]
        _upsert(conn, awaited, names[:1], names[1:], rows)


@contextmanager
def _summed(conn: Connection, codes: Sequence[str]) -> Iterator[None]:
    """Keeps the sums by day and hour over a change of these links' lines."""
    before = _figures(conn, codes)
    yield
    days: dict[tuple, list[int]] = {}
    hours: dict[tuple, list[int]] = {}
    for sign, found in ((-1, before), (1, _figures(conn, codes))):
        for one in found:
            counted = one.shown is not None
            figures = (1, one.human, one.human**2, one.applied, one.interviewed, one.hired,
                       int(counted), one.shown or 0)  # fmt: skip
            _add(days, (one.hour // 24, one.channel, one.moment, one.variant), sign, figures)
            if one.channel not in COLLEAGUES:
                _add(hours, (one.hour,), sign, figures)
    _plus(conn, results_daily, ("day", "channel", "moment", "variant"), days)
    _plus(conn, results_hourly, ("hour",), hours)


def _figures(conn: Connection, codes: Sequence[str]) -> list[Row[Any]]:
    columns = [_R.channel, _R.moment, _R.variant, _R.hour, _R.human, _R.applied, _R.interviewed,
               _R.hired, _R.shown]  # fmt: skip
    found: list[Row[Any]] = []
    for part in _parts(codes):
        found += conn.execute(select(*columns).where(_R.link.in_(part)))
    return found


def _add(sums: dict[tuple, list[int]], key: tuple, sign: int, figures: Sequence[int]) -> None:
    into = sums.setdefault(key, [0] * len(figures))
    for place, figure in enumerate(figures):
        into[place] += sign * figure


def _plus(
    conn: Connection, table: Table, keys: tuple[str, ...], sums: dict[tuple, list[int]]
) -> None:
    rows = [
        dict(zip(keys, key, strict=True)) | dict(zip(SUMS, figures, strict=True))
        for key, figures in sorted(sums.items())
        if any(figures)
    ]
    if rows:
        statement = _insert(conn, table)
        added = {name: table.c[name] + statement.excluded[name] for name in SUMS}
        conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=added), rows)


def _upsert(
    conn: Connection,
    table: Table,
    keys: Sequence[str],
    changing: Sequence[str],
    rows: Sequence[dict[str, Any]],
) -> None:
    if rows:
        statement = _insert(conn, table)
        new = {name: statement.excluded[name] for name in changing}
        conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), rows)


def _insert(conn: Connection, table: Table) -> Any:
    return importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}").insert(table)


def _parts(codes: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(codes), FEW):
        yield codes[start : start + FEW]
