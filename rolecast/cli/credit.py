"""rolecast credit"""

from __future__ import annotations

from pathlib import Path

import click

from rolecast.cli import common


@click.group()
def credit() -> None:
    """Who is credited for an application, and why."""


@credit.command()
@click.argument("application")
@click.option("--source", help="The system, where several have that number.")
@click.pass_obj
def explain(root: Path, application: str, source: str | None) -> None:
    """Show every decision on an application with its steps; the last one holds."""
    from rolecast import crediting
    from rolecast.ledger import outcomes

    with common.project(root) as project, project.ledger.read() as conn:
        try:
            found = crediting.find(conn, application, source)
        except crediting.Unknown as error:
            raise click.ClickException(str(error)) from error
        news = outcomes.of_application(conn, *found)
        log = outcomes.credit_of(conn, *found)
        names = crediting.names(conn, log)
    click.secho(f"{found[1]} from {found[0]}", bold=True)
    for one in news:
        with_ = f"  by {', '.join(code for code, _ in one.links)}" if one.links else ""
        click.echo(f"  {one.at:%Y-%m-%d %H:%M} {one.stage}{with_}")
    for row in log:
        holds = "  (holds)" if row is log[-1] else ""
        click.secho(f"Decided {row.at:%Y-%m-%d %H:%M} UTC at {row.stage}{holds}", bold=True)
        for step in crediting.named(row, names)[1]:
            click.echo(f"  {step}")


@credit.command()
@click.option("--rules", "name", required=True, help="Name of the rules, such as v2.")
@click.option("--yes", is_flag=True, help="Decide by them; without, nothing is changed.")
@click.pass_obj
def replay(root: Path, name: str, yes: bool) -> None:
    """Show what other rules would change; the log keeps what was decided before."""
    from rolecast import credit as by
    from rolecast import crediting
    from rolecast.publish import now_utc

    with common.project(root) as project:
        try:
            rules = by.load(name, root / "credit")
        except by.RulesProblem as error:
            raise click.ClickException(str(error)) from error
        found = crediting.replay(project.ledger, rules)
        decisions = [one for each in found for one in (each.before, each.after) if one]
        with project.ledger.read() as conn:
            names = crediting.names(conn, decisions)
        for one in found:
            before = _party(one.before, names) if one.before else "undecided"
            after = _party(one.after, names)
            click.echo(f"{one.application} ({one.source}, {one.stage}): {before} → {after}")
            click.echo(f"    {crediting.named(one.after, names)[1][-1]}")
        click.echo(f"{len(found)} would change." if found else "Nothing would change.")
        if yes:
            count = crediting.adopt(project.ledger, rules, now_utc())
            click.echo(f'{count} decisions are added. Write credit = "{name}" in rolecast.toml.')


def _party(decision, names: dict[str, str]) -> str:
    from rolecast import crediting

    return f"{decision.party} {crediting.named(decision, names)[0]}".strip()
