"""Say it better: a colleague suggests other words, a recruiter takes them over with one click.

An accepted suggestion is written into the job spec's file; whatever else stands there stays as it
is. It is bound to the exact words that its author read: where they are gone, nothing is written.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from rolecast import specfile, yamlfile
from rolecast.asking import NotPossible, bounded, tidy
from rolecast.check import check_bytes
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger, events, jobs, notices, suggestions
from rolecast.ledger.suggestions import Suggestion
from rolecast.people import Person, new_id
from rolecast.reading import digest
from rolecast.told import N_
from rolecast.wrapping import rewrapped

FIELDS = {  # as people read them
    "title": N_("Title"),
    "summary": N_("Summary"),
    "description": N_("Description"),
    "responsibilities": N_("What you will do"),
    "requirements": N_("What you bring"),
    "benefits": N_("What we offer"),
}
LISTS = ("responsibilities", "requirements", "benefits")
MOST = {"title": 200, "summary": 300, "description": 25_000}  # characters, as the job spec has it
LINE, WHY, REASON = 1000, 500, 500
SHORTEST = 30  # characters of a description
PER_DAY = 20  # suggestions that one colleague may make in a day


def texts(job: JobSpec, field: str) -> list[str]:
    """The texts of a field, for which other words can be suggested."""
    if field in LISTS:
        return list(getattr(job, field))
    text = getattr(job, field) if field in MOST else None
    return [text] if text else []


def choices(job: JobSpec) -> dict[str, tuple[str, str]]:
    """What names a text of a job spec as it stands now → its field, the text."""
    return {
        f"{field}.{digest(text.encode())[:16]}": (field, text)
        for field in FIELDS
        for text in texts(job, field)
    }


def reworded(job: JobSpec, field: str, before: str, after: str) -> JobSpec | None:
    """The job spec with `after` instead of `before`; None when that does not stand there."""
    found = texts(job, field)
    if before not in found:
        return None
    found[found.index(before)] = after
    return job.model_copy(update={field: tuple(found) if field in LISTS else found[0]})


def suggest(
    ledger: Ledger,
    person: Person,
    job: JobSpec,
    what: str,
    after: str,
    why: str,
    named: bool,
    now: datetime,
) -> str:
    """Suggest `after` for the text that `what` names (see `choices`); answers its number.

    named: whether its author agrees to be credited on the job's page. Raises NotPossible.
    """
    chosen = choices(job).get(what)
    if chosen is None:
        raise NotPossible(N_("HR has changed this text meanwhile. Choose it again."))
    field, before = chosen
    after, why = _as(field, before, after), tidy(why)
    if len(why) > WHY:
        bounded(why, WHY)
    if after == before:
        raise NotPossible(N_("These are the words that stand there already. Change something."))
    with ledger.begin(alone="suggestions") as conn:
        if suggestions.written(conn, person.id, now - timedelta(days=1)) >= PER_DAY:
            raise NotPossible(
                N_("You have made %(count)s suggestions today. Go on tomorrow."), count=PER_DAY
            )
        values = {"job_id": job.id, "field": field, "before": before, "after": after}
        if suggestions.is_open(conn, person_id=person.id, **values):
            raise NotPossible(N_("You have suggested the same already; HR looks at it."))
        id_ = new_id()
        values |= {"why": why, "named": int(named), "state": "open", "made": now}
        suggestions.add(conn, id=id_, person_id=person.id, **values)
    return id_


def _as(field: str, before: str, after: str) -> str:
    """What somebody typed in the shape of that field's texts."""
    after = yamlfile.STRANGE.sub("", after.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if "\n" not in before and field != "description":
        after = " ".join(after.split())
    bounded(after, MOST.get(field, LINE))
    if field == "description":
        after = rewrapped(before, after)
    if field == "description" and len(after) < SHORTEST:
        raise NotPossible(
            N_("A description has at least %(count)s characters. Write a little more."),
            count=SHORTEST,
        )
    return after


def accept(
    ledger: Ledger, folder: Path | None, id_: str, recruiter: Person, now: datetime
) -> Suggestion:
    """Take a suggestion over: write it into its file, and tell its author.

    folder: of the job specs; None: it is not here, and whoever accepts has changed the file by
    hand. Raises NotPossible, KeyError for one that is not there.
    """
    # Alone, so that of two changes to one file none is lost. What was written before a crash is
    # found in its place the next time.
    with ledger.begin(alone="suggestions") as conn:
        one = _open(conn, id_)
        row = jobs.some_jobs(conn, [one.job_id]).get(one.job_id)
        if row is None or row.removed:
            raise NotPossible(N_("The file of this job is not in the folder any more."))
        if folder is None:
            _stands(JobSpec.model_validate_json(row.spec), one)
        else:
            _into_file(folder / row.path, row.path, one)
        _decide(conn, one, "accepted", recruiter, now)
    return one


def decline(ledger: Ledger, id_: str, recruiter: Person, reason: str, now: datetime) -> Suggestion:
    """Leave the words as they are, and tell its author why. Raises NotPossible, KeyError."""
    if not tidy(reason):
        raise NotPossible(N_("Say why in a kind sentence; its author reads it."))
    reason = bounded(reason, REASON)
    with ledger.begin(alone="suggestions") as conn:
        one = _open(conn, id_)
        _decide(conn, one, "declined", recruiter, now, reason)
    return one


def take_back(ledger: Ledger, person: Person, id_: str) -> bool:
    """Delete a suggestion of one's own that is still open; False when there is none."""
    with ledger.begin() as conn:
        return suggestions.take_back(conn, id_, person.id)


def credited(conn, job: JobSpec) -> list[str]:
    """The names of those who agreed to be named and whose words stand in the job spec now."""
    found = suggestions.to_credit(conn, job.id)
    return list(dict.fromkeys(one.name for one in found if one.after in texts(job, one.field)))


def _open(conn, id_: str) -> Suggestion:
    one = suggestions.get(conn, id_)
    if one is None:
        raise KeyError(id_)
    if one.state != "open":
        raise NotPossible(N_("This suggestion has been decided already."))
    return one


def _decide(
    conn, one: Suggestion, state: str, recruiter: Person, now: datetime, reason: str | None = None
) -> None:
    by = recruiter.id
    suggestions.decide(conn, one.id, state=state, decided=now, decided_by=by, reason=reason)
    detail = f"{one.field}: {one.after[:200]}" if state == "accepted" else one.field
    events.add(
        conn, [events.Event(one.job_id, now, recruiter.email, f"{state} other words", detail)]
    )  # fmt: skip
    about = {"field": one.field, "state": state, "reason": reason or ""}
    notices.add(conn, one.person_id, "suggestion", now, one.job_id, **about)


def _stands(job: JobSpec, one: Suggestion) -> None:
    if one.after not in texts(job, one.field):
        raise NotPossible(
            N_("The file does not say so yet. Change its lines; Rolecast reads it within moments.")
        )


def _into_file(path: Path, name: str, one: Suggestion) -> None:
    """Write it down, once. Raises NotPossible."""
    try:
        with path.open("rb") as file:
            raw = file.read(yamlfile.MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise NotPossible(N_("The file of this job is not in the folder any more.")) from error
    except OSError as error:
        why = error.strerror
        raise NotPossible(N_("%(path)s cannot be read: %(why)s"), path=name, why=why) from error
    job, problems = check_bytes(raw, name, warnings=False)
    if job is None:
        why = problems[0].message
        raise NotPossible(
            N_("%(path)s has a mistake that has to be mended first: %(why)s"), path=name, why=why
        )
    if job.id != one.job_id:
        raise NotPossible(N_("%(path)s describes another job now."), path=name)
    wanted = reworded(job, one.field, one.before, one.after)
    if wanted is None:
        if one.after in texts(job, one.field):
            return  # it was written, and the ledger did not hear of it
        raise NotPossible(
            N_("HR has changed this text since; the old words are not there any more.")
        )
    made = _changed(raw, name, one)
    now, problems = check_bytes(made, name, warnings=False)
    if now != wanted:
        why = problems[0].message if problems else ""
        raise NotPossible(
            N_("With these words %(path)s would have a mistake: %(why)s"), path=name, why=why
        )
    try:
        specfile.write(path, made, raw)
    except specfile.Changed as error:
        raise NotPossible(N_("Somebody has just saved this file. Look at it again.")) from error
    except OSError as error:
        why = error.strerror
        raise NotPossible(N_("%(path)s cannot be written: %(why)s"), path=name, why=why) from error


def _changed(raw: bytes, name: str, one: Suggestion) -> bytes:
    """The file with the new words; space around the old ones stays."""
    data = yamlfile.load(raw, name)[one.field]
    items = data if isinstance(data, list) else [data]
    at = next(i for i, item in enumerate(items) if item.strip() == one.before)
    start = items[at].index(one.before)
    value = items[at][:start] + one.after + items[at][start + len(one.before) :]
    where = (one.field, at) if isinstance(data, list) else (one.field,)
    try:
        return specfile.replace(raw, where, value)
    except specfile.CannotHold as error:
        raise NotPossible(
            N_("With these words %(path)s would have a mistake: %(why)s"), path=name, why=error
        ) from error


def by_hand(one: Suggestion) -> tuple[str, str]:
    """The lines of YAML that stand there, and those to write instead."""
    item = one.field in LISTS
    return tuple(specfile.snippet(one.field, text, item) for text in (one.before, one.after))
