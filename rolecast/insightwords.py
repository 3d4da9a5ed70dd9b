"""Where applications come from, how long it takes and what it costs: in words, charts, tables."""

from __future__ import annotations

from rolecast import charts, figures
from rolecast.charts import Interval
from rolecast.comparing import intervals
from rolecast.insights import ENOUGH, POSTS
from rolecast.intervals import Times
from rolecast.origins import Parts, Price, Wait
from rolecast.reports import wilson
from rolecast.sections import Cell, Picture, Section, Tell
from rolecast.told import N_

NOT_MEASURED = N_(
    "Not measured: no applicant system tells what becomes of applications. Connect one, or tell it "
    "by hand on the report."
)


def parts(found: Parts, tell: Tell) -> Section:
    """Where applications came from."""
    head = (
        tell.say(N_("By")), tell.say(N_("Applications")), tell.say(N_("Share of all")),
        tell.say(N_("Hires")),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(one.name, tell.name("parts", one.name)),
            tell.whole(one.applied),
            *tell.about(one.share, one.interval, tell.percent),
            tell.whole(one.hired),
        )
        for one in found.rows
    )
    notes = [tell.say(N_("Applications that came in this time, by who is credited for them."))]
    if found.hidden:
        notes.append(
            tell.say(
                N_(
                    "What came by fewer than three colleagues stands with the applications of "
                    "which no link is known."
                )
            )
        )
    pictures = ()
    if found.enough:
        shown = [
            Interval(
                tell.name("parts", one.name), one.share, *one.interval,
                f"{tell.percent(one.share)} ({tell.number(one.applied)})",
            )
            for one in found.rows
        ]  # fmt: skip
        axis = tell.say(N_("Share of all applications, and in brackets how many"))
        title = tell.say(N_("Where applications came from"))
        pictures = (Picture("parts", title, intervals(shown, axis, tell.percent)),)
    fields = ("by", "applied", "share", "share_low", "share_high", "hired")
    within = frozenset({"share_low", "share_high"})
    title = tell.say(N_("What colleagues bring"))
    said = tuple(_of_parts(found, tell))
    return Section("parts", title, said, tuple(notes), pictures, fields, head, rows, within)


def _of_parts(found: Parts, tell: Tell) -> list[str]:
    if not found.measured:
        return [tell.say(NOT_MEASURED)]
    if not found.total:
        return [tell.say(N_("Nobody applied in this time."))]
    if not found.enough:
        return [tell.say(N_("Not enough yet: %(have)s of %(need)s applications."),
                         have=found.total, need=ENOUGH)]  # fmt: skip
    ours = [one for one in found.rows if one.name in ("share", "referral")]
    applied, hired = sum(one.applied for one in ours), sum(one.hired for one in ours)
    low, high = wilson(applied, found.total)
    said = [
        tell.many(
            "Of %(total)s applications, %(num)s came by colleagues: %(share)s, and the true share "
            "lies between %(low)s and %(high)s.",
            "Of %(total)s applications, %(num)s came by colleagues: %(share)s, and the true share "
            "lies between %(low)s and %(high)s.",
            applied,
            total=tell.number(found.total), share=tell.percent(applied / found.total),
            low=tell.percent(low), high=tell.percent(high),
        )
    ]  # fmt: skip
    if found.hires:
        low, high = wilson(hired, found.hires)
        said.append(
            tell.many(
                "Of %(total)s hires, %(num)s came by colleagues; the true share lies between "
                "%(low)s and %(high)s.",
                "Of %(total)s hires, %(num)s came by colleagues; the true share lies between "
                "%(low)s and %(high)s.",
                hired,
                total=tell.number(found.hires), low=tell.percent(low), high=tell.percent(high),
            )
        )  # fmt: skip
    return said


def wait(found: Wait, tell: Tell) -> Section:
    """How long it takes until somebody applies."""
    curve = found.times
    rows = [
        (
            Cell(share, tell.percent(share)),
            Cell(days, "–" if days is None else tell.rough(days)),
        )
        for share in (0.1, 0.25, 0.5, 0.75, 0.9)
        for days in [curve.by(share)]
    ]
    head = (tell.say(N_("Share of jobs with an application")), tell.say(N_("Days at most")))
    notes = [
        tell.say(
            N_(
                "From a job’s first post to its first application. Jobs without one count as "
                "waiting for as long as they have been out."
            )
        )
    ]
    if found.earlier:
        notes.append(
            tell.many(
                "%(num)s job is left out: somebody had applied before its first post.",
                "%(num)s jobs are left out: somebody had applied before their first post.",
                found.earlier,
            )
        )
    pictures = ()
    if found.enough:
        title = tell.say(N_("Share of jobs with a first application, by days since the first post"))
        pictures = (Picture("wait", title, _curve(curve, tell)),)
    title, said = tell.say(N_("How long until somebody applies")), tuple(_of_wait(found, tell))
    fields = ("share", "days")
    table = tuple(rows) if found.enough else ()
    return Section("wait", title, said, tuple(notes), pictures, fields, head, table)


