"""rolecast people"""

from __future__ import annotations

from pathlib import Path

import click

from rolecast.cli import common


@click.group()
def people() -> None:
    """Colleagues: who is known, what is kept about them, and deleting it."""


@people.command("list")
@click.option("--search", default="", help="Part of a name or a mail address.")
@click.pass_obj
def list_(root: Path, search: str) -> None:
    """Show who has signed in, with their roles."""
    from rolecast.ledger import people as ledger

    with common.project(root) as project, project.ledger.read() as conn:
        start, total = 0, 1
        while start < total:
            found, total = ledger.everybody(conn, search, start, 500)
            for one in found:
                team = f"  {one.team}" if one.team else ""
                click.echo(f"{one.email:36} {one.role.value:10} {one.name}{team}")
            start += 500
    click.echo(f"{total} {'person' if total == 1 else 'people'}.")


@people.command()
@click.argument("address")
@click.pass_obj
def export(root: Path, address: str) -> None:
    """Print everything that is kept about somebody, as JSON."""
    from rolecast import mydata
    from rolecast.publish import now_utc

    with common.project(root) as project, project.ledger.read() as conn:
        click.echo(mydata.export(conn, _known(conn, address), now_utc()))


@people.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do it; without, nothing is changed.")
@click.pass_obj
def delete(root: Path, address: str, yes: bool) -> None:
    """Delete somebody, for good: sums stay, without their name."""
    from rolecast import mydata

    with common.project(root) as project:
        with project.ledger.read() as conn:
            person = _known(conn, address)
            found = mydata.everything(conn, person)
        for name, rows in found.items():
            if rows:
                click.echo(f"  {len(rows):5} {mydata.TABLES.get(name, name)}")
        if not yes:
            click.echo(f"{person.email} would be deleted. Add --yes to do it.")
            return
        mydata.forget(project.ledger, person.id)
        click.echo(f"{person.email} is deleted.")


def _known(conn, address: str):
    """The person of an address; ends the command when there is none."""
    from rolecast.ledger import people as ledger

    found = ledger.of_address(conn, address.strip().lower())
    if found is None:
        raise click.ClickException(
            f"nobody here has the address {address}; see rolecast people list"
        )
    return found
