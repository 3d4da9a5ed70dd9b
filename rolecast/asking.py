"""Colleagues ask each other about a job, answer, and offer to be asked. Seen inside only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta

from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger, events, notices, people, questions
from rolecast.people import Person, Role, new_id
from rolecast.told import N_, Told
from rolecast.yamlfile import STRANGE

QUESTION, ANSWER, NOTE = 1000, 2000, 300  # characters that each may have at most
PER_DAY = 30  # questions and answers that one colleague may write in a day
TEAMS = 10  # that one colleague may offer to be asked about
EXCERPT = 160  # characters of a text that news quotes


class NotPossible(Told):
    """What was written cannot be taken; the message says why, and what to do."""


def tidy(text: str) -> str:
    """What somebody typed as it is kept: one kind of line end, nothing invisible, at most one
    empty line in a row."""
    text = STRANGE.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def bounded(text: str, most: int) -> str:
    """The tidy text. Raises NotPossible for one that is empty or too long."""
    text = tidy(text)
    if not text:
        raise NotPossible(N_("Write something first."))
    if len(text) > most:
        raise NotPossible(
            N_("This has %(length)s characters; at most %(most)s are possible."),
            length=len(text),
            most=most,
        )
    return text


def ask(ledger: Ledger, person: Person, job: JobSpec, text: str, now: datetime) -> str:
    """Ask about a job. Those who offered to be asked hear of it, and the hiring manager.

    Answers the question's number. Raises NotPossible.
    """
    text = bounded(text, QUESTION)
    with ledger.begin(alone="questions") as conn:
        id_ = _write(conn, person, job.id, None, text, now)
        told = set()
        if job.team:
            found, _ = questions.volunteers_of(conn, job.team, 500)
            told = {one.person_id for one in found}
        if job.hiring_manager and job.hiring_manager.email:
            manager = people.of_address(conn, job.hiring_manager.email.lower())
            told |= {manager.id} if manager else set()
        about = {"question": id_, "text": _excerpt(text), "name": person.name}
        for one in sorted(told - {person.id}):
            notices.add(conn, one, "question", now, job.id, **about)
    return id_


def answer(
    ledger: Ledger, person: Person, job_id: str, question: str, text: str, now: datetime
) -> str:
    """Answer a question of a job; who asked hears of it. Raises NotPossible, KeyError for a
    question that is not there."""
    text = bounded(text, ANSWER)
    with ledger.begin(alone="questions") as conn:
        asked = questions.get(conn, question)
        if asked is None or asked.answers_to or asked.job_id != job_id:
            raise KeyError(question)
        if not asked.text:
            raise NotPossible(N_("This question has been taken back meanwhile."))
        id_ = _write(conn, person, job_id, question, text, now)
        if asked.person_id != person.id:
            about = {"question": question, "answer": id_, "text": _excerpt(text)}
            notices.add(conn, asked.person_id, "answer", now, job_id, name=person.name, **about)
    return id_


def _write(conn, person: Person, job_id: str, to: str | None, text: str, now: datetime) -> str:
    if questions.written(conn, person.id, now - timedelta(days=1)) >= PER_DAY:
        raise NotPossible(
            N_("You have written %(count)s questions and answers today. Go on tomorrow."),
            count=PER_DAY,
        )
    id_, author = new_id(), person.id
    questions.add(
        conn, id=id_, person_id=author, job_id=job_id, answers_to=to, text=text, made=now
    )  # fmt: skip
    return id_


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


def remove(ledger: Ledger, person: Person, job_id: str, id_: str, now: datetime) -> None:
    """Delete a question or an answer: one's own, or, as a recruiter, anybody's.

    Of a question of one's own that others have answered only the words go. Who deleted what is
    another's is written into the job's history, without the words. Raises KeyError for what is
    not there, or not theirs to delete.
    """
    with ledger.begin(alone="questions") as conn:
        found = questions.get(conn, id_)
        own = found is not None and found.person_id == person.id
        if found is None or found.job_id != job_id or not (own or person.role.may(Role.recruiter)):
            raise KeyError(id_)
        if not own:
            what = "deleted an answer" if found.answers_to else "deleted a question"
            events.add(conn, [events.Event(job_id, now, person.email, what)])
        if own and questions.answered_by_others(conn, id_, person.id):
            questions.empty(conn, id_)
        else:
            questions.remove(conn, id_)


# "Ask me, I work there"


def offer(
    ledger: Ledger,
    person: Person,
    team: str,
    note: str,
    mail: bool,
    channels: Collection[str],
    now: datetime,
) -> str:
    """Offer to be asked about a team: one's own, or one of a job on the board.

    mail: whether colleagues may see one's address there. channels: the board's. Answers the team
    as it is spelled in the jobs. Raises NotPossible.
    """
    note, team = tidy(note), " ".join(tidy(team).split())
    if len(note) > NOTE:
        bounded(note, NOTE)
    with ledger.begin(alone="questions") as conn:
        known = {alike(one): one for one in may_offer(conn, person, channels)}
        if alike(team) not in known:
            raise NotPossible(N_("Choose your own team, or one that has an open job."))
        team = known[alike(team)]
        others = [row.team for row in questions.offers(conn, person.id) if row.team != team]
        if len(others) >= TEAMS:
            raise NotPossible(
                N_("You can be asked about %(count)s teams at most. Take one back first."),
                count=TEAMS,
            )
        questions.offer(conn, person.id, team, note, mail, now)
    return team


def may_offer(conn, person: Person, channels: Collection[str]) -> list[str]:
    """The teams that somebody may offer to be asked about, as the jobs spell them."""
    found = [one for one in questions.teams(conn, channels) if len(one) <= 200]
    own = " ".join((person.team or "").split())[:200]
    if own and alike(own) not in map(alike, found):
        found.append(own)
    return found


def alike(team: str) -> str:
    """The same for what means the same team."""
    return unicodedata.normalize("NFC", team).casefold()


def take_back(ledger: Ledger, person: Person, team: str) -> bool:
    """Be asked about a team no more; False when one was not."""
    with ledger.begin() as conn:
        mine = [row.team for row in questions.offers(conn, person.id) if row.team == team]
        return bool(mine) and questions.take_back(conn, person.id, mine[0])
