"""What colleagues do, written straight into the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import insert, update

from rolecast import crediting, links
from rolecast.credit import load
from rolecast.ledger import clicks, notices, outcomes
from rolecast.ledger.schema import links as links_table
from rolecast.ledger.schema_people import referrals, shares
from rolecast.outcomes import Outcome
from rolecast.people import new_id
from rolecast.publish import now_utc
from tests.house import open_project, publish

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VISITORS = count(1)


def house(root):
    """A project whose jobs are on the board."""
    publish(root)
    return open_project(root)


def _link(conn, job: str, channel: str, moment: str) -> str:
    code = links.mint()
    values = {"code": code, "job_id": job, "channel": channel, "moment": moment}
    conn.execute(insert(links_table).values(**values, made=now_utc()))
    return code


def share(project, person, job="pilot", place="whatsapp") -> str:
    """Somebody's link for a job and a place."""
    with project.ledger.begin() as conn:
        code = _link(conn, job, "share", place)
        values = {"person_id": person.id, "job_id": job, "place": place, "link": code}
        conn.execute(insert(shares).values(id=new_id(), **values, made=now_utc()))
    return code


def refer(project, person, job="pilot", made=AT - 20 * DAY, state="agreed", **more) -> str:
    """Somebody has named a friend; answers the friend's link."""
    with project.ledger.begin() as conn:
        code = _link(conn, job, "referral", "announce")
        values = {"person_id": person.id, "job_id": job, "state": state, "link": code}
        values |= {"made": made, "changed": made, "ends": made + 30 * DAY, "id": new_id()}
        values |= {"friend": "Robin Reef", "contact": "robin@reef.example"} | more
        conn.execute(insert(referrals).values(**values))
    return code


def tie(project, code: str | None, application: str, source="ats") -> None:
    """A recruiter says which application a referral became; None: none, after all."""
    with project.ledger.begin() as conn:
        values = {"source": source, "application": application} if application else {}
        values = values or {"source": None, "application": None}
        conn.execute(update(referrals).where(referrals.c.link == code).values(**values))


def tell(project, stage="applied", application="A-1", at=AT, rules="v1", source="ats", **fields):
    """The applicant system tells something."""
    key = f"{application} {stage} {at.isoformat()} {fields.get('ref', '')}"
    told = Outcome(application=application, stage=stage, at=at, job="pilot", **fields)
    return crediting.take(project.ledger, source, key, [told], load(rules), at)


def log(project, application="A-1", source="ats"):
    """All decisions on an application."""
    with project.ledger.read() as conn:
        return outcomes.credit_of(conn, source, application)


def news(project, person) -> list[tuple]:
    """(kind, about) of somebody's news."""
    with project.ledger.read() as conn:
        return [(one.kind, one.about) for one in notices.latest(conn, person.id, 0, 100)[0]][::-1]


def click(project, code: str, times: int = 1) -> None:
    """Persons follow a link."""
    from rolecast.clicks import SECOND, Click

    base = int(now_utc().timestamp() * SECOND)
    new = [
        Click(code, base + n * SECOND, "phone", None, None, "", "", next(VISITORS), 0)
        for n in range(times)
    ]
    with project.ledger.begin() as conn:
        clicks.add(conn, new)
