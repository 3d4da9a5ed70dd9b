"""rolecast outcomes"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from rolecast.cli import common

SHOWN = 20  # problems, before the rest is only counted


@click.group()
def outcomes() -> None:
    """What became of applications: bring it in, or forget it."""


@outcomes.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--system", default="csv", show_default=True, help="Whose export it is.")
@click.option("--yes", is_flag=True, help="Take it in; without, nothing is changed.")
@click.pass_obj
def import_(root: Path, file: Path, system: str, yes: bool) -> None:
    """Read a CSV export of an applicant system: first what it would do, then with --yes.

    Columns: application, stage, date; and if there are any, source (or ref) with the link's code,
    job, earlier application. Importing the same file again changes nothing.
    """
    from rolecast import credit, crediting, outcomescsv
    from rolecast.publish import now_utc

    with common.project(root) as project:
        one = project.settings.systems.get(system)
        stages = {name: stage.value for name, stage in one.stages.items()} if one else {}
        zone = project.settings.company.timezone
        try:
            rows = outcomescsv.read(file.read_text("utf-8-sig", "replace"), stages, zone)
            rules = credit.load(project.settings.credit, root / "credit")
        except (outcomescsv.CsvProblem, credit.RulesProblem) as error:
            raise click.ClickException(f"{file}: {error}") from error
        good = [row for row in rows if row.outcome]
        bad = [row for row in rows if not row.outcome]
        for row in bad[:SHOWN]:
            click.secho(f"{file}:{row.line}: {row.problem}", fg="red", err=True)
        if len(bad) > SHOWN:
            click.echo(f"… and {len(bad) - SHOWN} more", err=True)
        linked = sum(bool(row.outcome.touches) for row in good)
        click.echo(f"{len(good)} lines can be taken, {linked} of them name a link; {len(bad)} not.")
        if yes:
            days = project.settings.people.promise_days
            new = sum(
                crediting.take(
                    project.ledger, system, row.key, [row.outcome], rules, now_utc(), days
                )
                for row in good
            )
            click.echo(f"{new} are new, {len(good) - new} were known.")
        elif good:
            click.echo("Nothing is changed yet: add --yes to take them.")
    raise SystemExit(1 if bad else 0)


@outcomes.command()
@click.argument("application")
@click.argument("stage")
@click.option("--ref", help="Code of the link that led to it.")
@click.option("--job", help="Id of the job, where no link is known.")
@click.option("--at", type=click.DateTime(), help="When; now where it is left out.")
@click.option("--source", default="desk", show_default=True)
@click.pass_obj
def add(
    root: Path,
    application: str,
    stage: str,
    ref: str | None,
    job: str | None,
    at: datetime | None,
    source: str,
) -> None:
    """Tell by hand that an application has reached a stage."""
    from pydantic import ValidationError

    from rolecast import credit, crediting
    from rolecast.outcomes import Outcome
    from rolecast.publish import now_utc

    when = at.astimezone() if at else now_utc()
    try:
        told = Outcome(application=application, stage=stage, at=when, ref=ref, job=job)
    except ValidationError as error:
        one = error.errors(include_url=False)[0]
        raise click.ClickException(f"{one['loc'][0]}: {one['msg']}") from error
    with common.project(root) as project:
        rules = credit.load(project.settings.credit, root / "credit")
        key = f"{application}:{stage}"
        days = project.settings.people.promise_days
        new = crediting.take(project.ledger, source, key, [told], rules, now_utc(), days)
    click.echo("Taken." if new else "That was known already.")


@outcomes.command()
@click.argument("application")
@click.option("--source", help="The system, where several have that number.")
@click.pass_obj
def forget(root: Path, application: str, source: str | None) -> None:
    """Delete an application and its credit for good."""
    from rolecast import crediting
    from rolecast.ledger import outcomes as kept
    from rolecast.ledger import referrals

    with common.project(root) as project, project.ledger.begin(alone="credit") as conn:
        try:
            found = crediting.find(conn, application, source)
        except crediting.Unknown as error:
            raise click.ClickException(str(error)) from error
        count = kept.forget(conn, *found)
        referrals.untie(conn, *found)
    click.echo(f"{count} entries are deleted.")
