"""What colleagues ask and answer under a job, and who offered to be asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, cast, delete, func, insert, or_, select, update

from rolecast.ledger.schema import jobs
from rolecast.ledger.schema_people import notices, people, questions, volunteers
from rolecast.ledger.shown import _on_board

_Q, _P, _V, _N, _J = questions.c, people.c, volunteers.c, notices.c, jobs.c


@dataclass(frozen=True, slots=True)
class Question:
    """A question, or (answers_to: its question) an answer; name and team are its author's."""

    id: str
    person_id: str
    job_id: str
    answers_to: str | None
    text: str  # "": taken back, which only a question that has answers is kept as
    made: datetime
    name: str
    team: str | None


@dataclass(frozen=True, slots=True)
class Volunteer:
    """A colleague who may be asked about a team; email only with their consent."""

    person_id: str
    team: str
    note: str
    name: str
    email: str | None


_SELECT = select(
    _Q.id, _Q.person_id, _Q.job_id, _Q.answers_to, _Q.text, _Q.made, _P.name, _P.team
).join(people, _P.id == _Q.person_id)


def add(conn: Connection, **values: Any) -> None:
    """Columns of `questions`."""
    conn.execute(insert(questions).values(**values))


def get(conn: Connection, id_: str) -> Question | None:
    """A question or an answer."""
    row = conn.execute(_SELECT.where(_Q.id == id_)).first()
    return row and Question(*row)


def of_job(conn: Connection, job_id: str, start: int, count: int) -> tuple[list[Question], int]:
    """A page of a job's questions, newest first, and how many there are."""
    where = (_Q.job_id == job_id, _Q.answers_to.is_(None))
    total = conn.scalar(select(func.count()).select_from(questions).where(*where)) or 0
    query = _SELECT.where(*where).order_by(_Q.made.desc(), _Q.id).offset(start).limit(count)
    return [Question(*row) for row in conn.execute(query)], total


def answers(conn: Connection, question: str, start: int, count: int) -> list[Question]:
    """A page of a question's answers, oldest first."""
    query = _SELECT.where(_Q.answers_to == question).order_by(_Q.made, _Q.id)
    return [Question(*row) for row in conn.execute(query.offset(start).limit(count))]


def first_answers(
    conn: Connection, ids: Collection[str], most: int
) -> dict[str, tuple[list[Question], int]]:
    """Question → its first answers, and how many it has."""
    place = func.row_number().over(partition_by=_Q.answers_to, order_by=(_Q.made, _Q.id))
    count = func.count().over(partition_by=_Q.answers_to)
    inner = select(_Q.id, place.label("place"), count.label("count"))
    inner = inner.where(_Q.answers_to.in_(ids)).subquery()
    query = _SELECT.add_columns(inner.c["count"]).join(inner, inner.c.id == _Q.id)
    query = query.where(inner.c.place <= most).order_by(_Q.made, _Q.id)
    found: dict[str, tuple[list[Question], int]] = {id_: ([], 0) for id_ in ids}
    for *row, total in conn.execute(query):
        one = Question(*row)
        found[one.answers_to or ""][0].append(one)
        found[one.answers_to or ""] = (found[one.answers_to or ""][0], total)
    return found


def written(conn: Connection, person: str, since: datetime) -> int:
    """How many questions and answers somebody has written since then."""
    query = select(func.count()).where(_Q.person_id == person, _Q.made >= since)
    return conn.scalar(query) or 0


def answered_by_others(conn: Connection, id_: str, person: str) -> bool:
    """Whether somebody else has answered."""
    query = select(_Q.id).where(_Q.answers_to == id_, _Q.person_id != person).limit(1)
    return conn.execute(query).first() is not None


def remove(conn: Connection, id_: str) -> None:
    """Delete one, with its answers and the news of them."""
    ids = [id_, *conn.scalars(select(_Q.id).where(_Q.answers_to == id_))]
    _forget_news(conn, ids)
    conn.execute(delete(questions).where(_Q.id == id_))


def empty(conn: Connection, id_: str) -> None:
    """Delete a question's words; its answers are others' and stay."""
    _forget_news(conn, [id_])
    conn.execute(update(questions).where(_Q.id == id_).values(text=""))


def forget_news_of(conn: Connection, person: str) -> None:
    """Delete the news, at others', that quote somebody. Call it before the person is deleted."""
    _forget_news(conn, list(conn.scalars(select(_Q.id).where(_Q.person_id == person))))


def _forget_news(conn: Connection, ids: Collection[str]) -> None:
    """News names what it is about by its number, which is random."""
    for id_ in ids:
        mine = (_N.kind.in_(("question", "answer")), _N.about.contains(id_, autoescape=True))
        conn.execute(delete(notices).where(*mine))


# Volunteers


def offer(conn: Connection, person: str, team: str, note: str, mail: bool, now: datetime) -> None:
    """Somebody may be asked about a team; what they had offered for it is replaced."""
    take_back(conn, person, team)
    values = {"person_id": person, "team": team, "note": note, "mail": int(mail), "made": now}
    conn.execute(insert(volunteers).values(**values))


def take_back(conn: Connection, person: str, team: str) -> bool:
    """Whether there was something to take back."""
    gone = conn.execute(delete(volunteers).where(_V.person_id == person, _V.team == team))
    return bool(gone.rowcount)


def offers(conn: Connection, person: str) -> list[Any]:
    """What somebody offers: rows of (team, note, mail, made), by team."""
    query = select(_V.team, _V.note, _V.mail, _V.made).where(_V.person_id == person)
    return list(conn.execute(query.order_by(_V.team)))


def volunteers_of(conn: Connection, team: str, most: int) -> tuple[list[Volunteer], int]:
    """The first who may be asked about a team, and how many there are."""
    where = or_(_V.team == team, func.lower(_V.team) == team.lower())
    total = conn.scalar(select(func.count()).select_from(volunteers).where(where)) or 0
    query = select(_V.person_id, _V.team, _V.note, _P.name, _P.email, _V.mail)
    query = query.join(people, _P.id == _V.person_id).where(where).order_by(_V.made, _P.id)
    rows = conn.execute(query.limit(most))
    return [Volunteer(*row[:4], row.email if row.mail else None) for row in rows], total


def teams(conn: Connection, channels: Collection[str]) -> list[str]:
    """The teams of the jobs that are on the board now, by name."""
    spec = _J.spec if conn.dialect.name == "sqlite" else cast(_J.spec, JSON)
    team = (
        func.json_extract(spec, "$.team")
        if conn.dialect.name == "sqlite"
        else spec["team"].as_string()
    )
    query = select(team).where(_on_board(channels), team.is_not(None)).distinct()
    return sorted(conn.scalars(query), key=str.casefold)
