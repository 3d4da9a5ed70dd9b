"""Makes a Rolecast folder for a test, and job specs to drop into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from starlette.testclient import TestClient

from connectors import TABLE
from connectors.http import Http
from rolecast.channels import Channel
from rolecast.gather import gather
from rolecast.project import Project
from rolecast.publish import Result
from rolecast.web import app
from rolecast.web.face import Face

LEDGER: dict[str, str] = {}  # see `both_ledgers` in conftest.py
BOARD = """
[channels.board]
connector = "board"
"""


def spec(**fields: Any) -> str:
    """A valid job spec as YAML; `fields` replace or add, None takes away."""
    data: dict[str, Any] = {
        "title": "Harbour Pilot",
        "company": "Ostrelund Works",
        "summary": "You bring the big ships in, at night and in fog.",
        "description": "You board ships at sea and bring them safely to their berth.\n\n"
        "The boat is new and the crew is not.",
        "locations": [{"city": "Bremerhaven", "country": "DE"}],
        "salary": {"min": 72000, "max": 88000, "currency": "EUR"},
        "apply": "https://jobs.example.com/pilot",
        "tags": ["harbour", "night work"],
    }
    data |= fields
    kept = {name: value for name, value in data.items() if value is not None}
    return yaml.safe_dump(kept, allow_unicode=True, sort_keys=False)


def make(root: Path, channels: str = BOARD, **specs: str) -> Path:
    """A folder with rolecast.toml and job specs (file stem, with _ for -, → text)."""
    (root / "jobspecs").mkdir(parents=True, exist_ok=True)
    settings = '[company]\nname = "Ostrelund Works"\nurl = "http://127.0.0.1:8080"\n'
    (root / "rolecast.toml").write_text(settings + channels, "utf-8")
    for name, text in specs.items():
        drop(root, name, text)
    return root


def drop(root: Path, name: str, text: str) -> Path:
    """What HR does."""
    path = root / "jobspecs" / f"{name.replace('_', '-')}.yaml"
    path.write_text(text, "utf-8")
    return path


def open_project(root: Path, env: dict[str, str] | None = None) -> Project:
    """The project of a folder, with secrets from `env`."""
    return Project.open(root, TABLE, LEDGER | (env or {}))


def publish(
    root: Path,
    env: dict[str, str] | None = None,
    timeout: tuple[float, float] = (2, 5),
    **more: Any,
) -> list[Result]:
    """Plan and carry out once."""
    project = open_project(root, env)
    try:
        planned = project.plan(wait=0, **more)
        return project.publish(planned.plan.changes, lambda channel: http(channel, timeout))
    finally:
        project.ledger.close()


@contextmanager
def site(project: Project, alone: bool = False, **more: Any) -> Iterator[TestClient]:
    """A browser on the pages of a project; alone: on the public face by itself.

    An answer waits for its click however busy the machine is; tests/go is about disks that stall.
    """
    face = Face(project.ledger, project.settings, project.root / ".rolecast", gathers=False)
    if alone:
        face.jobs_at = "/jobs"
    make_app = app.go_alone if alone else app.create
    if not alone:
        more = {
            "folder": project.folder, "draft": project.draft, "previews": project.previews, **more,
        }  # fmt: skip
    made = make_app(project.ledger, project.settings, project.channels, face=face, **more)
    with patch("rolecast.commit.PATIENCE", 60.0), TestClient(made, follow_redirects=False) as web:
        web.face = face
        yield web


def gathered(project: Project) -> list[tuple[Any, ...]]:
    """Brings clicks into the ledger; all of them as (link, class, reason)."""
    from rolecast.ledger import clicks

    gather(project.ledger, project.root / ".rolecast" / "spool")
    with project.ledger.read() as conn:
        return [(one.click.link, one.verdict, one.reason) for one in clicks.everything(conn)]


def http(channel: Channel, timeout: tuple[float, float] = (2, 5)) -> Http:
    """A way out with short time-outs."""
    return Http(timeout)


def states(root: Path) -> dict[str, str]:
    """job/channel → state."""
    from rolecast.ledger import publications

    project = open_project(root)
    try:
        with project.ledger.read() as conn:
            return {f"{p.job_id}/{p.channel}": str(p.state) for p in publications.everything(conn)}
    finally:
        project.ledger.close()
