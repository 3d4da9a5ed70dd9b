"""What has changed since the sums by link were made last; see rolecast.ledger.results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, literal, or_, select

from rolecast.ledger.schema import attempts, credits, links, outcomes, publications
from rolecast.ledger.schema_results import caught_up, results
from rolecast.ledger.states import Outcome
from rolecast.outcomes import Stage

_R, _P, _A, _L, _K = results.c, publications.c, attempts.c, links.c, credits.c
COLLEAGUES = ("share", "referral")  # of links.channel: a colleague's, and no post's
VARIANTS = ("long", "medium", "short", "long, own words", "medium, own words", "short, own words")
LATE = timedelta(minutes=10)  # a transaction is over by then
START = datetime(1970, 1, 1, tzinfo=UTC)


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


def since_last(conn: Connection) -> News:
    """What is new; only reads."""
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


def variant() -> Any:
    """Which form of its template a post is, read off its text in words that both databases have."""
    found = [
        (_P.post.contains(f'"variant":"{name}"', autoescape=True), literal(name))
        for name in VARIANTS
    ]
    return case(*found, else_=literal("not known"))


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


def _time(place: int) -> datetime:
    return max(START, START + timedelta(seconds=place) - LATE)


def _seconds(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0
