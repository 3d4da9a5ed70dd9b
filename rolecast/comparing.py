"""Comparisons in words, charts and tables: channels, moments, wordings and times."""

from __future__ import annotations

from collections.abc import Callable

from rolecast import charts, figures
from rolecast.charts import Interval, Intervals
from rolecast.insights import ENOUGH, Compared, Group
from rolecast.sections import Cell, Picture, Section, Tell
from rolecast.told import N_

FIELDS = (
    "name", "posts", "shown", "clicks", "value", "value_low", "value_high", "applied",
    "interviewed", "hired", "rate", "rate_low", "rate_high",
)  # fmt: skip
WITHIN = frozenset({"value_low", "value_high", "rate_low", "rate_high"})
TITLES = {
    "channels": N_("Which channels work"),
    "moments": N_("Announcements, reminders, last calls"),
    "wordings": N_("Which wording works"),
    "weekdays": N_("On which day to post"),
    "dayparts": N_("At what time to post"),
}
FIRST = {  # the head of the table's first column
    "channels": N_("Channel"),
    "moments": N_("Moment"),
    "wordings": N_("Wording"),
    "weekdays": N_("Day"),
    "dayparts": N_("Time"),
}
AHEAD = {
    "channels": N_(
        "%(name)s is ahead: a post brings %(value)s clicks by persons (%(low)s to "
        "%(high)s); no other channel reaches that."
    ),
    "weekdays": N_(
        "Posts of a %(name)s are ahead: each brings %(value)s clicks by persons "
        "(%(low)s to %(high)s); no other day reaches that."
    ),
    "dayparts": N_(
        "Posts between %(name)s are ahead: each brings %(value)s clicks by persons "
        "(%(low)s to %(high)s); no other time of day reaches that."
    ),
    "moments": N_(
        "“%(name)s” is ahead: it brings %(value)s times what posts on the same channels bring on "
        "average (%(low)s to %(high)s)."
    ),
    "wordings": N_(
        "“%(name)s” is ahead: it brings %(value)s times what posts on the same channels bring on "
        "average (%(low)s to %(high)s)."
    ),
}
LEVEL = {
    "channels": N_(
        "No channel is clearly ahead: the ranges overlap. %(name)s has the highest average, "
        "%(value)s clicks by persons for a post; the true one lies between %(low)s and %(high)s."
    ),
    "weekdays": N_(
        "No day is clearly better than the others: the ranges overlap. Posts of a %(name)s have "
        "the highest average, %(value)s clicks by persons; the true one lies between %(low)s and "
        "%(high)s."
    ),
    "dayparts": N_(
        "No time of day is clearly better than the others: the ranges overlap. Posts between "
        "%(name)s have the highest average, %(value)s clicks by persons; the true one lies between "
        "%(low)s and %(high)s."
    ),
    "moments": N_(
        "None is clearly ahead: the ranges overlap. “%(name)s” brings %(value)s times what posts "
        "on the same channels bring on average; the true figure lies between %(low)s and %(high)s."
    ),
    "wordings": N_(
        "None is clearly ahead: the ranges overlap. “%(name)s” brings %(value)s times what posts "
        "on the same channels bring on average; the true figure lies between %(low)s and %(high)s."
    ),
}


def section(compared: Compared, tell: Tell) -> Section:
    """One comparison."""
    what = compared.what
    value = N_("Clicks per post") if what in ("channels", "weekdays", "dayparts") else N_(
        "Times the channel’s average"
    )  # fmt: skip
    head = (
        tell.say(FIRST[what]), tell.say(N_("Posts")), tell.say(N_("Shown")),
        tell.say(N_("Clicks by persons")), tell.say(value), tell.say(N_("Applications")),
        tell.say(N_("Interviews")), tell.say(N_("Hires")), tell.say(N_("Applications per click")),
    )  # fmt: skip
    return Section(
        what,
        tell.say(TITLES[what]),
        tuple(_says(compared, tell)),
        tuple(_notes(compared, tell)),
        tuple(_pictures(compared, tell)) if compared.enough else (),
        FIELDS,
        head,
        tuple(_row(what, group, tell) for group in compared.groups),
        WITHIN,
    )


def _row(what: str, group: Group, tell: Tell) -> tuple[Cell, ...]:
    name = (
        group.name if what in ("channels", "moments", "wordings") else tell.name(what, group.name)
    )
    return (
        Cell(name, tell.name(what, group.name)),
        tell.whole(group.sums.links),
        tell.whole(group.shown),
        tell.whole(group.clicks),
        *tell.about(group.value, group.interval, tell.rough),
        tell.whole(group.applied),
        tell.whole(group.interviewed),
        tell.whole(group.hired),
        *tell.about(group.rate, group.rate_interval, tell.percent),
    )


