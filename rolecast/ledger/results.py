"""What came of each link: kept up behind publications, colleagues' links, clicks and credit.

Clicks are added where they are summed (rolecast.ledger.clicks). The rest is caught up with: what
has changed is found by time and number, a little before the place where the last look ended, so
that what was committed late is not passed by. All of it is written in transactions alone with
"clicks": nobody else takes these rows in another order.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from rolecast.clicks import HUMAN
from rolecast.ledger.schema import attempts, credits, links, outcomes, publications, totals
from rolecast.ledger.schema_results import applications, caught_up, results
from rolecast.ledger.states import Outcome, State
from rolecast.outcomes import FORWARD, Stage

_R, _P, _A, _L = results.c, publications.c, attempts.c, links.c
_K, _Q = credits.c, applications.c
COLLEAGUES = ("share", "referral")  # of links.channel: a colleague's, and no post's
VARIANTS = ("long", "medium", "short", "long, own words", "medium, own words", "short, own words")
LATE = timedelta(minutes=10)  # a transaction is over by then
START = datetime(1970, 1, 1, tzinfo=UTC)
MANY = 5000  # rows written at once
FEW = 500  # how much one question may name


@dataclass(frozen=True)
class News:
    """What has changed since the last look. places: how far this one has come; far: whether that
    is worth being remembered although nothing else is new."""

    posts: Sequence[Row[Any]]
    shares: Sequence[Row[Any]]
    credits: Sequence[Row[Any]]
    places: dict[str, int]
    far: bool

    def __bool__(self) -> bool:
        return bool(self.posts or self.shares or self.credits or self.far)


def hour_of(at: datetime) -> int:
    """Hours since 1970, UTC."""
    return int(at.timestamp() // 3600)


def changed(conn: Connection) -> News:
    """What `take` has to take in. Only reads."""
    known = {name: place for name, place in conn.execute(select(caught_up))}
    since = {name: _time(known.get(name, 0)) for name in ("posts", "links")}
    posts = conn.execute(_posts(since["posts"])).all()
    shares = conn.execute(_shares(since["links"])).all()
    decided = conn.execute(_decided(known.get("credits", 0))).all()
    places = {
        "posts": _seconds(conn.scalar(select(func.max(_P.updated)))),
        "links": _seconds(conn.scalar(select(func.max(_L.made)))),
        "credits": decided[-1].id if decided else known.get("credits", 0),
    }
    far = any(place > known.get(name, 0) + LATE.total_seconds() for name, place in places.items())
    return News(posts, shares, decided, places, far)


def take(conn: Connection, news: News) -> None:
    """Bring the tables up to `news`. In a transaction alone with "clicks"."""
    for start in range(0, len(news.credits), MANY):
        _take_credits(conn, news.credits[start : start + MANY])
    fresh = {"human": 0, "applied": 0, "interviewed": 0, "hired": 0}
    rows = [
        {
            "link": one.link, "job_id": one.job_id, "channel": one.channel, "moment": one.moment,
            "variant": one.variant, "hour": hour_of(one.first), "revision": one.revision,
            "ended": hour_of(one.updated) if one.state in (State.withdrawn, State.gone) else None,
            **fresh,
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
    rows.sort(key=lambda row: row["link"])
    for start in range(0, len(rows), MANY):
        part = rows[start : start + MANY]
        _upsert(conn, results, ("link",), ("variant", "ended", "revision"), part)
    _sum(conn, [row["link"] for row in rows])
    _upsert(
        conn, caught_up, ("name",), ("place",),
        [{"name": name, "place": place} for name, place in sorted(news.places.items())],
    )  # fmt: skip


def add_clicks(conn: Connection, changes: dict[str, int]) -> None:
    """More (or fewer) clicks by persons, by link; links that are not out yet are summed then."""
    rows = [{"b_link": link, "b_count": n} for link, n in sorted(changes.items()) if n]
    if rows:
        conn.execute(
            update(results)
            .where(_R.link == bindparam("b_link"))
            .values(human=_R.human + bindparam("b_count")),
            rows,
        )


def show(conn: Connection, shown: dict[str, int | None]) -> None:
    """What a network counted as shown, by link."""
    rows = [{"b_link": link, "b_shown": n} for link, n in sorted(shown.items())]
    if rows:
        conn.execute(
            update(results)
            .where(_R.link == bindparam("b_link"))
            .values(shown=bindparam("b_shown")),
            rows,
        )


def recount(conn: Connection) -> None:
    """Make everything again, but for what networks counted, which stays."""
    shown = {
        link: count
        for link, count in conn.execute(select(_R.link, _R.shown).where(_R.shown.is_not(None)))
    }
    for table in (results, applications, caught_up):
        conn.execute(delete(table))
    take(conn, changed(conn))
    show(conn, shown)


def forget(conn: Connection, source: str, application: str) -> None:
    """An application is deleted."""
    of = and_(_Q.source == source, _Q.application == application)
    touched = list(conn.scalars(select(_Q.link).where(of, _Q.link.is_not(None))))
    conn.execute(delete(applications).where(of))
    _sum(conn, touched)


def variant() -> Any:
    """Which form of its template a post is, read off its text in words that both databases have."""
    found = [
        (_P.post.contains(f'"variant":"{name}"', autoescape=True), literal(name))
        for name in VARIANTS
    ]
    return case(*found, else_=literal("not known"))


# What has changed


def _posts(since: datetime) -> Any:
    """Publications that went out once and are not as they were read last."""
    there = or_(
        _A.outcome == Outcome.adopted,
        and_(_A.outcome == Outcome.done, _A.action.in_(("publish", "adopt"))),
    )
    first = (
        select(func.min(_A.finished))
        .where(_A.publication_id == _P.id, there)
        .correlate(publications)
        .scalar_subquery()
    )
    columns = [_P.link, _P.job_id, _P.channel, _P.moment, _P.state, _P.updated, _P.revision]
    of = publications.outerjoin(results, _R.link == _P.link)
    return (
        select(*columns, variant().label("variant"), first.label("first"))
        .select_from(of)
        .where(
            _P.updated >= since,
            or_(_R.link.is_(None), _R.revision != _P.revision),
            first.is_not(None),
        )
    )


def _shares(since: datetime) -> Any:
    columns = [_L.code, _L.job_id, _L.channel, _L.moment, _L.made]
    of = links.outerjoin(results, _R.link == _L.code)
    where = (_L.made >= since, _L.channel.in_(COLLEAGUES), _R.link.is_(None))
    return select(*columns).select_from(of).where(*where)


def _decided(after: int) -> Any:
    """Decisions on credit, with when the application came and whose link it was."""
    O = outcomes.c  # noqa: E741
    of = and_(O.source == _K.source, O.application == _K.application)
    first = select(func.min(O.at)).where(of).correlate(credits)
    applied = first.where(O.stage == Stage.applied)
    columns = [_K.id, _K.source, _K.application, _K.stage, _K.job_id, _K.party, _K.link]
    return (
        select(
            *columns,
            func.coalesce(applied.scalar_subquery(), first.scalar_subquery()).label("came"),
            _L.channel.label("whose"),
        )
        .select_from(credits.outerjoin(links, _L.code == _K.link))
        .where(_K.id > after)
        .order_by(_K.id)
    )  # fmt: skip


# Taking it in


def _take_credits(conn: Connection, decided: Sequence[Row[Any]]) -> None:
    rows = {
        (one.source, one.application): {
            "source": one.source, "application": one.application, "job_id": one.job_id,
            "hour": hour_of(one.came), "stage": one.stage, "link": one.link,
            "party": one.whose if one.whose in COLLEAGUES else one.party,
        }
        for one in decided
        if one.came is not None  # it was forgotten meanwhile
    }  # fmt: skip
    if not rows:
        return
    touched = {row["link"] for row in rows.values()}
    names = list({application for _, application in rows})
    for start in range(0, len(names), FEW):
        query = select(_Q.link).where(_Q.application.in_(names[start : start + FEW]))
        touched |= set(conn.scalars(query))
    changing = ("job_id", "hour", "stage", "party", "link")
    _upsert(conn, applications, ("source", "application"), changing, list(rows.values()))
    _sum(conn, touched - {None})


def _sum(conn: Connection, codes: Iterable[str]) -> None:
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
    wanted = sorted(set(codes))
    for start in range(0, len(wanted), FEW):
        part = wanted[start : start + FEW]
        conn.execute(update(results).where(_R.link.in_(part)).values(values))


def _upsert(
    conn: Connection, table: Any, keys: Sequence[str], changing: Sequence[str], rows: list[dict]
) -> None:
    if not rows:
        return
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    statement = dialect.insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=list(keys),
        set_={name: statement.excluded[name] for name in changing},
    )
    conn.execute(statement, rows)


def _time(place: int) -> datetime:
    return max(START, START + timedelta(seconds=place) - LATE)


def _seconds(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0


