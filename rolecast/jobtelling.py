"""One job's figures in words, charts and tables."""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_skeleton

from rolecast import charts, figures
from rolecast.charts import Bar, Bars, Line, Mark
from rolecast.comparing import rate
from rolecast.facts import locale
from rolecast.insights import Group
from rolecast.jobfigures import Figures, Funnel, Step
from rolecast.sections import Cell, Picture, Section, Tell
from rolecast.told import N_

FIELDS = ("name", "posts", "shown", "clicks", "applied", "interviewed", "hired", "rate",
          "rate_low", "rate_high")  # fmt: skip
WITHIN = frozenset({"rate_low", "rate_high"})
KINDS = (
    ("announce", N_("Announcement")),
    ("remind", N_("Reminder")),
    ("closing", N_("Last call")),
    ("change", N_("Change")),
    ("filled", N_("Filled")),
)
PERIOD = {
    "hour": N_("Clicks by persons, by hour, and posts"),
    "day": N_("Clicks by persons, by day, and posts"),
    "week": N_("Clicks by persons, by week, and posts"),
}


def sections(found: Figures, tell: Tell) -> list[Section]:
    """All of them, in the page's order; those with nothing in them are left out."""
    parts = [funnel(found, tell), timeline(found, tell)]
    for key, title, head, what, groups in (
        ("channels", N_("By channel"), N_("Channel"), "channels", found.channels),
        ("moments", N_("By moment"), N_("Moment"), "moments", found.moments),
        ("wordings", N_("By wording"), N_("Wording"), "wordings", found.wordings),
        ("shares", N_("By place of sharing"), N_("Place"), "places", found.shares),
    ):
        if groups:
            parts.append(_split(key, title, head, what, groups, tell))
    return parts


def funnel(found: Figures, tell: Tell) -> Section:
    """From being shown to being hired."""
    one = found.funnel
    steps = [
        ("shown", tell.say(N_("Shown")), one.shown),
        ("clicks", tell.say(N_("Clicks by persons")), one.clicks),
        ("applied", tell.say(N_("Applications")), one.applied),
        ("interviewed", tell.say(N_("Interviews")), one.interviewed),
        ("hired", tell.say(N_("Hires")), one.hired),
    ]
    none = tell.say(N_("not measured"))
    rows = tuple(
        (Cell(key, name), Cell(count, none if count is None else tell.number(count)))
        for key, name, count in steps
    )
    bars = tuple(
        Bar(name, count, none if count is None else tell.number(count)) for _, name, count in steps
    )
    title = tell.say(N_("From being shown to being hired"))
    head = (tell.say(N_("Step")), tell.say(N_("How many")))
    pictures = (Picture("funnel", title, Bars(bars)),) if one.clicks or one.applied else ()
    says, notes = tuple(_of_funnel(found, tell)), tuple(_funnel_notes(found, tell))
    fields = ("step", "count")
    title = tell.say(N_("What came of it"))
    return Section("funnel", title, says, notes, pictures, fields, head, rows)


def _of_funnel(found: Figures, tell: Tell) -> list[str]:
    one: Funnel = found.funnel
    if not one.of:
        return [tell.say(N_("It has not been posted yet."))]
    said = [
        tell.many(
            "%(num)s click by a person so far, on %(of)s posts.",
            "%(num)s clicks by persons so far, on %(of)s posts.",
            one.clicks,
            of=tell.number(one.of),
        )
    ]
    best = next((group for group in found.channels if group.clicks), None)
    if best:
        said += rate(best, tell)
    elif one.applied is None:
        said.append(
            tell.say(N_("Applications are not measured: no applicant system tells of them."))
        )
    return said


def _funnel_notes(found: Figures, tell: Tell) -> list[str]:
    one = found.funnel
    notes = []
    if one.counted:
        notes.append(
            tell.many(
                "Shown: as the networks count it, on %(num)s of %(of)s posts; the others do not "
                "say.",
                "Shown: as the networks count it, on %(num)s of %(of)s posts; the others do not "
                "say.",
                one.counted,
                of=tell.number(one.of),
            )
        )
    if one.applied is not None:
        notes.append(tell.say(N_("Applications to this job, whoever is credited for them.")))
    if found.hidden:
        notes.append(
            tell.say(N_("Shares of fewer than three colleagues are left out, clicks and all."))
        )
    return notes


