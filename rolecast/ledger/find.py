"""Finding jobs: what the list of jobs is made from, and the ledger's own full-text search.

SQLite searches with FTS5: words ranked by bm25, and what was mistyped by trigrams. PostgreSQL
searches with tsvectors of the same words and of the same trigrams, so neither an extension nor a
language's dictionary has to be there. Both get words that `rolecast.folding` has made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, func, insert, literal, select, text

from rolecast.ledger.jobs import _JOB_COLUMNS, JobRow, insert_new
from rolecast.ledger.schema import jobs, publications
from rolecast.ledger.schema_people import findable, findable_terms
from rolecast.ledger.shown import live_on

_F, _J, _P, _T = findable.c, jobs.c, publications.c, findable_terms.c


@dataclass(frozen=True, slots=True)
class Entry:
    """What one job is found by. facets, card: JSON. title, facts, body: words of the title, of the
    team, places and skills, and of the text. terms: those that may be mistyped."""

    job_id: str
    mark: str
    name: str
    facets: str
    goes_out: datetime | None
    card: str
    title: Sequence[str]
    facts: Sequence[str]
    body: Sequence[str]
    terms: Collection[str] = field(default_factory=frozenset)


class Shown(NamedTuple):
    """A job on the board. since: when it came there."""

    number: int
    job_id: str
    facets: str
    goes_out: datetime | None
    since: datetime | None


class Alternative(NamedTuple):
    """Words that stand side by side. begins: the last one may go on. head: in the title, or among
    team, places and skills only."""

    words: tuple[str, ...]
    begins: bool = False
    head: bool = False


Wish = Sequence[Sequence[Alternative]]  # all of these, each in one of its ways


# What there is to find


def stale(conn: Connection, suffix: str, most: int) -> list[JobRow]:
    """Jobs that are not findable as they are now, newest first. suffix: of every mark."""
    same = and_(_F.job_id == _J.id, _F.mark == _J.spec_hash + literal(suffix))
    which = select(_J.id).outerjoin(findable, same).where(_F.number.is_(None)).limit(most + 1)
    ids = list(conn.scalars(which))
    if not ids:
        return []
    query = select(*_JOB_COLUMNS).order_by(_J.first_seen.desc(), _J.id).limit(most)
    if len(ids) <= most:
        query = query.where(_J.id.in_(ids))
    else:  # very many: the newest of them
        query = query.outerjoin(findable, same).where(_F.number.is_(None))
    return [JobRow(*row) for row in conn.execute(query)]


def save(conn: Connection, entries: Sequence[Entry]) -> None:
    """Make these jobs findable, as they are now; not those that somebody else just has."""
    have = select(_F.job_id, _F.mark, _F.number).where(_F.job_id.in_([o.job_id for o in entries]))
    known = {job_id: (mark, number) for job_id, mark, number in conn.execute(have)}
    entries = [one for one in entries if known.get(one.job_id, ("", 0))[0] != one.mark]
    if not entries:
        return
    ids = [one.job_id for one in entries]
    old = [known[id_][1] for id_ in ids if id_ in known]
    conn.execute(delete(findable).where(_F.job_id.in_(ids)))
    _each(conn, "delete from findable_words where {key} = :number", [{"number": n} for n in old])
    names = {"name": "title"}
    columns = ("job_id", "mark", "name", "facets", "goes_out", "card")
    rows = [{names.get(c, c): getattr(one, c) for c in columns} for one in entries]
    conn.execute(insert(findable), rows)
    which = select(_F.job_id, _F.number).where(_F.job_id.in_(ids))
    numbers = {job_id: number for job_id, number in conn.execute(which)}
    texts = [_texts(conn, one) | {"number": numbers[one.job_id]} for one in entries]
    if _is_sqlite(conn):
        statement = "insert into findable_words (rowid, title, facts, body) values "
        _each(conn, statement + "(:number, :title, :facts, :body)", texts)
    else:
        statement = "insert into findable_words (number, head, body) values "
        vectors = "(:number, cast(:head as tsvector), cast(:body as tsvector))"
        _each(conn, statement + vectors, texts)
    _add_terms(conn, sorted(set().union(*(one.terms for one in entries))))


def _texts(conn: Connection, one: Entry) -> dict[str, str]:
    if _is_sqlite(conn):
        parts = {"title": one.title, "facts": one.facts, "body": one.body}
        return {name: " ".join(words) for name, words in parts.items()}
    head = [(word, "A") for word in one.title] + [(word, "B") for word in one.facts]
    body = [(word, "") for word in one.body]
    return {"head": _vector(head), "body": _vector([*head, ("", ""), *body])}


def _vector(words: Sequence[tuple[str, str]]) -> str:
    """A tsvector, written out: each word with its places (PostgreSQL, 8.11.1)."""
    places: dict[str, list[str]] = {}
    for at, (word, weight) in enumerate(words, 1):
        if word and len(kept := places.setdefault(word, [])) < 200 and at < 16_383:
            kept.append(f"{at}{weight}")
    return " ".join(
        f"{_lexeme(word)}:{','.join(found)}" if found else _lexeme(word)
        for word, found in places.items()
    )


def _add_terms(conn: Connection, terms: Sequence[str]) -> None:
    from rolecast.folding import grams

    new = insert_new(conn, findable_terms, "term", [{"term": term} for term in terms])
    if _is_sqlite(conn):
        statement = "insert into findable_grams (rowid, term) values (:number, :term)"
        _each(conn, statement, [{"number": n, "term": f"^{term}$"} for n, term in new])
    else:
        statement = "insert into findable_grams (number, grams) values (:number, "
        rows = [{"number": n, "grams": grams(term)} for n, term in new]
        _each(conn, statement + "array_to_tsvector(cast(:grams as text[])))", rows)


def _each(conn: Connection, statement: str, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        key = "rowid" if _is_sqlite(conn) else "number"
        conn.execute(text(statement.format(key=key)), rows)


def _is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


# What is on the board


def stamp(conn: Connection, channels: Collection[str]) -> tuple[Any, ...]:
    """Changes when `shown` does."""
    posts = select(func.count(), func.sum(_P.revision), func.max(_P.id))
    entries = select(func.count(), func.max(_F.number))
    return (
        *conn.execute(posts.where(_P.channel.in_(channels))).one(),
        *conn.execute(entries.select_from(findable)).one(),
    )


def shown(conn: Connection, channels: Collection[str]) -> list[Shown]:
    """The jobs on the board, those that came last first."""
    since = func.min(_P.made_at)
    there = select(_P.job_id, since.label("since")).where(live_on(channels)).group_by(_P.job_id)
    live = there.subquery()
    query = select(_F.number, _F.job_id, _F.facets, _F.goes_out, live.c.since).join(
        live, live.c.job_id == _F.job_id
    )
    order = (live.c.since.is_(None), live.c.since.desc(), _F.job_id)
    return [Shown(*row) for row in conn.execute(query.order_by(*order)).all()]


def cards(conn: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Number → its job's id and its card."""
    query = select(_F.number, _F.job_id, _F.card).where(_F.number.in_(numbers))
    return {number: (job_id, card) for number, job_id, card in conn.execute(query)}


