"""rolecast preview"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolecast.cli import common

if TYPE_CHECKING:
    from rolecast.channels import Channel
    from rolecast.jobspec import JobSpec
    from rolecast.project import Project


@click.command()
@click.argument("job")
@click.option("--channel", "names", multiple=True, help="Only this channel; may be repeated.")
@click.option(
    "--moment",
    type=click.Choice(["announce", "remind", "closing", "filled"]),
    default="announce",
    show_default=True,
)
@click.pass_obj
def preview(root: Path, job: str, names: tuple[str, ...], moment: str) -> None:
    """Show exactly what would be posted for JOB (its id or its file), with its length.

    \b
      rolecast preview data-engineer-grid
      rolecast preview jobspecs/data-engineer-grid.yaml --channel bluesky
    """
    with common.project(root) as project:
        spec = _spec(project, job)
        chosen = [
            channel
            for channel in project.channels.values()
            if channel.name in names or (not names and channel.takes(spec))
        ]
        if not chosen and not names:
            raise click.ClickException("this job goes to no channel; see `rolecast channels`")
        if not chosen:
            raise click.UsageError(
                f"there is no channel {', '.join(names)}; there are: {', '.join(project.channels)}"
            )
        bad = [channel for channel in chosen if not _show(project, spec, channel, moment)]
    raise SystemExit(1 if bad else 0)


def _spec(project: Project, job: str) -> JobSpec:
    from rolecast.check import check_bytes

    path = Path(job) if job.endswith((".yaml", ".yml")) else project.folder / f"{job}.yaml"
    if not path.is_file():
        found = project.specs().get(job)
        if found is None:
            raise click.ClickException(
                f"there is no job {job!r}: no {path}, and no spec has that id"
            )
        return found
    spec, problems = check_bytes(path.read_bytes(), str(path))
    common.show_problems(problems)
    if spec is None:
        raise SystemExit(1)
    return spec


def _show(project: Project, spec: JobSpec, channel: Channel, moment: str) -> bool:
    from rolecast.render import RenderProblem

    try:
        post = project.preview(spec, channel, moment)
    except RenderProblem as problem:
        click.secho(f"── {channel.name}", bold=True)
        click.secho(f"   {problem}\n", fg="red")
        return False
    connector = channel.connector
    limit = f"/{connector.limit}" if connector.limit else ""
    click.secho(
        f"── {channel.name}  {connector.measure(post.text)}{limit} {connector.unit}", bold=True
    )
    if not channel.takes(spec):
        click.secho("   (this job does not go to this channel)", fg="yellow")
    if post.html:
        click.echo(f"title: {post.title}\n\n{post.html}\n\nexcerpt:")
    click.echo(f"{post.text}\n")
    if (wire := connector.wire(post)) != post.text:
        click.echo(f"as sent, in the network's own markup:\n{wire}\n")
    if post.image:
        click.echo(f"picture: {post.image.name} ({post.image.type}), “{post.image.alt}”\n")
    if cost := connector.cost(post):
        click.echo(f"costs {cost}\n")
    return True
