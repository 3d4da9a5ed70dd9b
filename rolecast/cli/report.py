"""rolecast report"""

from __future__ import annotations

import time
from pathlib import Path

import click

from rolecast.cli import common

ALL = 1_000_000


@click.command()
@click.option(
    "--by",
    "what",
    type=click.Choice(["job", "channel", "moment", "variant", "share"]),
    default="channel",
    show_default=True,
)
@click.option("--job", help="The links of one job: posts and shares.")
@click.option("--days", type=click.IntRange(1), help="Clicks of the last days only.")
@click.option("--csv", "as_csv", is_flag=True, help="For other programs.")
@click.pass_obj
def report(root: Path, what: str, job: str | None, days: int | None, as_csv: bool) -> None:
    """Show what led to clicks, applications and hires.

    A rate is applications per click of a person, with the interval in which it lies with 95 %
    confidence. "–" is not measured, which is not zero. Colleagues' shares are summed up by place,
    and only where at least three of them stand behind a sum.
    """
    from rolecast import reports

    if days and (job or what not in ("channel", "moment", "share")):
        raise click.UsageError("--days goes with --by channel, --by moment and --by share")
    since = int(time.time() // 86_400) - days + 1 if days else 0
    with common.project(root) as project, project.ledger.read() as conn:
        if job:
            rows = reports.of_job(conn, job)
        elif what == "job":
            rows, _ = reports.of_jobs(conn, 0, ALL)
        else:
            rows = reports.by(conn, what, since)
    if as_csv:
        click.echo(reports.to_csv(rows), nl=False)
        return
    if not rows:
        click.echo("Nothing yet: no link was followed.")
        return
    width = max(len(row.name) for row in rows)
    click.secho(
        f"{'':{width}} {'human':>8} {'suspect':>8} {'bot':>8} "
        f"{'applied':>8} {'talks':>6} {'hired':>6}  rate",
        bold=True,
    )
    for row in rows:
        if row.few:
            click.echo(f"{row.name:{width}} fewer than 3 colleagues")
            continue
        came = [row.applied, row.interviewed, row.hired]
        told = ["–" if count is None else str(count) for count in came]
        click.echo(
            f"{row.name:{width}} {row.human:8} {row.suspect:8} {row.bot:8} {told[0]:>8} "
            f"{told[1]:>6} {told[2]:>6}  {_rate(row)}"
        )


def _rate(row) -> str:
    if row.rate is None:
        return "–"
    low, high = row.interval
    return f"{row.rate:.1%} ({low:.1%} to {high:.1%})"