def _split(
    key: str, title: str, head: str, what: str, groups: tuple[Group, ...], tell: Tell
) -> Section:
    heads = (
        tell.say(head), tell.say(N_("Posts")), tell.say(N_("Shown")),
        tell.say(N_("Clicks by persons")), tell.say(N_("Applications")),
        tell.say(N_("Interviews")), tell.say(N_("Hires")), tell.say(N_("Applications per click")),
    )  # fmt: skip
    places = what == "places"
    rows = tuple(
        (
            Cell(one.name, _place(one.name, tell) if places else tell.name(what, one.name)),
            tell.whole(one.sums.links),
            tell.whole(one.shown),
            tell.whole(one.clicks),
            tell.whole(one.applied),
            tell.whole(one.interviewed),
            tell.whole(one.hired),
            *tell.about(one.rate, one.rate_interval, tell.percent),
        )
        for one in groups
    )
    return Section(key, tell.say(title), (), (), (), FIELDS, heads, rows, WITHIN)


def _place(name: str, tell: Tell) -> str:
    return tell.say(N_("All places together")) if name == "share" else name


# In time


def timeline(found: Figures, tell: Tell) -> Section:
    """Clicks and posts in one chart."""
    title = tell.say(PERIOD[found.size])
    head = (tell.say(N_("From")), tell.say(N_("Clicks by persons")), tell.say(N_("Posts")))
    rows = tuple(
        (
            Cell(step.start.isoformat(), _when(step.start, found.size, tell)),
            tell.whole(step.clicks),
            Cell(_posts(step, tell), _posts(step, tell)),
        )
        for step in found.steps
    )
    pictures = ()
    if any(step.clicks for step in found.steps):
        pictures = (Picture("timeline", title, line(found, tell)),)
    says = () if pictures else (tell.say(N_("Nobody has followed a link of this job yet.")),)
    if pictures:
        best = max(found.steps, key=lambda step: step.clicks)
        says = (
            tell.many(
                "The most at once: %(num)s click, from %(when)s on.",
                "The most at once: %(num)s clicks, from %(when)s on.",
                best.clicks,
                when=_when(best.start, found.size, tell),
            ),
        )
    fields = ("from", "clicks", "posts")
    section_title = tell.say(N_("Posts and clicks in time"))
    return Section("timeline", section_title, says, (), pictures, fields, head, rows)


def line(found: Figures, tell: Tell) -> Line:
    """The time line's chart."""
    marks = [
        Mark(number + 0.5, channel, moment.split("-")[0])
        for number, step in enumerate(found.steps)
        for channel, moment in step.posts
    ]
    there = {mark.kind for mark in marks}
    count = len(found.steps)
    every = max(1, -(-count // 6))
    times = tuple(
        (float(n), _when(found.steps[n].start, found.size, tell, short=True))
        for n in range(0, count, every)
        if n <= count * 0.93 or count < 3
    )
    top = max(step.clicks for step in found.steps)
    return charts.Line(
        tell.say(N_("Clicks by persons")),
        tuple(step.clicks for step in found.steps),
        tuple(marks),
        figures.ticks(top, tell.number, 4),
        times,
        tuple((kind, tell.say(name)) for kind, name in KINDS if kind in there),
    )


def _when(at: datetime, size: str, tell: Tell, short: bool = False) -> str:
    where = locale(tell.language)
    if size == "hour":
        time = str(format_skeleton("Hm", at, tzinfo=at.tzinfo, locale=where))
        return time if short else f"{format_skeleton('MMMd', at, at.tzinfo, locale=where)}, {time}"
    return str(format_skeleton("MMMd" if short else "yMMMd", at, tzinfo=at.tzinfo, locale=where))


def _posts(step: Step, tell: Tell) -> str:
    names = [f"{channel} ({tell.name('moments', moment)})" for channel, moment in step.posts]
    return ", ".join(names)
