"""rolecast calendar"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from rolecast.cli import common

if TYPE_CHECKING:
    from rolecast.plan import Scheduled


MOST = 4  # posts of one minute that are named


@click.command()
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True)
@click.option("--channel", "names", multiple=True, help="Only this channel; may be repeated.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def calendar(root: Path, days: int, names: tuple[str, ...], form: str) -> None:
    """Show what will go out when, as far as can be foreseen.

    Times follow each channel's `pace` in rolecast.toml: days and hours, time
    between posts, posts a day. Reminders and last calls are there as well.
    """
    with common.project(root) as project:
        unknown = set(names) - set(project.channels)
        if unknown:
            raise click.UsageError(f"there is no channel {', '.join(sorted(unknown))}")
        project.plan()  # what was dropped since the last run counts too
        found = [one for one in project.calendar(days=days) if not names or one.channel in names]
        zone = ZoneInfo(project.settings.company.timezone)
    if form == "json":
        click.echo(json.dumps([one.model_dump(mode="json") for one in found], indent=2))
        return
    if not found:
        click.echo(f"Nothing is to go out in the next {days} days.")
        return
    for day, entries in groupby(found, key=lambda one: one.at.astimezone(zone).date()):
        click.secho(f"\n{day:%A %d %B %Y}", bold=True)
        for (at, channel), together in groupby(
            entries, key=lambda one: (one.at.astimezone(zone).strftime("%H:%M"), one.channel)
        ):
            posts = list(together)
            what = ", ".join(_what(one) for one in posts[:MOST])
            more = f" and {len(posts) - MOST} more" if len(posts) > MOST else ""
            click.echo(f"  {at}  {channel:16} {what}{more}")
    click.echo(f"\n{len(found)} posts in {days} days; times in {zone.key}.")


def _what(one: Scheduled) -> str:
    priority = f", {one.priority} priority" if one.priority != "normal" else ""
    asks = ", once somebody agrees" if one.asks else ""
    look = ", after its first look" if one.first_look else ""
    return f"{one.job_id} ({one.moment}{priority}{look}{asks})"
