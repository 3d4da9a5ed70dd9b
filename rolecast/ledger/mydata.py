"""What the ledger keeps of one person: found by looking through all tables, so that a new table is
never forgotten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, String, Table, delete, or_, select, update

from rolecast.credit import FORMER
from rolecast.ledger import clicks, people
from rolecast.ledger.schema import approvals, attempts, credits, events, jobs, metadata
from rolecast.ledger.schema_desk import decisions, rehearsals
from rolecast.ledger.schema_people import mails, shares, signins, suggestions
from rolecast.people import Person

# What proves that somebody is somebody is no news to them; numbers of applications are others'.
HIDDEN = {
    "people": {"off"},
    "sessions": {"id"},
    "referrals": {"secret", "mark", "source", "application"},
    "bonuses": {"source", "application"},
    "mails": {"off", "address"},
}
# Public texts, which are the company's and follow its files; and what never holds a person.
APART = {
    "jobs", "files", "findable", "plans", "clicks", "clicks_hourly", "clicks_daily",
    "clicks_total", "clicks_segments", "clicks_intake", "links", "tokens", "touched", "outcomes",
    "overview", "results", "results_daily", "awaited", "applications", "caught_up", "counts",
    "beats", "progress",
}  # fmt: skip
PUBLIC = {"post"}  # columns
DECIDED = {
    "events": events.c.who, "approvals": approvals.c.who, "attempts": attempts.c.owner,
    "decisions": decisions.c.who, "rehearsals": rehearsals.c.who,
}  # fmt: skip
SHOWN = {
    "events": ("job_id", "at", "what", "detail"),
    "approvals": ("job_id", "channel", "moment", "action", "approved", "at", "note"),
    "attempts": ("action", "started", "finished", "outcome", "detail"),
    "decisions": ("what", "at", "undone"),
    "rehearsals": ("channel", "job_id", "asked", "state"),
}
Rows = list[dict[str, Any]]


def of_person(conn: Connection, person: Person) -> dict[str, Rows]:
    """Table → the rows that are the person's, the oldest first where rows have a time."""
    people_table = metadata.tables["people"]
    found = {"people": _rows(conn, people_table, people_table.c.id == person.id)}
    for table in metadata.sorted_tables:
        if "person_id" in table.c:
            found[table.name] = _rows(conn, table, table.c.person_id == person.id)
    return found


def _rows(conn: Connection, table: Table, where: Any) -> Rows:
    hidden = HIDDEN.get(table.name, set()) | {"person_id"}
    columns = [column for column in table.c if column.name not in hidden]
    order = next((table.c[name] for name in ("made", "at") if name in table.c), None)
    query = select(*columns).where(where)
    rows = conn.execute(query.order_by(order) if order is not None else query)
    return [dict(row._mapping) for row in rows]


def credits_of(conn: Connection, person: Person) -> Rows:
    """Decisions in which the person stands; others stand there without a number."""
    theirs = f"@{person.id}"
    where = or_(credits.c.who == person.id, credits.c.steps.contains(theirs, autoescape=True))
    found = []
    for row in conn.execute(select(credits).where(where).order_by(credits.c.id)):
        steps = json.loads(row.steps)
        others = re.compile(rf"@(?!{re.escape(person.id)}\b)(local|[0-9a-f]{{16}})\b")
        who = row.who if row.who == person.id or row.party == "channel" else ""
        found.append(
            {"at": row.at, "job_id": row.job_id, "stage": row.stage, "rules": row.rules,
             "party": row.party, "who": who,
             "steps": [others.sub("somebody else", step) for step in steps]}
        )  # fmt: skip
    return found


def decided_by(conn: Connection, person: Person) -> dict[str, Rows]:
    """Table → what the person decided at the desk."""
    found = {}
    for name, column in DECIDED.items():
        table = metadata.tables[name]
        query = select(*(table.c[one] for one in SHOWN[name])).where(column == person.email)
        found[name] = [dict(row._mapping) for row in conn.execute(query.order_by(table.c.id))]
    return found


def clicks_of(conn: Connection, person: Person) -> dict[str, dict[str, int]]:
    """Link → class → clicks, of the person's shares."""
    codes = list(conn.scalars(select(shares.c.link).where(shares.c.person_id == person.id)))
    return clicks.of_links(conn, codes)


def named_in(conn: Connection, person: Person) -> list[str]:
    """Jobs whose spec names the person's address; a file of HR's says so, not the ledger."""
    where = jobs.c.spec.icontains(person.email, autoescape=True)
    return list(conn.scalars(select(jobs.c.id).where(where).order_by(jobs.c.id)))


def forget(conn: Connection, person: Person) -> list[tuple[str, str]]:
    """Delete a person, and whatever names them; answers the (source, application) whose credit
    named them. What colleagues did for a job stays counted."""
    conn.execute(delete(signins).where(signins.c.email == person.email))
    conn.execute(delete(mails).where(mails.c.address == person.email))
    theirs = select(shares.c.id).where(shares.c.person_id == person.id)
    conn.execute(update(shares).where(shares.c.taken_from.in_(theirs)).values(taken_from=None))
    decided = update(suggestions).where(suggestions.c.decided_by == person.id)
    conn.execute(decided.values(decided_by=None))
    found = _forget_credit(conn, person.id)
    people.forget(conn, person.id)
    for table, column in _texts():
        _reword(conn, table, column, person)
    return found


def _forget_credit(conn: Connection, id_: str) -> list[tuple[str, str]]:
    number = re.compile(rf"@{re.escape(id_)}\b")
    where = or_(credits.c.who == id_, credits.c.steps.contains(f"@{id_}", autoescape=True))
    found = {}
    for row in conn.execute(select(credits).where(where)).all():
        values = {"who": "" if row.who == id_ else row.who, "steps": number.sub(FORMER, row.steps)}
        conn.execute(update(credits).where(credits.c.id == row.id).values(**values))
        found[row.source, row.application] = None
    return list(found)


def set_facts(conn: Connection, source: str, application: str, digest: str) -> None:
    """The decision that holds was made from these facts, with nobody's number in them."""
    where = (credits.c.source == source, credits.c.application == application)
    last = select(credits.c.id).where(*where).order_by(credits.c.id.desc()).limit(1)
    query = update(credits).where(credits.c.id == last.scalar_subquery())
    conn.execute(query.values(facts=digest))


def _texts() -> Iterator[tuple[Table, Column]]:
    """Every column in which somebody could be named."""
    for table in metadata.sorted_tables:
        if table.name not in APART:
            for column in table.c:
                if isinstance(column.type, String) and column.name not in PUBLIC:
                    yield table, column


def _reword(conn: Connection, table: Table, column: Column, person: Person) -> None:
    """The address, and a name that can be nobody else's, become a neutral word.

    A single word may be a name of many, and a word of the language: it is left in what colleagues
    have written themselves.
    """
    words = [person.email]
    if " " in person.name or table.name in ("notices", "mails"):
        words += {person.name, json.dumps(person.name)[1:-1],
                  json.dumps(person.name, ensure_ascii=False)[1:-1]}  # fmt: skip
    named = re.compile(
        "|".join(rf"(?<![\w.+-]){re.escape(word)}(?![\w-]|\.\w)" for word in words), re.IGNORECASE
    )
    keys = list(table.primary_key.columns)
    where = or_(*(column.icontains(word, autoescape=True) for word in words))
    for row in conn.execute(select(*keys, column).where(where)).all():
        new = named.sub(FORMER, row[-1])
        if new != row[-1]:
            same = [key == value for key, value in zip(keys, row, strict=False)]
            conn.execute(update(table).where(*same).values({column.name: new}))