def _of_wait(found: Wait, tell: Tell) -> list[str]:
    if not found.measured:
        return [tell.say(NOT_MEASURED)]
    if not found.jobs:
        return [tell.say(N_("No job was posted for the first time in this time."))]
    curve = found.times
    if not found.enough:
        return [tell.say(N_("Not enough yet: %(have)s of %(need)s jobs with an application."),
                         have=curve.happened, need=POSTS)]  # fmt: skip
    median, days = curve.by(0.5), [time for time, _ in curve.steps]
    said = []
    if median is None:
        said.append(tell.say(N_("Fewer than half of the jobs have had an application so far.")))
    else:
        said.append(
            tell.many(
                "Half of the jobs have their first application within %(median)s days (%(num)s job "
                "looked at).",
                "Half of the jobs have their first application within %(median)s days (%(num)s "
                "jobs looked at).",
                found.jobs,
                median=tell.rough(median),
            )
        )
    said.append(
        tell.many(
            "%(num)s had one, after %(first)s to %(last)s days.",
            "%(num)s had one, after %(first)s to %(last)s days.",
            curve.happened,
            first=tell.rough(days[0]),
            last=tell.rough(days[-1]),
        )
    )
    if curve.open:
        said.append(
            tell.many(
                "%(num)s had none: it counts as longer than it has been out.",
                "%(num)s had none: they count as longer than they have been out.",
                curve.open,
            )
        )
    return said


MOST = 200  # steps that a chart is drawn with


def _curve(curve: Times, tell: Tell) -> charts.Curve:
    last = curve.steps[-1][0]
    steps, ended = curve.steps, [one for one in curve.ended if one[0] <= last]
    steps = steps if len(steps) <= MOST else [*steps[:: len(steps) // MOST + 1], steps[-1]]
    median = curve.by(0.5)
    note = None
    if median is not None:
        note = (median, 0.5, tell.say(N_("half: %(days)s days"), days=tell.rough(median)))
    shares = tuple((share, tell.percent(share)) for share in (0, 0.25, 0.5, 0.75, 1))
    axis = tell.say(N_("Days since the first post"))
    times = figures.ticks(last, tell.rough)
    return charts.Curve(axis, tuple(steps), tuple(ended[:60]), shares, times, note)


def prices(found: list[Price], entered: bool, tell: Tell) -> Section:
    """What channels cost. entered: whether a cost stands in the settings."""
    head = (
        tell.say(N_("Channel")), tell.say(N_("Cost")), tell.say(N_("A click costs")),
        tell.say(N_("An application costs")),
    )  # fmt: skip
    rows = []
    for one in found:
        show = lambda value, of=one: tell.money(value, of.currency)  # noqa: E731
        per = one.per_application
        rows.append(
            (
                Cell(one.name, one.name), Cell(one.currency, ""),
                Cell(one.total, show(one.total)),
                *tell.about(one.per_click, one.per_click_interval, show),
                Cell(per, "–" if per is None else show(per)),
            )
        )  # fmt: skip
    fields = ("channel", "currency", "cost", "per_click", "per_click_low", "per_click_high",
              "per_application")  # fmt: skip
    within = frozenset({"currency", "per_click_low", "per_click_high"})
    notes = []
    if any(one.listed for one in found):
        notes.append(tell.say(N_("Where nothing is entered: the network’s own price of a post.")))
    title, said = tell.say(N_("What it costs")), tuple(_of_prices(found, entered, tell))
    return Section(
        "prices", title, said, tuple(notes), tuple(_price_pictures(found, tell)), fields, head,
        tuple(rows), within,
    )  # fmt: skip


def _of_prices(found: list[Price], entered: bool, tell: Tell) -> list[str]:
    if not found and entered:
        return [tell.say(N_("Nothing was posted in this time where a cost is entered."))]
    if not found:
        return [
            tell.say(
                N_(
                    "No cost is entered. Write it to rolecast.toml, such as "
                    "[channels.NAME.cost] with per_post or per_month, to see it beside the clicks."
                )
            )
        ]
    said = []
    for one in found:
        if one.per_click_interval is None:
            said.append(
                tell.say(N_("%(name)s costs %(cost)s and has brought no click by a person yet."),
                         name=one.name, cost=tell.money(one.total, one.currency))
            )  # fmt: skip
            continue
        low, high = one.per_click_interval
        said.append(
            tell.say(
                N_("On %(name)s a click costs %(value)s; between %(low)s and %(high)s is likely."),
                name=one.name, value=tell.money(one.per_click, one.currency),
                low=tell.money(low, one.currency), high=tell.money(high, one.currency),
            )
        )  # fmt: skip
    return said


def _price_pictures(found: list[Price], tell: Tell) -> list[Picture]:
    """A chart for each currency in which two can be compared."""
    pictures = []
    for currency in sorted({one.currency for one in found}):
        some = [one for one in found if one.currency == currency and one.per_click_interval]
        if len(some) < 2:
            continue
        rows = [
            Interval(
                one.name, one.per_click, *one.per_click_interval,
                tell.money(one.per_click, currency), one.group.firm,
            )
            for one in sorted(some, key=lambda one: one.per_click)
        ]  # fmt: skip
        title = tell.say(N_("Cost of a click by a person, in %(currency)s"), currency=currency)
        chart = intervals(rows, title, lambda value, of=currency: tell.money(value, of))
        pictures.append(Picture(f"prices-{currency.lower()}", title, chart))
    return pictures
