"""Friends whom colleagues have named; see rolecast.referrals."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from rolecast import links
from rolecast.ledger.referral_states import ENDED, ERASED, OWED, State, check
from rolecast.ledger.schema import links as link_table
from rolecast.ledger.schema_people import mails, referrals, silenced

CHANNEL, MOMENT = "referral", "named"  # of the links
MAIL = "friend"  # the mail that asks
_R, _M, _Z = referrals.c, mails.c, silenced.c


@dataclass(frozen=True, slots=True)
class Referral:
    """One friend, named for one job by one colleague. friend, contact, how, note, word and mark are
    None when they have been erased."""

    id: str
    person_id: str
    job_id: str
    friend: str | None
    contact: str | None
    how: str | None
    note: str | None
    word: str | None
    mark: str | None
    state: State
    secret: str | None
    link: str | None
    made: datetime
    changed: datetime
    ends: datetime
    promise: datetime | None
    source: str | None
    application: str | None


_COLUMNS = [referrals.c[name] for name in Referral.__slots__]
_OF_THE_FRIEND = ("friend", "contact", "how", "note", "word", "mark", "secret")


def _found(conn: Connection, query: Select) -> list[Referral]:
    rows = (dict(zip(Referral.__slots__, row, strict=True)) for row in conn.execute(query))
    return [Referral(**row | {"state": State(row["state"])}) for row in rows]


def _first(conn: Connection, query: Select) -> Referral | None:
    return next(iter(_found(conn, query.limit(1))), None)


_ALL = select(*_COLUMNS).order_by(_R.made, _R.id)


def add(conn: Connection, one: Referral) -> None:
    """A new one."""
    conn.execute(
        insert(referrals).values({name: getattr(one, name) for name in Referral.__slots__})
    )


def get(conn: Connection, id_: str) -> Referral | None:
    """The one of a number."""
    if not id_.isalnum():  # comes out of an address; some databases refuse what others look up
        return None
    return _first(conn, _ALL.where(_R.id == id_))


def of_secret(conn: Connection, secret: str) -> Referral | None:
    """The one to which a friend's mail belongs. secret: its hash."""
    return _first(conn, _ALL.where(_R.secret == secret))


def of_friend(conn: Connection, mark: str | None, job_id: str) -> list[Referral]:
    """All that name the same friend for the same job, the first named first."""
    return _found(conn, _ALL.where(_R.mark == mark, _R.job_id == job_id)) if mark else []


def of_application(
    conn: Connection, source: str, application: str, codes: Collection[str]
) -> list[Referral]:
    """Those that became an application, and those whose links led to it."""
    tied = _found(conn, _ALL.where(_R.source == source, _R.application == application))
    known = {one.id for one in tied}
    if codes:
        led = _found(conn, _ALL.where(_R.link.in_(codes), _R.application.is_(None)))
        tied += [one for one in led if one.id not in known]
    return tied


def of_person(
    conn: Connection, person: str, job_id: str | None = None, start: int = 0, count: int = 1000
) -> list[Referral]:
    """A colleague's own, the newest first."""
    query = select(*_COLUMNS).where(_R.person_id == person)
    if job_id is not None:
        query = query.where(_R.job_id == job_id)
    return _found(conn, query.order_by(_R.made.desc(), _R.id).offset(start).limit(count))


def count_of(conn: Connection, person: str, since: datetime | None = None) -> int:
    """How many a colleague has named (since then)."""
    query = select(func.count()).select_from(referrals).where(_R.person_id == person)
    return conn.scalar(query if since is None else query.where(_R.made >= since)) or 0


def named_since(conn: Connection, mark: str, since: datetime) -> int:
    """How often an address has been named since then."""
    query = select(func.count()).select_from(referrals)
    return conn.scalar(query.where(_R.mark == mark, _R.made >= since)) or 0


def at_the_desk(
    conn: Connection, states: Collection[State], start: int, count: int
) -> tuple[list[Referral], int]:
    """A page of those in these states that can still be told apart, and how many there are: first
    the ones whose promise breaks first."""
    where = (_R.state.in_(states), _R.friend.is_not(None))
    total = conn.scalar(select(func.count()).select_from(referrals).where(*where)) or 0
    query = select(*_COLUMNS).where(*where).order_by(_R.promise, _R.changed.desc(), _R.id)
    return _found(conn, query.offset(start).limit(count)), total


