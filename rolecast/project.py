"""One Rolecast folder: its settings, channels, ledger and job specs, composed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from rolecast import __version__, channels, folder, links, previews, publish, runs, settings
from rolecast.agenda import Agenda
from rolecast.channels import Channel
from rolecast.connector import Connector, Http
from rolecast.jobspec import JobSpec
from rolecast.known import Job
from rolecast.ledger import Ledger, jobs, publications
from rolecast.plan import Change, Scheduled
from rolecast.planning import Planned, Planning
from rolecast.post import Post
from rolecast.previews import Preview
from rolecast.publish import Result
from rolecast.reading import digest
from rolecast.render import Renderer

SETTLE = 0.3  # seconds for which a file must not have been touched


class Project:
    """Everything that belongs to one rolecast.toml."""

    def __init__(
        self,
        root: Path,
        config: settings.Settings,
        all_channels: dict[str, Channel],
        ledger: Ledger,
        key: str | None = None,
    ):
        self.root, self.settings, self.channels, self.ledger = root, config, all_channels, ledger
        self.key = key  # seals the tokens that networks renew
        own = root / config.templates if config.templates else None
        self.renderer = Renderer(own, config.company.name, self.folder)
        self._drawing = threading.Lock()

    @classmethod
    def open(
        cls,
        root: Path,
        table: Mapping[str, type[Connector]],
        env: Mapping[str, str] = os.environ,
        block: channels.SecretSource | None = None,
    ) -> Project:
        """Read `root`/rolecast.toml and open the ledger. Raises SettingsError, LedgerError."""
        config = settings.load(root)
        ledger = Ledger(settings.ledger_address(config, root, dict(env))).open()
        built = channels.build(config, table, env, block)
        return cls(root, config, built, ledger, env.get(channels.KEY) or None)

    @property
    def folder(self) -> Path:
        """Where HR drops job specs."""
        return self.root / self.settings.folder

    @property
    def digest(self) -> str:
        """Changes with the settings, the templates, the secrets' presence and our version."""
        parts = [
            __version__,
            json.dumps(settings.as_dict(self.settings), sort_keys=True),
            self.renderer.digest,
            *(f"{name}:{one.cannot_send() is None}" for name, one in self.channels.items()),
        ]
        return digest("\x1f".join(parts).encode())

    def plan(
        self, now: datetime | None = None, allow_removals: bool = False, wait: float = SETTLE
    ) -> Planned:
        """What has to change. Writes nothing but the ledger's memory of files and links.

        allow_removals: carry on although more than a fifth of the files are gone at once.
        """
        now = now or publish.now_utc()
        runs.release_dead(self.ledger, now)
        entries, moving = folder.settle(self.folder, folder.scan(self.folder), wait)
        return Planning(self, now, allow_removals).plan(entries, moving)

    def calendar(self, now: datetime | None = None, days: int = 14) -> list[Scheduled]:
        """The new posts of the next days, as far as can be foreseen, by time.

        Of the jobs as the ledger has them; drop nothing, change nothing.
        """
        now = now or publish.now_utc()
        with self.ledger.read() as conn:
            rows = jobs.all_jobs(conn)
        todo = [Job(row.id, JobSpec.model_validate_json(row.spec), row.spec_hash) for row in rows]
        return Agenda(self, now).calendar(todo, now + timedelta(days=days))

    def way(self, channel: Channel, http: Http) -> Http:
        """A channel's way to its network, with the tokens that its network renews."""
        if self.key:
            from rolecast.vault import LedgerVault

            http.vault = LedgerVault(self.ledger, channel.name, self.key)
        return http

    def link(self, code: str) -> str:
        """The public address of a short code."""
        return f"{self.settings.company.url.rstrip('/')}/r/{code}"

    def specs(self) -> dict[str, JobSpec]:
        """The last valid version of every job that has a file."""
        with self.ledger.read() as conn:
            return {row.id: JobSpec.model_validate_json(row.spec) for row in jobs.all_jobs(conn)}

    def preview(self, spec: JobSpec, channel: Channel, moment: str) -> Post:
        """The post as it would be sent, link and all: the same code path as a plan's.

        For a channel that the job does not go to, the link is a stand-in of the same length.
        Raises RenderProblem.
        """
        if not channel.takes(spec):
            return self.draft(spec, channel, moment)
        slot = (spec.id, channel.name, moment)
        with self.ledger.begin(alone="planning") as conn:
            if publications.get(conn, slot) is None:
                publications.ensure(conn, [slot], publish.now_utc())
            publication = publications.get(conn, slot)
        link = self.link(publication.link)
        return self.renderer.render(spec, channel, moment, link, publication.key)

    def draft(self, spec: JobSpec, channel: Channel, moment: str = "announce") -> Post:
        """The post of a job that is not in the folder yet: nothing is minted, its link is a
        stand-in of the same length. Raises RenderProblem."""
        return self.renderer.render(spec, channel, moment, self.link("x" * links.LENGTH))

    def previews(self, spec: JobSpec, moment: str = "announce") -> list[Preview]:
        """A job's posts on every channel, as readers will see them. Writes nothing: a post that the
        ledger does not have yet has a stand-in for its link, of the same length."""
        with self.ledger.read() as conn:
            known = publications.of_jobs(conn, [spec.id])
        mine = {one.channel: self.link(one.link) for one in known if one.moment == moment}
        stand_in = self.link("x" * links.LENGTH)
        with self._drawing:  # a renderer remembers the job that it is at
            return previews.of_job(
                self.renderer, self.settings.company.name, spec, self.channels, moment, mine,
                stand_in,
            )  # fmt: skip

    def publish(
        self,
        changes: Iterable[Change],
        http: Callable[[Channel], Http],
        on_result: Callable[[Result], None] = lambda result: None,
    ) -> list[Result]:
        """Carry out changes of a plan. See rolecast.publish.carry_out."""
        return publish.carry_out(
            self.ledger, self.channels, changes, http, key=self.key, on_result=on_result
        )
