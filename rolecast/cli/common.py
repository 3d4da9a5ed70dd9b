"""What the commands share: opening the project and showing a plan."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rolecast.channels import Channel
    from rolecast.connector import Http
    from rolecast.plan import Plan
    from rolecast.planning import Planned
    from rolecast.problems import Problem
    from rolecast.project import Project
    from rolecast.publish import Result

MARKS = {
    "publish": ("+", "green"),
    "edit": ("~", "yellow"),
    "withdraw": ("-", "red"),
    "adopt": ("?", "cyan"),
    "hold": ("!", "magenta"),
    "drop": ("x", "white"),
}


@contextmanager
def project(
    root: Path, with_blocks: bool = False, env: Mapping[str, str] = os.environ
) -> Iterator[Project]:
    """The project in `root`; what is wrong with it ends the command with a sentence.

    with_blocks: read secrets out of Prefect Blocks too, which needs Prefect.
    """
    from connectors import TABLE
    from rolecast.ledger import LedgerError
    from rolecast.project import Project
    from rolecast.settings import SettingsError

    try:
        opened = Project.open(root.resolve(), TABLE, env, _block if with_blocks else None)
    except (SettingsError, LedgerError) as error:
        raise click.ClickException(str(error)) from error
    try:
        yield opened
    except FileNotFoundError as error:
        raise click.ClickException(f"{error.filename}: there is no such file or folder") from error
    finally:
        opened.ledger.close()


def _block(name: str) -> str | None:
    """A secret out of Prefect's Blocks; Prefect is imported only when a channel names one."""
    from flows.blocks import secret

    return secret(name)


def open_http(channel: Channel) -> Http:
    """The channel's way to its network."""
    from connectors.http import Http

    return Http(pace=channel.connector.pace)


def way_with_vault(project: Project, channel: Channel) -> Http:
    """The same, with the tokens that its network renews. Raises VaultError."""
    return project.way(channel, open_http(channel))


def show_problems(problems: Iterable[Problem]) -> None:
    """Each problem as `check` shows it, on stderr."""
    for problem in problems:
        click.echo(problem.render(colour=sys.stderr.isatty()), err=True)
        click.echo(err=True)


def show_plan(planned: Planned, texts: bool = True) -> None:
    """The plan, channel by channel, with texts and word diffs."""
    plan = planned.plan
    for name, changes in plan.by_channel().items():
        click.secho(f"\n{name}", bold=True)
        for change in changes:
            mark, colour = MARKS[change.action]
            cost = f"  costs {change.cost}" if change.cost else ""
            approval = "  (needs approval)" if change.needs_approval else ""
            click.secho(
                f"  {mark} {change.action:8} {change.job_id}  {change.moment}"
                f"  because: {change.reason}{cost}{approval}",
                fg=colour,
            )
            if texts and change.post:
                click.echo(_text_of(change))
    show_scheduled(plan)
    show_blocked(plan)
    for path in planned.moving:
        click.echo(f"{path}: still being written; the next run takes it")
    for note in plan.notes:
        click.secho(f"note: {note}", fg="magenta")
    click.echo(f"\n{summary(plan)}")


def _text_of(change) -> str:
    from rolecast.worddiff import word_diff

    if change.before is not None:
        return indent(word_diff(change.before.text, change.post.text, colour=sys.stdout.isatty()))
    return indent(change.post.text)


def indent(text: str) -> str:
    """A text as it stands below its heading."""
    return "\n".join(f"      | {line}" for line in text.splitlines())


def show_blocked(plan: Plan) -> None:
    """What cannot be done now, once for each channel and reason."""
    from rolecast.plan import blocked_by_reason

    reasons = blocked_by_reason(plan.blocked)
    if reasons:
        click.secho("\nheld back", bold=True)
    for (channel, reason), count in reasons.items():
        jobs = [b.job_id for b in plan.blocked if (b.channel, b.reason) == (channel, reason)]
        who = jobs[0] if count == 1 else f"{count} posts"
        click.echo(f"  ! {channel}: {who}: {reason}")


def show_scheduled(plan: Plan) -> None:
    """What waits for its time: the next of each channel, and until when it goes on."""
    if plan.scheduled:
        click.secho("\nlater", bold=True)
    for name in dict.fromkeys(one.channel for one in plan.scheduled):
        found = [one for one in plan.scheduled if one.channel == name]
        first, last = found[0], found[-1]
        more = f", then {len(found) - 1} more until {local(last.at)}" if found[1:] else ""
        look = ", after its first look" if first.first_look else ""
        click.echo(f"  · {name}: {first.job_id} ({first.moment}{look}) at {local(first.at)}{more}")


def who() -> str:
    """The person at this terminal, as the system knows them."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"


def local(at: datetime) -> str:
    """A time in this machine's zone, which is named."""
    return f"{at.astimezone():%a %Y-%m-%d %H:%M %Z}"


def summary(plan: Plan) -> str:
    """One line: what the plan holds."""
    counts = plan.counts()
    steps = ", ".join(f"{number} to {action}" for action, number in counts.items())
    parts = [f"{plan.jobs} job spec{'' if plan.jobs == 1 else 's'}", steps or "nothing to change"]
    if plan.scheduled:
        parts.append(f"{len(plan.scheduled)} later (rolecast calendar)")
    if plan.blocked:
        parts.append(f"{len(plan.blocked)} held back")
    if plan.files_with_problems:
        parts.append(f"{plan.files_with_problems} with problems (rolecast check)")
    return "; ".join(parts) + "."


def show_result(result: Result) -> None:
    """One line for one change that was carried out."""
    change = result.change
    colour = "green" if result.ok else "red" if result.state in ("refused", "gone") else "yellow"
    where = f"  {result.address}" if result.address else ""
    why = f"  {result.reason}" if result.reason else ""
    click.secho(
        f"  {change.channel:16} {change.job_id:32} {change.action:8} → {result.state}{where}{why}",
        fg=colour,
    )
