"""A part of a page with figures: what they say in words, charts, and the same as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from babel.dates import get_day_names

from rolecast import figures
from rolecast.charts import Chart
from rolecast.facts import locale
from rolecast.insights import PART
from rolecast.told import N_
from rolecast.words import words


class Cell(NamedTuple):
    """A figure as it is, and as people read it. value None: not measured, or it says nothing."""

    value: Any
    text: str


@dataclass(frozen=True)
class Picture:
    """A chart. name: of its files; title: what it shows, in a few words."""

    name: str
    title: str
    chart: Chart


@dataclass(frozen=True)
class Section:
    """One question and its answer. says: sentences; notes: how it was counted. head: names of the
    table's columns; fields: the same for other programs; rows: a cell for each field, where
    those of `within` stand in the cell before them."""

    key: str
    title: str
    says: tuple[str, ...]
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    fields: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    within: frozenset[str] = field(default=frozenset())

    def table(self) -> list[list[str]]:
        """The rows as the page shows them."""
        shown = [n for n, name in enumerate(self.fields) if name not in self.within]
        return [[row[n].text for n in shown] for row in self.rows]

    def to_csv(self) -> str:
        """The rows for other programs; what was not measured is empty. Names that a spreadsheet
        would take for a formula are quoted (owasp.org, CSV Injection)."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.fields)
        for row in self.rows:
            writer.writerow([_plain(cell.value) for cell in row])
        return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, str) and value[:1] in "=+-@\t\r":
        return f"'{value}"
    return value


class Tell:
    """Words and figures in one language."""

    def __init__(self, language: str):
        self.language = language
        self._words = words(language)

    def say(self, text: str, **values: Any) -> str:
        """A sentence; text is marked with N_ where it stands."""
        said = self._words.gettext(text)
        return said % values if values else said

    def many(self, one: str, more: str, num: int, **values: Any) -> str:
        """A sentence with a number, %(num)s, that its form depends on."""
        said = self._words.ngettext(one, more, num)
        return said % {"num": self.number(num), **values}

    def number(self, value: float) -> str:
        """1,234"""
        return figures.number(value, self.language)

    def rough(self, value: float) -> str:
        """As exact as is of use."""
        return figures.rough(value, self.language)

    def percent(self, share: float) -> str:
        """2 %"""
        return figures.percent(share, self.language)

    def money(self, value: float, currency: str) -> str:
        """1.20 €"""
        return figures.money(value, currency, self.language)

    def whole(self, value: float | None) -> Cell:
        """A number, or a dash for what was not measured."""
        return Cell(value, "–" if value is None else self.number(value))

    def about(
        self,
        value: float | None,
        interval: tuple[float, float] | None,
        show: Callable[[float], str],
    ) -> tuple[Cell, Cell, Cell]:
        """A figure with the range of the true one; the first cell says both."""
        if value is None or interval is None:
            return Cell(None, "–"), Cell(None, ""), Cell(None, "")
        low, high = interval
        text = f"{show(value)} ({show(low)}–{show(high)})"
        return Cell(value, text), Cell(low, ""), Cell(high, "")

    def name(self, what: str, name: str) -> str:
        """What one of those compared is called."""
        if what == "weekdays":
            return str(get_day_names("wide", "stand-alone", locale(self.language))[int(name)])
        if what == "dayparts":
            start = int(name) * PART
            return f"{start:02}:00–{start + PART:02}:00"
        if what == "moments":
            name = name.split("-")[0]
        known = NAMES.get(what, {}).get(name)
        return self.say(known) if known else name


NAMES = {
    "channels": {"share": N_("Colleagues’ shares"), "referral": N_("Friends named by colleagues")},
    "moments": {
        "announce": N_("Announcement"),
        "remind": N_("Reminder"),
        "closing": N_("Last call"),
        "change": N_("Change"),
        "filled": N_("Filled"),
    },
    "wordings": {
        "long": N_("Long form"),
        "medium": N_("Medium form"),
        "short": N_("Short form"),
        "long, own words": N_("Long form, own words"),
        "medium, own words": N_("Medium form, own words"),
        "short, own words": N_("Short form, own words"),
        "not known": N_("Form not known"),
    },
    "parts": {
        "channel": N_("Our posts"),
        "share": N_("Colleagues’ shares"),
        "referral": N_("Friends named by colleagues"),
        "nobody": N_("No link is known"),
    },
}
