"""rolecast verify"""

from __future__ import annotations

from pathlib import Path

import click

from rolecast.cli import common

WORDS = {"fine": "green", "changed": "yellow", "gone": "red", "unseen": "magenta"}


@click.command()
@click.argument("jobs", nargs=-1)
@click.option("--channel", "names", multiple=True, help="Only this channel; may be repeated.")
@click.option("--no-apply", is_flag=True, help="Do not look at the pages where one applies.")
@click.pass_obj
def verify(root: Path, jobs: tuple[str, ...], names: tuple[str, ...], no_apply: bool) -> None:
    """Look whether what is live is there, and says what we wrote.

    What differs is shown here and on the desk, where it can be put back,
    accepted or forgotten (`rolecast decide`). Changes nothing at any network.

    Exit status: 0 all as it should be, 1 something differs or was not seen.
    """
    from rolecast.verify import Kind
    from rolecast.verify import verify as look

    with common.project(root, with_blocks=True) as project:
        found = look(
            project.ledger,
            project.channels,
            lambda channel: common.way_with_vault(project, channel),
            jobs=jobs,
            names=names,
            on_finding=_show,
        )
        broken = [] if no_apply or names else _apply_pages(project, jobs)
    bad = sum(one.kind is not Kind.fine for one in found)
    click.echo(
        f"{len(found) - bad} of {len(found)} posts are as we wrote them; "
        f"{len(broken)} places to apply do not work."
    )
    if bad or broken:
        raise SystemExit(1)


def _show(finding) -> None:
    one = finding.publication
    receipt = one.received()
    where = (receipt.address or receipt.id) if receipt else ""
    word = click.style(f"{finding.kind:8}", fg=WORDS[finding.kind])
    click.echo(f"  {word} {one.channel:16} {one.job_id}  {one.moment}  {where}")
    if finding.kind != "fine":
        click.echo(common.indent(finding.detail or ""))


def _apply_pages(project, jobs: tuple[str, ...]) -> list[str]:
    from connectors.http import Http
    from rolecast.applying import check

    found = check(project.ledger, Http((5, 15)), jobs=jobs)
    for job_id, problem in found:
        click.echo(f"  {click.style('apply   ', fg='red')} {job_id}: {problem}")
    return [job_id for job_id, _ in found]
