"""Charts as files: SVG for pages, in light or dark colours and for wide or narrow screens, and PNG
to take along."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from rolecast import __version__, drawing
from rolecast.sections import Picture, Section

KINDS = {"svg": "image/svg+xml", "png": "image/png"}
# An SVG has its own styles within, and runs nothing, whoever opens it by itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def find(sections: Iterable[Section], name: str) -> Picture | None:
    """The picture of a name."""
    return next((one for part in sections for one in part.pictures if one.name == name), None)


def answer(request: Request, picture: Picture, kind: str, about: str) -> Response:
    """The picture; 304 when the browser has the same already. about: where its figures are from,
    for a PNG's title."""
    dark, phone = (request.query_params.get(name) == "1" for name in ("dark", "phone"))
    title = f"{about}: {picture.title}" if about else picture.title
    # The same data make the same picture: what a browser has needs no drawing.
    told = f"{__version__} {kind} {dark} {phone} {title} {picture.chart!r}"
    tag = f'"{hashlib.blake2b(told.encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Language"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if kind == "png":
        body = drawing.png(picture.chart, title)
    else:
        body = drawing.svg(picture.chart, dark, phone)
    headers["Content-Security-Policy"] = POLICY
    if kind == "png":
        headers["Content-Disposition"] = f'attachment; filename="rolecast-{picture.name}.png"'
    return Response(body, media_type=KINDS[kind], headers=headers)


def table(section: Section, name: str) -> Response:
    """A section's rows as CSV."""
    safe = "".join(letter for letter in name if letter.isalnum() or letter in "-_")
    named = {"Content-Disposition": f'attachment; filename="rolecast-{safe}.csv"'}
    return Response(section.to_csv(), media_type="text/csv; charset=utf-8", headers=named)
