"""Where HR writes a job spec in the browser: problems by line, and all previews, while one types.

Without script two buttons do the same: look, and save.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import authoring, yamlfile
from rolecast.channels import Channel
from rolecast.jobspec import JobSpec
from rolecast.ledger import events, jobs
from rolecast.people import Role
from rolecast.post import Post
from rolecast.publish import now_utc
from rolecast.render import RenderProblem
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import Site, back, not_found, page, sayings

NO_FOLDER = N_(
    "The folder of job specs is not on this machine, so nothing can be saved here. Copy the text."
)
sayings(spec_saved=N_("The file is in the folder. The next run takes it from here."))


@dataclass(frozen=True)
class Preview:
    """What would be posted on one channel, or why it cannot be."""

    channel: Channel
    post: Post | None
    length: int
    wrong: str = ""


def routes(site: Site) -> list[Route]:
    """/desk/write and what it asks for."""
    author = Author(site)
    return [
        guarded(site, "/desk/write", author.begin, Role.recruiter),
        guarded(site, "/desk/write", author.save, Role.recruiter, ("POST",)),
        guarded(site, "/desk/write/look", author.look, Role.recruiter, ("POST",)),
    ]


class Author:
    """The page's functions."""

    def __init__(self, site: Site):
        self.site = site

    def begin(self, request: Request) -> Response:
        """An empty spec; ?from=ID: a copy of another job's; ?edit=ID: its file."""
        query = request.query_params
        wanted = query.get("edit") or query.get("from")
        if not wanted:
            return self._page(request, {"text": authoring.BEGIN})
        with self.site.ledger.read() as conn:
            row = jobs.some_jobs(conn, [wanted]).get(wanted)
        if row is None or self.site.folder is None:
            return not_found(self.site, request, f"There is no job {wanted!r}.", inside=True)
        try:
            raw = authoring.read(self.site.folder, row.path)
            if query.get("from"):
                return self._page(request, {"text": authoring.copied(raw)})
            text = yamlfile.decode(raw, row.path)
        except authoring.NotPossible as error:
            return self._page(request, {"text": ""}, wrong=error, status=422)
        except yamlfile.Unreadable as error:
            return self._page(request, {"text": ""}, wrong=error.problems[0].message, status=422)
        typed = {"text": text, "path": row.path, "before": authoring.digest(raw)}
        return self._page(request, typed)

    def look(self, request: Request) -> Response:
        """Problems and previews of a text, for the script."""
        values = self._looked(request.state.form)
        return page(self.site, request, "_author.html.j2", **values)

    def save(self, request: Request) -> Response:
        """Look only, or write the file."""
        form: dict[str, str] = request.state.form
        if form.get("what") != "save":
            return self._page(request, form)
        found = self._looked(form)["looked"]
        if not found.good:
            told = Told(N_("Nothing is saved yet: mend what is named below first."))
            return self._page(request, form, wrong=told, status=422)
        try:
            if self.site.folder is None:
                raise authoring.NotPossible(NO_FOLDER)
            path = form.get("path") or authoring.path_of(self._name(form, found.spec))
            before = form.get("before") if form.get("path") else None
            authoring.write(self.site.folder, path, form.get("text", ""), before)
        except authoring.NotPossible as error:
            return self._page(request, form, wrong=error, status=422)
        event = events.Event(
            found.spec.id, now_utc(), request.state.person.email, "written",
            f"{path}, on the desk",
        )  # fmt: skip
        with self.site.ledger.begin() as conn:
            events.add(conn, [event])
        return back("/desk", "spec_saved")

    def _name(self, form: dict[str, str], spec: JobSpec) -> str:
        return form.get("name", "").strip() or authoring.name_of(spec.title)

    def _looked(self, form: dict[str, str]) -> dict[str, Any]:
        """The text's problems, and what would be posted where."""
        with self.site.ledger.read() as conn:
            owners = {row.id: row.path for row in jobs.all_jobs(conn)}
        path, text = form.get("path", ""), form.get("text", "")
        name = path.removesuffix(".yaml").removesuffix(".yml") or form.get("name", "").strip()
        if not name:
            spec = authoring.look(text, "", {}).spec
            name = authoring.name_of(spec.title) if spec else ""
        looked = authoring.look(text, name, owners)
        previews = self._previews(looked.spec) if looked.spec else []
        return {"looked": looked, "previews": previews, "suggested": name}

    def _previews(self, spec: JobSpec) -> list[Preview]:
        if self.site.draft is None:
            return []
        found = []
        for channel in self.site.channels.values():
            if not channel.enabled or not channel.takes(spec):
                continue
            try:
                post = self.site.draft(spec, channel)
            except RenderProblem as problem:
                found.append(Preview(channel, None, 0, str(problem)))
            else:
                found.append(Preview(channel, post, channel.connector.measure(post.text)))
        return found

    def _page(
        self,
        request: Request,
        form: dict[str, str],
        wrong: Told | str | None = None,
        status: int = 200,
    ) -> Response:
        typed = {"text": "", "path": "", "before": "", "name": "", **form}
        values = self._looked(typed)
        can_save = self.site.folder is not None
        return page(
            self.site, request, "author.html.j2", status,
            wrong=wrong, typed=typed, can_save=can_save, most=yamlfile.MAX_BYTES, **values,
        )  # fmt: skip