def due(conn: Connection, before: datetime, most: int = 50) -> list[Referral]:
    """Those about which a colleague has been promised to hear before then."""
    query = select(*_COLUMNS).where(_R.state.in_(OWED), _R.promise < before)
    return _found(conn, query.order_by(_R.promise, _R.id).limit(most))


def unanswered(conn: Connection, now: datetime) -> list[Referral]:
    """Those whose time to answer is over."""
    return _found(conn, _ALL.where(_R.state == State.asked, _R.ends <= now))


def ended(conn: Connection, before: datetime) -> list[Referral]:
    """Those that ended before then and are not erased yet."""
    over = (_R.state.in_(ENDED), _R.changed < before, _R.friend.is_not(None))
    return _found(conn, _ALL.where(*over))


# What changes them


def move(conn: Connection, one: Referral, new: State, now: datetime, **values: Any) -> bool:
    """Take one step; False when it was moved meanwhile. A friend who has not agreed is erased."""
    check(one.state, new)
    where = (_R.id == one.id, _R.state == one.state)
    values = {"promise": None, "changed": now, "state": new} | values
    if not conn.execute(update(referrals).where(*where).values(**values)).rowcount:
        return False
    if new in ERASED:
        erase(conn, one.id)
    return True


def change(conn: Connection, id_: str, **values: Any) -> None:
    """Change columns other than the state."""
    conn.execute(update(referrals).where(_R.id == id_).values(**values))


def untie(conn: Connection, source: str, application: str) -> None:
    """An application is forgotten: nothing says any more which one it was."""
    where = (_R.source == source, _R.application == application)
    conn.execute(update(referrals).where(*where).values(source=None, application=None))


def erase(conn: Connection, id_: str) -> None:
    """Nothing that is the friend's, or about them, stays: neither here nor in a mail."""
    conn.execute(update(referrals).where(_R.id == id_).values(dict.fromkeys(_OF_THE_FRIEND)))
    conn.execute(delete(mails).where(_M.referral_id == id_))


def mint(conn: Connection, job_id: str, now: datetime) -> str:
    """A link with which a friend applies."""
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    values = {"job_id": job_id, "channel": CHANNEL, "moment": MOMENT, "made": now}
    while True:
        query = dialect.insert(link_table).values(code=links.mint(), **values)
        query = query.on_conflict_do_nothing(index_elements=["code"]).returning(link_table.c.code)
        if (row := conn.execute(query).first()) is not None:
            return row[0]


# Who is not written to


def silence(conn: Connection, id_: str, job_id: str | None, now: datetime) -> bool:
    """Write to them no more; False when that holds already."""
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    query = dialect.insert(silenced).values(id=id_, job_id=job_id, made=now)
    query = query.on_conflict_do_nothing(index_elements=["id"]).returning(_Z.id)
    return conn.execute(query).first() is not None


def is_silenced(conn: Connection, id_: str) -> bool:
    """Whether they do not want to be written to."""
    return conn.execute(select(_Z.id).where(_Z.id == id_)).first() is not None


def unsilence(conn: Connection, id_: str) -> None:
    """Nothing was sent to them after all."""
    conn.execute(delete(silenced).where(_Z.id == id_))


def unsilence_old(conn: Connection, before: datetime) -> int:
    """Forget who was asked about a job before then; who wants no mails at all stays."""
    query = delete(silenced).where(_Z.job_id.is_not(None), _Z.made < before)
    return conn.execute(query).rowcount


# The mails that ask


def mails_of(conn: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Referral → state of the mail to its friend."""
    where = (_M.referral_id.in_(list(ids)), _M.kind == MAIL)
    return {
        id_: state for id_, state in conn.execute(select(_M.referral_id, _M.state).where(*where))
    }


def undelivered(conn: Connection) -> list[tuple[str, Referral]]:
    """(number of the mail, referral) of mails that no server takes."""
    query = select(_M.id, _M.referral_id).where(_M.state == "failed", _M.kind == MAIL)
    rows = conn.execute(query.order_by(_M.made)).all()
    return [(mail, one) for mail, id_ in rows if (one := get(conn, id_)) is not None]


def hush(conn: Connection, mark: str) -> None:
    """Take what is to be sent to a friend out of the outbox."""
    theirs = select(_R.id).where(_R.mark == mark)
    conn.execute(delete(mails).where(_M.referral_id.in_(theirs), _M.state != "sent"))


def drop_mail(conn: Connection, id_: str, keep: bool) -> None:
    """Take a mail out of the outbox; keep: unless it is to be sent."""
    conn.execute(delete(mails).where(_M.referral_id == ("" if keep else id_)))
