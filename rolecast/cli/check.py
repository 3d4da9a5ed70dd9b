"""rolecast check"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--no-warnings", is_flag=True, help="Only what keeps a job from going out.")
@click.pass_obj
def check(root: Path, paths: tuple[Path, ...], form: str, no_warnings: bool) -> None:
    """Check job specs: each problem with its line and what to write instead.

    PATHS are files or folders; without any, the folder of rolecast.toml.

    Exit status: 0 all good, 1 problems, 2 wrong use.
    """
    from rolecast.check import check_paths

    bad = files = 0
    found = []
    try:
        for checked in check_paths(paths or (_folder(root),)):
            files += 1
            bad += not checked.good
            shown = [p for p in checked.problems if not (no_warnings and p.severity == "warning")]
            if form == "json":
                found += [problem.as_dict() for problem in shown]
                continue
            for problem in shown:
                click.echo(problem.render(colour=sys.stdout.isatty()) + "\n")
    except FileNotFoundError as error:
        raise click.UsageError(f"{error.filename}: there is no such file or folder") from error
    if form == "json":
        click.echo(json.dumps({"files": files, "bad": bad, "problems": found}, indent=2))
    else:
        click.echo(f"{files} files: {files - bad} good, {bad} with problems")
    raise SystemExit(1 if bad else 0)


def _folder(root: Path) -> Path:
    from rolecast.settings import FILE, load

    return root / load(root).folder if (root / FILE).is_file() else root / "jobspecs"
