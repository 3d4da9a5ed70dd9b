"""Sums for reports: clicks by class and applications by stage, of jobs, channels, moments, links
and variants of templates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from rolecast.ledger import changes
from rolecast.ledger.schema import credits, daily, jobs, links, outcomes, publications, totals

Sums = dict[str, dict[str, int]]  # name → class or stage → count
# A link of a colleague's has a place where that of a post has its moment.
_NARROW = {
    "moment": lambda channel: channel.not_in(("share", "referral")),
    "share": lambda channel: channel == "share",
}


def page_of_jobs(conn: Connection, start: int, count: int) -> tuple[list[str], int]:
    """Ids of a page of jobs, newest first, and how many there are."""
    total = conn.scalar(select(func.count()).select_from(jobs)) or 0
    query = select(jobs.c.id).order_by(jobs.c.first_seen.desc(), jobs.c.id)
    return list(conn.scalars(query.offset(start).limit(count))), total


def clicks_of_jobs(
    conn: Connection, ids: Sequence[str], without: Collection[tuple[str, str]] = ()
) -> Sums:
    """Job → class → clicks. without: (job, channel) whose clicks are left out."""
    key, channel = totals.c.job_id, links.c.channel
    query = select(key, channel, totals.c.verdict, func.sum(totals.c.count)).select_from(
        totals.outerjoin(links, links.c.code == totals.c.link)
    )
    found: Sums = {}
    for job, where, kind, count in conn.execute(
        query.where(key.in_(ids)).group_by(key, channel, totals.c.verdict)
    ):
        if (job, where) not in without:
            sums = found.setdefault(job, {})
            sums[kind] = sums.get(kind, 0) + int(count)
    return found


def clicks_by(conn: Connection, what: str, since_day: int = 0) -> Sums:
    """Channel, moment (of posts) or place (of shares) → class → clicks, from a day (counted from
    1970) on."""
    key = daily.c["moment" if what == "share" else what]
    query = select(key, daily.c.verdict, func.sum(daily.c.count)).where(daily.c.day >= since_day)
    if what in _NARROW:
        query = query.where(_NARROW[what](daily.c.channel))
    return _sums(conn, query.group_by(key, daily.c.verdict))


def clicks_of_links(conn: Connection, job: str) -> Sums:
    """Link → class → clicks, of one job's links."""
    key = totals.c.link
    where = totals.c.job_id == job
    return _sums(conn, _clicks(key).where(where).group_by(key, totals.c.verdict))


def clicks_by_variant(conn: Connection) -> Sums:
    """Variant of the template → class → clicks."""
    variant = changes.variant()
    query = _clicks(variant).join(publications, publications.c.link == totals.c.link)
    return _sums(conn, query.group_by(variant, totals.c.verdict))


def stages_of_jobs(conn: Connection, ids: Sequence[str]) -> Sums:
    """Job → stage that was reached → applications, whoever is credited."""
    key = credits.c.job_id
    return _sums(conn, _stages(key).where(key.in_(ids)).group_by(key, credits.c.stage))


def stages_by(conn: Connection, what: str) -> Sums:
    """channel, moment, share (by place), link or variant → stage that was reached → credited
    applications."""
    if what == "link":
        key: Any = credits.c.link
        query = _stages(key)
    elif what == "variant":
        key = changes.variant()
        query = _stages(key).join(publications, publications.c.link == credits.c.link)
    else:
        key = links.c["moment" if what == "share" else what]
        query = _stages(key).join(links, links.c.code == credits.c.link)
        if what in _NARROW:
            query = query.where(_NARROW[what](links.c.channel))
    return _sums(conn, query.where(key.is_not(None)).group_by(key, credits.c.stage))


def measured(conn: Connection) -> bool:
    """Whether anybody has ever told what became of applications."""
    return conn.execute(select(outcomes.c.id).limit(1)).first() is not None


def link_names(conn: Connection, job: str) -> dict[str, tuple[str, str]]:
    """Link → (channel, moment), of one job."""
    query = select(links.c.code, links.c.channel, links.c.moment).where(links.c.job_id == job)
    return {code: (channel, moment) for code, channel, moment in conn.execute(query)}


def _clicks(key: Any) -> Any:
    return select(key, totals.c.verdict, func.sum(totals.c.count)).select_from(totals)


def _stages(key: Any) -> Any:
    """Counts the decision that holds of each application: the last one."""
    last = select(func.max(credits.c.id)).group_by(credits.c.source, credits.c.application)
    return select(key, credits.c.stage, func.count()).where(credits.c.id.in_(last))


def _sums(conn: Connection, query: Any) -> Sums:
    found: Sums = {}
    for key, kind, count in conn.execute(query):
        found.setdefault(key, {})[kind] = int(count)
    return found
