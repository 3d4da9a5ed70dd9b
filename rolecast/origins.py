"""Where applications come from, how long it takes until the first one, and what they cost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rolecast import intervals
from rolecast.channels import Channel
from rolecast.insights import ENOUGH, FEW, POSTS, Compared, Group, Period
from rolecast.intervals import Times
from rolecast.ledger import Connection, insights
from rolecast.ledger.changes import COLLEAGUES
from rolecast.ledger.results import hour_of
from rolecast.post import Post
from rolecast.reports import wilson
from rolecast.settings import Cost

HOURS_A_MONTH = 365.25 / 12 * 24


@dataclass(frozen=True)
class Part:
    """One way on which applications came. name: channel, share, referral or nobody."""

    name: str
    applied: int
    hired: int
    of: int

    @property
    def share(self) -> float:
        """Of all applications."""
        return self.applied / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies."""
        return wilson(self.applied, self.of)


@dataclass(frozen=True)
class Parts:
    """Where applications came from. hidden: some stand with `nobody`, since fewer than FEW
    colleagues are behind them."""

    rows: tuple[Part, ...]
    hidden: bool
    measured: bool

    @property
    def total(self) -> int:
        """Applications."""
        return sum(one.applied for one in self.rows)

    @property
    def hires(self) -> int:
        """Those that ended with a hire."""
        return sum(one.hired for one in self.rows)

    @property
    def enough(self) -> bool:
        """Whether a share says anything."""
        return self.total >= ENOUGH


def parts(of: Period) -> Parts:
    """Where the applications of a period came from."""
    found = dict(insights.parties(of.conn, of.start))
    hidden = False
    for party in COLLEAGUES:
        if party in found and insights.credited_colleagues(of.conn, of.start, party, FEW) < FEW:
            applied, hired = found.pop(party)
            before = found.get("nobody", (0, 0))
            found["nobody"] = before[0] + applied, before[1] + hired
            hidden = True
    total = sum(applied for applied, _ in found.values())
    order = ("channel", "share", "referral", "nobody")
    rows = [Part(name, *found[name], total) for name in order if name in found]
    return Parts(tuple(rows), hidden, of.measured)


# How long until somebody applies


@dataclass(frozen=True)
class Wait:
    """Days from a job's first post to its first application. earlier: jobs that are left out,
    since they had an application before."""

    times: Times
    earlier: int
    measured: bool

    @property
    def jobs(self) -> int:
        """Jobs that are looked at."""
        return self.times.happened + self.times.open

    @property
    def enough(self) -> bool:
        """Whether the median says anything."""
        return self.times.happened >= POSTS


def wait(of: Period) -> Wait:
    """Of the jobs whose first post was in the period. A job without an application waits until its
    last post is taken down, or still."""
    found: dict[str, list[float]] = {"applied": [], "not yet": [], "earlier": []}
    for what, hours, jobs in insights.waits(of.conn, of.start, hour_of(of.now)):
        found[what] += [max(0, hours) / 24] * jobs
    curve = intervals.times(found["applied"], found["not yet"])
    return Wait(curve, len(found["earlier"]), of.measured)


# What it costs


@dataclass(frozen=True)
class Price:
    """What a channel costs in a period. listed: by the network's own list of prices."""

    group: Group
    total: float
    currency: str
    listed: bool

    @property
    def name(self) -> str:
        """The channel's."""
        return self.group.name

    @property
    def per_click(self) -> float | None:
        """For a click by a person."""
        return self.total / self.group.clicks if self.group.clicks else None

    @property
    def per_click_interval(self) -> tuple[float, float] | None:
        """Where the true figure lies."""
        if not self.group.clicks:
            return None
        low, high = self.group.per_post_interval
        posts = self.group.sums.links
        return (self.total / (high * posts), self.total / (low * posts)) if low else None

    @property
    def per_application(self) -> float | None:
        """For an application; None: there is none, or they are not measured."""
        return self.total / self.group.applied if self.group.applied else None


LISTED = re.compile(r"\$(\d+(?:\.\d+)?)")


def prices(
    of: Period,
    compared: Compared,
    known: Mapping[str, Channel],
    entered: Mapping[str, Cost | None],
) -> list[Price]:
    """What those channels cost of which it is known: as entered in the settings, or as the network
    charges for its last post."""
    first = insights.earliest(of.conn)
    begun = max(of.start, first) if first is not None else hour_of(of.now)
    months = (hour_of(of.now) - begun) / HOURS_A_MONTH
    charged = _charged(of.conn, known, [name for name in known if not entered.get(name)])
    found = []
    for group in compared.groups:
        cost, listed = entered.get(group.name), False
        if cost is None and group.name in charged:
            cost, listed = Cost(currency="USD", per_post=charged[group.name]), True
        if cost is not None:
            total = cost.per_post * group.sums.links + cost.per_month * months
            found.append(Price(group, total, cost.currency, listed))
    return found


def _charged(
    conn: Connection, known: Mapping[str, Channel], names: Iterable[str]
) -> dict[str, float]:
    """Channel → dollars a post, where the network charges."""
    asked = [name for name in names if known[name].connector.can("cost")]
    found = {}
    for name, text in insights.last_posts(conn, asked).items():
        said = known[name].connector.cost(Post.model_validate_json(text)) or ""
        if price := LISTED.search(said):
            found[name] = float(price[1])
    return found
