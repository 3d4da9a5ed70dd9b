"""Colleagues, their sessions and sign-ins."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from rolecast.ledger.schema_people import people, sessions, signins
from rolecast.people import Person, Role, new_id

_P, _S, _B = people.c, sessions.c, signins.c
_COLUMNS = [people.c[name] for name in Person.__slots__]
SEEN = timedelta(hours=1)  # how exactly a session remembers when it was used


def _person(row: Any) -> Person:
    found = dict(zip(Person.__slots__, row, strict=True))
    return Person(**found | {"role": Role(found["role"])})


def get(conn: Connection, id_: str) -> Person | None:
    """The person of a number."""
    row = conn.execute(select(*_COLUMNS).where(_P.id == id_)).first()
    return row and _person(row)


def of_address(conn: Connection, email: str) -> Person | None:
    """The person of a mail address in small letters."""
    row = conn.execute(select(*_COLUMNS).where(_P.email == email)).first()
    return row and _person(row)


def of_subject(conn: Connection, subject: str) -> Person | None:
    """The person whom an OpenID provider calls so."""
    row = conn.execute(select(*_COLUMNS).where(_P.subject == subject)).first()
    return row and _person(row)


def add(
    conn: Connection, email: str, name: str, role: Role, now: datetime, id_: str = ""
) -> Person:
    """A new person, with a new number where none is given."""
    values = {"id": id_ or new_id(), "email": email, "name": name, "role": role.value, "made": now}
    conn.execute(insert(people).values(**values))
    found = get(conn, values["id"])
    assert found is not None
    return found


def change(conn: Connection, id_: str, **values: Any) -> None:
    """Change columns of a person."""
    conn.execute(update(people).where(_P.id == id_).values(**values))


def looks(conn: Connection, person: Person, before: datetime | None, now: datetime) -> None:
    """A person has the list of jobs before them; of several pages at once, one is noted."""
    query = update(people).where(_P.id == person.id, _P.looked.is_not_distinct_from(person.looked))
    conn.execute(query.values(looked=now, before=before))


def everybody(conn: Connection, search: str, start: int, count: int) -> tuple[list[Person], int]:
    """A page of people by name, and how many there are."""
    where = or_(
        _P.name.icontains(search, autoescape=True), _P.email.icontains(search, autoescape=True)
    )
    total = conn.scalar(select(func.count()).select_from(people).where(where)) or 0
    query = select(*_COLUMNS).where(where).order_by(_P.name, _P.id).offset(start).limit(count)
    return [_person(row) for row in conn.execute(query)], total


def names(conn: Connection, ids: Collection[str]) -> dict[str, str]:
    """Number → name."""
    rows = conn.execute(select(_P.id, _P.name).where(_P.id.in_(ids)))
    return {id_: name for id_, name in rows}


def forget(conn: Connection, id_: str) -> None:
    """Delete a person and everything that is theirs."""
    conn.execute(delete(people).where(_P.id == id_))


def way(conn: Connection, id_: str, new: Callable[[], str]) -> tuple[str, str]:
    """How somebody is told news (mail, slack, teams), and the code of their off switch."""
    tells, off = conn.execute(select(_P.tells, _P.off).where(_P.id == id_)).one()
    if off is None:
        # Two may come here at once: the code that stands is that of the first.
        conn.execute(update(people).where(_P.id == id_, _P.off.is_(None)).values(off=new()))
        off = conn.scalar(select(_P.off).where(_P.id == id_))
    return tells, off


def of_off(conn: Connection, code: str) -> Person | None:
    """Whose off switch that is."""
    row = conn.execute(select(*_COLUMNS).where(_P.off == code)).first()
    return row and _person(row)


# Sessions


def open_session(
    conn: Connection, id_: str, person: str, device: str, now: datetime, ends: datetime
) -> None:
    """id_: the hash of what the browser is given. Forgets what has ended."""
    conn.execute(delete(sessions).where(_S.ends <= now))
    values = {"id": id_, "person_id": person, "device": device, "made": now, "seen": now}
    conn.execute(insert(sessions).values(**values, ends=ends))


def of_session(conn: Connection, id_: str, now: datetime) -> tuple[Person, datetime] | None:
    """Who has it, and when it was last seen; None for one that has ended."""
    query = select(_S.seen, *_COLUMNS).join(people, _P.id == _S.person_id)
    row = conn.execute(query.where(_S.id == id_, _S.ends > now)).first()
    return (_person(row[1:]), row[0]) if row else None


def seen(conn: Connection, id_: str, now: datetime) -> None:
    """A session was used."""
    conn.execute(update(sessions).where(_S.id == id_).values(seen=now))


def sessions_of(conn: Connection, person: str, now: datetime) -> list[Any]:
    """Rows of (id, made, seen, ends, device), last used first."""
    query = select(_S.id, _S.made, _S.seen, _S.ends, _S.device)
    return list(
        conn.execute(query.where(_S.person_id == person, _S.ends > now).order_by(_S.seen.desc()))
    )


def end_session(conn: Connection, id_: str, person: str | None = None) -> None:
    """End one; with `person` only when it is theirs."""
    query = delete(sessions).where(_S.id == id_)
    conn.execute(query if person is None else query.where(_S.person_id == person))


def end_sessions(conn: Connection, person: str, but: str = "") -> None:
    """End all of a person's, but one."""
    conn.execute(delete(sessions).where(_S.person_id == person, _S.id != but))


def forget_ended(conn: Connection, now: datetime) -> int:
    """Forget sessions and sign-ins that have ended; answers how many."""
    found = conn.execute(delete(sessions).where(_S.ends <= now)).rowcount
    return found + conn.execute(delete(signins).where(_B.ends <= now)).rowcount


# Sign-ins that have begun


def begin_signin(conn: Connection, **values: Any) -> None:
    """Columns of `signins`. Forgets what has ended."""
    conn.execute(delete(signins).where(_B.ends <= values["made"]))
    conn.execute(insert(signins).values(**values))


def signin(conn: Connection, id_: str, now: datetime) -> Any | None:
    """One that has not ended."""
    return conn.execute(select(signins).where(_B.id == id_, _B.ends > now)).first()


def began(conn: Connection, browser: str, email: str, now: datetime) -> bool:
    """Whether that browser (its hash) has asked for a mail to that address and may use it yet."""
    query = select(_B.id).where(_B.browser == browser, _B.email == email, _B.ends > now)
    return conn.execute(query.limit(1)).first() is not None


def take_signin(conn: Connection, id_: str) -> bool:
    """Use one up; False when somebody else just did."""
    return bool(conn.execute(delete(signins).where(_B.id == id_)).rowcount)


def asked(conn: Connection, email: str, since: datetime) -> int:
    """How many mails an address has asked for since then."""
    query = select(func.count()).where(_B.email == email, _B.made >= since)
    return conn.scalar(query) or 0