# The full text


def matching(conn: Connection, wish: Wish) -> list[int]:
    """Numbers of all jobs that say this, best first, of equals the newest. A word in the title
    counts most, then one among team, places and skills.

    They come in one row: fetching thousands takes longer than finding them.
    """
    if _is_sqlite(conn):
        query = (
            "select group_concat(rowid, ' ') from (select rowid from findable_words "
            "where findable_words match :wish "
            "order by bm25(findable_words, 8.0, 3.0, 0.5), rowid desc)"
        )
        wanted = " AND ".join(f"({' OR '.join(_fts5(one) for one in ways)})" for ways in wish)
    else:
        query = (
            "select string_agg(cast(number as text), ' ' "
            "order by ts_rank('{0.05, 0.1, 0.4, 1.0}', head, q) desc, number desc) "
            "from findable_words, cast(:wish as tsquery) q where body @@ q"
        )
        wanted = " & ".join(f"({' | '.join(_tsquery(one) for one in ways)})" for ways in wish)
    return [int(number) for number in (conn.scalar(text(query), {"wish": wanted}) or "").split()]


def alike(conn: Connection, words: Iterable[str], most: int) -> list[int]:
    """Numbers of the jobs whose titles and facts share most with these words, best first."""
    ways = [Alternative((word,)) for word in words]
    if not ways:
        return []
    if _is_sqlite(conn):
        query = (
            "select rowid from findable_words where findable_words match :wish "
            "order by bm25(findable_words, 8.0, 2.0, 0.0) limit :most"
        )
        wish = f"{{title facts}} : ({' OR '.join(_fts5(one) for one in ways)})"
    else:
        query = (
            "select number from findable_words, cast(:wish as tsquery) q "
            "where body @@ q and head @@ q order by ts_rank(head, q) desc, number desc limit :most"
        )
        wish = " | ".join(_tsquery(one) for one in ways)
    return list(conn.scalars(text(query), {"wish": wish, "most": most}))


def near(conn: Connection, grams: Sequence[str], most: int) -> list[str]:
    """The terms that have most of these trigrams, best first."""
    if _is_sqlite(conn):
        query = (
            "select term from findable_grams where findable_grams match :wish "
            "order by rank limit :most"
        )
        wish = " OR ".join(f'"{_no_quotes(gram)}"' for gram in grams)
        return [term[1:-1] for term in conn.scalars(text(query), {"wish": wish, "most": most})]
    query = (
        "select t.term from findable_grams g join findable_terms t using (number), "
        "cast(:wish as tsquery) q where g.grams @@ q "
        "order by ts_rank(g.grams, q, 1) desc, t.term limit :most"
    )
    wish = " | ".join(_lexeme(gram) for gram in grams)
    return list(conn.scalars(text(query), {"wish": wish, "most": most}))


def _fts5(one: Alternative) -> str:
    """One alternative as FTS5 asks for it (sqlite.org/fts5.html, 3)."""
    phrase = f'"{_no_quotes(" ".join(one.words))}"'
    if one.head:
        return f"{{title facts}} : {phrase}"
    # What is the word itself counts twice, and so comes first.
    return f"{phrase} OR {phrase}*" if one.begins else phrase


def _no_quotes(phrase: str) -> str:
    return phrase.replace('"', "")


def _tsquery(one: Alternative) -> str:
    """One alternative as PostgreSQL asks for it (8.11.2)."""
    where = ":AB" if one.head else ""
    whole = " <-> ".join(_lexeme(word) + where for word in one.words)
    return f"({whole} | {whole}:*)" if one.begins else f"({whole})"


def _lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
