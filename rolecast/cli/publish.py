"""rolecast publish"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolecast.cli import common

if TYPE_CHECKING:
    from rolecast.plan import Change, Plan
    from rolecast.planning import Planned
    from rolecast.project import Project

ROUNDS = 3  # a look after a lost answer may show that there is more to do


@click.command()
@click.option(
    "--plan",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Carry out this saved, reviewed plan; refuses when the world has moved.",
)
@click.option("--channel", "names", multiple=True, help="Only this channel; may be repeated.")
@click.option(
    "--allow-removals",
    is_flag=True,
    help="Withdraw although more than a fifth of the specs are gone at once.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def publish(
    root: Path, file: Path | None, names: tuple[str, ...], allow_removals: bool, form: str
) -> None:
    """Make the world as the folder says: publish, edit, withdraw.

    Running it again changes nothing. Killed half-way, the next run looks what
    became of each post before it sends anything again.

    Exit status: 0 all done, 1 something failed or waits for a person.
    """
    with common.project(root, with_blocks=True) as project:
        unknown = set(names) - set(project.channels)
        if unknown:
            raise click.UsageError(f"there is no channel {', '.join(sorted(unknown))}")
        if file:
            results, left = _reviewed(project, file, names, allow_removals, form)
        else:
            results, left = _all(project, names, allow_removals, form)
    if form == "json":
        click.echo(json.dumps([_as_dict(result) for result in results], indent=2))
    if not left or not all(result.ok for result in results):
        raise SystemExit(1)


def _all(project: Project, names: tuple[str, ...], allow_removals: bool, form: str):
    """Plan and carry out until there is nothing more to do now."""
    results = []
    for number in range(ROUNDS):
        planned = project.plan(allow_removals=allow_removals)
        changes = [
            c
            for c in planned.plan.changes
            if not c.needs_approval and (not names or c.channel in names)
        ]
        if form == "text":
            _introduce(planned, number)
        if not changes:
            break
        results += _metered(project, planned.plan.digest, changes, _shown(form))
    if form == "text":
        _conclude(planned, results)
    asked = any(change.needs_approval for change in planned.plan.changes)
    return results, not (planned.problems or planned.plan.blocked or asked)


def _metered(project: Project, plan: str, changes: list[Change], show):
    """Carry out, and tell the desk how far it is."""
    from rolecast.ledger import progress
    from rolecast.meter import metered
    from rolecast.publish import now_utc

    def told(result) -> None:
        meter(result)
        show(result)

    with project.ledger.begin() as conn:
        progress.begin(conn, plan, len(changes), now_utc())
    with metered(project.ledger, plan, len(changes)) as meter:
        return project.publish(changes, common.open_http, told)


def _reviewed(
    project: Project, file: Path, names: tuple[str, ...], allow_removals: bool, form: str
):
    from pydantic import ValidationError

    from rolecast.plan import Plan

    try:
        saved = Plan.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise click.ClickException(
            f"{file} is not a plan that `rolecast plan --out` wrote"
        ) from error
    now = project.plan(allow_removals=allow_removals).plan
    if saved.digest != now.digest:
        raise click.ClickException(
            f"{_moved(saved, now)}\nNothing was done; plan and review again."
        )
    changes = [c for c in saved.changes if not names or c.channel in names]
    _approve(project, changes, file)
    return project.publish(changes, common.open_http, _shown(form)), True


def _approve(project: Project, changes: list[Change], file: Path) -> None:
    """Who carries out a reviewed plan has agreed to its texts."""
    from rolecast.ledger import approvals
    from rolecast.ledger.approvals import Approval
    from rolecast.publish import now_utc

    now, note = now_utc(), f"reviewed plan {file.name}"
    with project.ledger.begin() as conn:
        approvals.add(
            conn,
            [
                Approval(*c.slot, str(c.action), c.text_hash, True, common.who(), now, note)
                for c in changes
                if c.needs_approval
            ],
        )


def _moved(saved: Plan, now: Plan) -> str:
    """Says what is different from the reviewed plan."""

    def steps(plan: Plan):
        return {(c.slot, c.action, c.revision, c.post.hash if c.post else "") for c in plan.changes}

    gone, come = steps(saved) - steps(now), steps(now) - steps(saved)
    lines = [f"the world has moved since {saved.made_at:%Y-%m-%d %H:%M} UTC:"]
    lines += [f"  no longer: {action} {slot[0]} on {slot[1]}" for slot, action, *_ in sorted(gone)]
    lines += [f"  new:       {action} {slot[0]} on {slot[1]}" for slot, action, *_ in sorted(come)]
    return "\n".join(lines)


def _shown(form: str):
    return common.show_result if form == "text" else lambda result: None


def _introduce(planned: Planned, number: int) -> None:
    if number == 0:
        common.show_problems(planned.problems)
        click.echo(common.summary(planned.plan))


def _conclude(planned: Planned, results: list) -> None:
    waiting = [c for c in planned.plan.changes if c.needs_approval]
    if waiting:
        click.echo(
            f"Waiting for somebody to agree: {len(waiting)}. See `rolecast approve`, or the desk."
        )
    common.show_blocked(planned.plan)
    for note in planned.plan.notes:
        click.secho(f"note: {note}", fg="magenta")
    done = sum(result.ok for result in results)
    click.echo(f"{done} done, {len(results) - done} not. `rolecast status` shows what is where.")


def _as_dict(result) -> dict:
    change = result.change
    return {
        "job": change.job_id,
        "channel": change.channel,
        "moment": change.moment,
        "action": change.action,
        "state": result.state,
        "reason": result.reason,
        "address": result.address,
    }
