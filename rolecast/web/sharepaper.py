"""Shares on paper: the QR code and the poster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import poster, qr, sharing
from rolecast.jobspec import JobSpec
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.web.access import guarded
from rolecast.web.pages import Site, page

Asked = Callable[[Request], tuple[JobSpec | None, Response | None]]
# Whatever somebody made of it, a picture is a picture and does nothing.
STILL = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private"}


def routes(site: Site, asked: Asked) -> list[Route]:
    """/jobs/ID/share/qr, qr.svg, qr.png, /jobs/ID/share/poster, poster.png and
    /jobs/ID/poster.pdf. asked: the job of a page, or why it cannot be shared."""
    paper = Paper(site, asked)
    return [
        guarded(site, "/jobs/{id}/share/qr", paper.code, Role.employee),
        guarded(site, "/jobs/{id}/share/qr.svg", paper.svg, Role.employee),
        guarded(site, "/jobs/{id}/share/qr.png", paper.png, Role.employee),
        guarded(site, "/jobs/{id}/share/poster", paper.poster, Role.employee),
        guarded(site, "/jobs/{id}/share/poster.png", paper.preview, Role.employee),
        guarded(site, "/jobs/{id}/poster.pdf", paper.pdf, Role.employee),
    ]


class Paper:
    """The pages' functions."""

    def __init__(self, site: Site, asked: Asked):
        self.site, self.asked = site, asked

    def code(self, request: Request) -> Response:
        """The page with the QR code."""
        spec, refusal = self.asked(request)
        if spec is None:
            return refusal  # type: ignore[return-value]
        link = self._link(request, spec, "qr")
        return page(self.site, request, "share_qr.html.j2", job=spec, link=link)

    def svg(self, request: Request) -> Response:
        """The QR code for printing."""
        return self._picture(request, qr.svg, "svg", "image/svg+xml")

    def png(self, request: Request) -> Response:
        """The QR code as pixels."""
        return self._picture(request, qr.png, "png", "image/png")

    def poster(self, request: Request) -> Response:
        """The page with the poster."""
        spec, refusal = self.asked(request)
        if spec is None:
            return refusal  # type: ignore[return-value]
        named = bool(request.query_params.get("name"))
        wrong = None
        try:
            self._drawn(request, spec, "pdf")
        except poster.NoLetters as error:
            wrong = error
        status = 422 if wrong else 200
        return page(
            self.site, request, "share_poster.html.j2", status,
            wrong=wrong, job=spec, named=named,
        )  # fmt: skip

    def preview(self, request: Request) -> Response:
        """How the poster looks."""
        return self._sheet(request, "png", "image/png")

    def pdf(self, request: Request) -> Response:
        """The poster."""
        return self._sheet(request, "pdf", "application/pdf")

    def _sheet(self, request: Request, kind: str, type_: str) -> Response:
        spec, refusal = self.asked(request)
        if spec is None:
            return refusal  # type: ignore[return-value]
        try:
            content = self._drawn(request, spec, kind)
        except poster.NoLetters as error:
            return page(
                self.site, request, "share_poster.html.j2", 422,
                wrong=error, job=spec, named=False,
            )  # fmt: skip
        return _file(content, type_, f"poster-{spec.id}.{kind}")

    def _drawn(self, request: Request, spec: JobSpec, kind: str) -> bytes:
        """Raises poster.NoLetters."""
        named = bool(request.query_params.get("name"))
        name = request.state.person.name if named else ""
        link = self._link(request, spec, "poster")
        return poster.draw(spec, link, name, kind)

    def _picture(
        self, request: Request, draw: Callable[[str], bytes], ending: str, type_: str
    ) -> Response:
        spec, refusal = self.asked(request)
        if spec is None:
            return refusal  # type: ignore[return-value]
        content = draw(self._link(request, spec, "qr"))
        return _file(content, type_, f"qr-{spec.id}.{ending}")

    def _link(self, request: Request, spec: JobSpec, place: str) -> str:
        person: Any = request.state.person
        made = sharing.share(self.site.ledger, person.id, spec.id, place, now_utc())
        return self.site.link(made.link)


def _file(content: bytes, type_: str, name: str) -> Response:
    headers = STILL | {"Content-Disposition": f'inline; filename="{name}"'}
    if type_ == "application/pdf":  # browsers' own viewers do not work in a sandbox
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return Response(content, media_type=type_, headers=headers)