def _says(compared: Compared, tell: Tell) -> list[str]:
    if not compared.groups:
        return [tell.say(N_("Nothing was posted in this time."))]
    if not compared.enough:
        have = tell.number(compared.clicks)
        return [tell.say(N_("Not enough yet: %(have)s of %(need)s clicks by persons."),
                         have=have, need=ENOUGH)]  # fmt: skip
    said = []
    if compared.firm:
        first = compared.leader or compared.firm[0]
        alone = len(compared.firm) == 1
        said.append(_of(ALONE if alone else AHEAD if compared.leader else LEVEL, first, compared,
                        tell))  # fmt: skip
    else:
        said.append(tell.say(N_("Not enough yet to compare: each has too few posts or clicks.")))
    if compared.what == "channels":
        said += rate(max(compared.groups, key=lambda one: one.clicks), tell)
    return said


ALONE = dict.fromkeys(
    AHEAD,
    N_(
        "Only %(name)s has enough posts and clicks to go by yet: its figure is %(value)s, and the "
        "true one lies between %(low)s and %(high)s."
    ),
)


def _of(sentences: dict[str, str], group: Group, compared: Compared, tell: Tell) -> str:
    low, high = group.interval
    return tell.say(
        sentences[compared.what],
        name=tell.name(compared.what, group.name),
        value=tell.rough(group.value),
        low=tell.rough(low),
        high=tell.rough(high),
    )


def rate(group: Group, tell: Tell) -> list[str]:
    """How many of a group's clicks became applications."""
    if not group.measured:
        return [tell.say(N_("Applications are not measured: no applicant system tells of them."))]
    if group.rate is None:
        return []
    low, high = group.rate_interval
    named = {
        "name": tell.name("channels", group.name), "clicks": tell.number(group.clicks),
        "low": tell.percent(low), "high": tell.percent(high),
    }  # fmt: skip
    if group.sums.applied < ENOUGH:
        return [
            tell.many(
                "%(name)s brought %(clicks)s clicks by persons and %(num)s application; with so "
                "few, the true share may be anywhere between %(low)s and %(high)s.",
                "%(name)s brought %(clicks)s clicks by persons and %(num)s applications; with so "
                "few, the true share may be anywhere between %(low)s and %(high)s.",
                group.sums.applied,
                **named,
            )
        ]
    return [
        tell.many(
            "%(name)s brought %(clicks)s clicks by persons and %(num)s application; the "
            "true share lies between %(low)s and %(high)s.",
            "%(name)s brought %(clicks)s clicks by persons and %(num)s applications; the "
            "true share lies between %(low)s and %(high)s.",
            group.sums.applied,
            **named,
        )
    ]


def _notes(compared: Compared, tell: Tell) -> list[str]:
    said = []
    if compared.hidden:
        said.append(tell.say(N_("Sums of fewer than three colleagues are not shown.")))
    if compared.what in ("moments", "wordings"):
        said.append(
            tell.say(
                N_(
                    "Compared within each channel, so that a good channel makes no wording look "
                    "good: 1 is what posts on the same channels bring on average."
                )
            )
        )
    if compared.what in ("weekdays", "dayparts"):
        said.append(tell.say(N_("Posts of all channels together, in the company’s time.")))
    return said


def _pictures(compared: Compared, tell: Tell) -> list[Picture]:
    what = compared.what
    posts = what in ("channels", "weekdays", "dayparts")
    title = {
        "channels": N_("Clicks by persons per post, by channel"),
        "weekdays": N_("Clicks by persons per post, by the day of posting"),
        "dayparts": N_("Clicks by persons per post, by the time of posting"),
        "moments": N_("Clicks compared with the channel’s average, by moment"),
        "wordings": N_("Clicks compared with the channel’s average, by wording"),
    }[what]
    axis = N_("Clicks by persons per post") if posts else N_("Times the channel’s average")
    shown = [group for group in compared.groups if group.interval]
    found = [
        Picture(
            what,
            tell.say(title),
            intervals(
                [
                    Interval(
                        tell.name(what, group.name),
                        group.value,
                        *group.interval,
                        _beside(group, tell),
                        group.firm,
                    )
                    for group in shown
                ],
                tell.say(axis),
                tell.rough,
            ),
        )
    ]
    rated = [group for group in compared.groups if group.rate is not None]
    if what == "channels" and any(group.sums.applied for group in rated):
        rows = [
            Interval(
                tell.name(what, group.name),
                group.rate,
                *group.rate_interval,
                f"{tell.percent(group.rate)} ({tell.number(group.sums.applied)})",
                group.sums.applied >= 5,
            )
            for group in sorted(rated, key=lambda one: -one.rate)
        ]
        axis = tell.say(N_("Applications per click, and in brackets how many"))
        title = tell.say(N_("Applications per click, by channel"))
        found.append(Picture(f"{what}-rate", title, intervals(rows, axis, tell.percent)))
    return found


def _beside(group: Group, tell: Tell) -> str:
    clicks = tell.many("%(num)s click", "%(num)s clicks", group.clicks)
    return f"{tell.rough(group.value)} · {clicks}"


def intervals(
    rows: list[Interval], axis: str, show: Callable[[float], str], most: int = 14
) -> Intervals:
    """The chart of these rows. The axis ends where the values do: the ranges of those with the
    least to go by may be cut off at its end."""
    rows = rows[:most]
    top = max([row.high for row in rows if row.firm] or [row.high for row in rows], default=1)
    top = max([top, *(row.value * 1.1 for row in rows)])
    return charts.Intervals(axis, tuple(rows), figures.ticks(top, show))
