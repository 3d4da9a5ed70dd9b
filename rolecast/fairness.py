"""Sharing without pressure, and jobs that are not only for those who know somebody.

Nobody's figures are shown to others unless they agreed to it, sums stand for FEW colleagues at
least, and posting earns nothing: what counts are people who came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rolecast.channels import Channel
from rolecast.jobspec import JobSpec
from rolecast.ledger import fair
from rolecast.settings import People
from rolecast.told import N_, Told

FEW = 3  # a sum of fewer colleagues would tell of one of them
INSIDE = ("share", "referral")  # parties by which one hears of a job from a colleague only


@dataclass(frozen=True)
class Goal:
    """What a team wants to bring in a quarter. reached: None for a team too small to tell."""

    team: str
    wanted: int
    reached: int | None

    @property
    def met(self) -> bool:
        """Whether it is there."""
        return self.reached is not None and self.reached >= self.wanted


@dataclass(frozen=True)
class Leader:
    """Somebody who agreed to be on the list."""

    name: str
    hires: int
    referrals: int


def quarter(now: datetime) -> datetime:
    """When the quarter began."""
    month = (now.month - 1) // 3 * 3 + 1
    return now.replace(month=month, day=1, hour=0, minute=0, second=0, microsecond=0)


def goals(conn, settings: People, now: datetime, team: str | None = None) -> list[Goal]:
    """How far the teams have come (one team only): friends who agreed, and hires by shares."""
    wanted = {name: count for name, count in settings.goals.items() if team is None or name == team}
    if not wanted:
        return []
    since = quarter(now)
    sums: dict[str | None, int] = {}
    for found in (fair.agreed(conn, since), fair.shared_hires(conn, since)):
        teams = fair.teams(conn, found)
        for person, count in found.items():
            sums[teams.get(person)] = sums.get(teams.get(person), 0) + count
    sizes = fair.sizes(conn)
    return [
        Goal(name, count, sums.get(name, 0) if sizes.get(name, 0) >= FEW else None)
        for name, count in wanted.items()
    ]


def leaders(conn, settings: People) -> list[Leader]:
    """Those who want to be on the list and have brought somebody; none where the company has
    turned it off."""
    if not settings.leaderboard:
        return []
    hires, agreed = fair.hires(conn), fair.agreed(conn)
    found = [
        Leader(name, hires.get(id_, 0), agreed.get(id_, 0))
        for id_, name in fair.ranked(conn).items()
        if id_ in hires or id_ in agreed
    ]
    return sorted(found, key=lambda one: (-one.hires, -one.referrals, one.name.casefold()))


def open_reach(
    conn, job: JobSpec, channels: Mapping[str, Channel], boards: Collection[str]
) -> Told | None:
    """Why a job reaches only those who know somebody here; None: others hear of it, too."""
    routed = {name for name, one in channels.items() if one.takes(job)}
    if routed and routed <= set(boards):
        return Told(
            N_(
                "Spread by colleagues alone: this job goes to the board only, and those who know "
                "nobody here do not hear of it. Let it go to a channel outside, too."
            )
        )
    came = fair.came_by(conn, job.id)
    count = sum(came.values())
    if count >= FEW and count == sum(came.get(party, 0) for party in INSIDE):
        return Told(
            N_(
                "Spread by colleagues alone: all %(count)s applications came by shares and "
                "referrals, and those who know nobody here seem not to hear of it."
            ),
            count=count,
        )
    return None


def crowded(people: Mapping[str, Collection[str]]) -> tuple[list[str], list[str], bool]:
    """Names (of places, say) whose sums may be shown, those to be shown together only, and whether
    even these may be. people: name → colleagues.

    What is left of a known total could tell of one of a few, so the sums that are shown together
    take in others until there are enough colleagues among them.
    """
    order = sorted(people, key=lambda name: (len(set(people[name])), name))
    together = [name for name in order if len(set(people[name])) < FEW]
    alone = [name for name in order if name not in together]
    while together and alone and len(_all(people, together)) < FEW:
        together.append(alone.pop(0))
    return alone, together, len(_all(people, together)) >= FEW


def _all(people: Mapping[str, Collection[str]], names: Iterable[str]) -> set[str]:
    return {one for name in names for one in people[name]}
