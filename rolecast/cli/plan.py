"""rolecast plan"""

from __future__ import annotations

from pathlib import Path

import click

from rolecast.cli import common


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the plan to a file, for `rolecast publish --plan`.",
)
@click.option("--brief", is_flag=True, help="Leave the texts out.")
@click.option(
    "--allow-removals",
    is_flag=True,
    help="Withdraw although more than a fifth of the specs are gone at once.",
)
@click.pass_obj
def plan(root: Path, form: str, out: Path | None, brief: bool, allow_removals: bool) -> None:
    """Show what has to change where, and why. Changes nothing at any network.

    \b
      rolecast plan
      rolecast plan --out monday.json     to be reviewed, then:
      rolecast publish --plan monday.json
    """
    with common.project(root) as project:
        planned = project.plan(allow_removals=allow_removals)
        body = planned.plan.model_dump_json(indent=2)
        if out:
            out.write_text(body + "\n", "utf-8")
        if form == "json":
            click.echo(body)
            return
        common.show_problems(planned.problems)
        common.show_plan(planned, texts=not brief)
        if out:
            click.echo(f"Written to {out}. Carry it out with: rolecast publish --plan {out}")
