"""rolecast approve"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolecast.cli import common

if TYPE_CHECKING:
    from rolecast.ledger.approvals import Asked


@click.command()
@click.argument("jobs", nargs=-1)
@click.option("--channel", "names", multiple=True, help="Only this channel; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="All that wait.")
@click.option("--refuse", is_flag=True, help="Refuse them instead.")
@click.option("--note", help="Why; kept with your name and the time.")
@click.pass_obj
def approve(
    root: Path,
    jobs: tuple[str, ...],
    names: tuple[str, ...],
    everything: bool,
    refuse: bool,
    note: str | None,
) -> None:
    """Agree to texts that wait for somebody, or refuse them.

    Without a job, shows what waits. An approval holds for exactly that text:
    when it changes, it is asked for again.

    \b
      rolecast approve                          what waits?
      rolecast approve night-nurse              agree to its texts
      rolecast approve --all --channel x        agree to all on one channel
      rolecast approve night-nurse --refuse --note "the pay is wrong"
    """
    from rolecast import desk
    from rolecast.ledger import approvals
    from rolecast.publish import now_utc

    with common.project(root) as project:
        project.plan()
        with project.ledger.read() as conn:
            found = [one for one in approvals.waiting(conn) if _asked_for(one, jobs, names)]
        if not found:
            click.echo("No text waits for anybody.")
            return
        if not jobs and not everything:
            for one in found:
                _show(one)
            click.echo(f"Waiting: {len(found)}. Agree with: rolecast approve JOB, or --all")
            return
        for one in found:
            try:
                desk.decide(project.ledger, one, not refuse, common.who(), now_utc(), note)
            except desk.NotPossible as error:
                raise click.ClickException(str(error)) from error
            word = "refused" if refuse else "approved"
            click.echo(f"{word}: {one.action} {one.job_id} on {one.channel} ({one.moment})")
    if not refuse:
        click.echo("The next run carries it out, or `rolecast publish` now.")


def _asked_for(one: Asked, jobs: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return (not jobs or one.job_id in jobs) and (not names or one.channel in names)


def _show(one: Asked) -> None:
    click.secho(f"{one.job_id} on {one.channel}", bold=True, nl=False)
    click.echo(f"  {one.action} {one.moment}  because: {one.note}")
    text = one.text()
    click.echo(common.indent(text.text) if text else "      (to be taken down)")
    click.echo()
