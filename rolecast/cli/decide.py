"""rolecast decide"""

from __future__ import annotations

from pathlib import Path

import click

from rolecast.cli import common


@click.command()
@click.argument("job")
@click.argument("channel")
@click.option("--moment", default="announce", show_default=True)
@click.option("--there", "address", metavar="ADDRESS", help="It is there, at this address.")
@click.option("--not-there", "decision", flag_value="not_there", help="It is not there: send it.")
@click.option("--gone", "decision", flag_value="it_is_gone", help="I have taken it down.")
@click.option("--retry", "decision", flag_value="retry", help="Try again with the next run.")
@click.option("--put-back", "decision", flag_value="put_back", help="Make it what we wrote again.")
@click.option("--accept", "decision", flag_value="accept", help="It may stay as it is there.")
@click.option("--forget", "decision", flag_value="forget", help="Leave the post to itself.")
@click.option("--drop", "decision", flag_value="drop", help="Leave it: do not post it here.")
@click.option("--withdraw", "decision", flag_value="withdraw", help="Take it down; keep it down.")
@click.pass_obj
def decide(
    root: Path, job: str, channel: str, moment: str, address: str | None, decision: str | None
) -> None:
    """Tell the ledger what only a person can know, as on the desk.

    \b
      rolecast decide data-engineer-grid campus --there https://campus.example/4711
    """
    from rolecast import desk
    from rolecast.publish import now_utc

    if (address is None) == (decision is None):
        raise click.UsageError(
            "say one of --there ADDRESS, --not-there, --gone, --retry, --drop, --put-back, "
            "--accept, --forget, --withdraw"
        )
    slot, who = (job, channel, moment), common.who()
    with common.project(root) as project:
        try:
            if address is not None:
                desk.it_is_there(project.ledger, slot, address, who, now_utc())
            else:
                getattr(desk, decision)(project.ledger, slot, who, now_utc())
        except desk.NotPossible as error:
            raise click.ClickException(str(error)) from error
    click.echo("Noted.")
