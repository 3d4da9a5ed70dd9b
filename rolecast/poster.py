"""A4 posters of jobs with a QR code, set with Typst.

Whatever stands in a job spec reaches Typst as data and is set as plain text: the template never
evaluates it, so nothing in it is markup. The PDF follows PDF/UA-1: screen readers can read it, and
a letter that no font has is an error instead of a box.

Typst brings fonts for Latin, Greek and Cyrillic letters; for others it takes the machine's.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Literal

from rolecast import qr
from rolecast.facts import facts, locale
from rolecast.jobspec import JobSpec
from rolecast.render import Renderer, builtin_templates
from rolecast.sharing import one_line, phrases
from rolecast.told import N_, Told

LINE = 130  # characters of a line of the advert; longer ones are cut at a word
LINES = 3
PPI = 110  # of the preview


class NoLetters(Told):
    """No font has these letters; the message says what helps."""


def draw(
    spec: JobSpec, link: str, name: str, kind: Literal["pdf", "png"] | str, fonts: bool = True
) -> bytes:
    """The poster of a job.

    link: what its QR code holds, and what one can type. name: of the colleague who can be asked;
    "" for none. kind: pdf, or png for a look at it. fonts: whether the machine's are taken.
    Raises NoLetters.
    """
    return _drawn(json.dumps(_data(spec, link, name), ensure_ascii=False), kind, fonts)


@lru_cache(64)
def _drawn(data: str, kind: str, fonts: bool) -> bytes:
    import typst  # only a poster needs it, and it is large

    template = builtin_templates() / "poster.typ"
    more: dict[str, Any] = {"pdf_standards": ["ua-1"]} if kind == "pdf" else {"ppi": PPI}
    try:
        made = typst.compile(
            template,
            root=template.parent,
            format=kind,
            sys_inputs={"data": data},
            ignore_system_fonts=not fonts,
            **more,
        )
    except typst.TypstError as error:
        found = re.search(r"the text `?\"(.+?)\"`? could not be displayed", str(error), re.S)
        if not found:
            raise
        raise NoLetters(
            N_(
                "No font on the server has the letters “%(letters)s”. Ask whoever looks after it "
                "to install the Noto fonts."
            ),
            letters=found[1],
        ) from error
    assert isinstance(made, bytes)
    return made


def _data(spec: JobSpec, link: str, name: str) -> dict[str, Any]:
    told, words = facts(spec), Renderer().phrases_in(spec.language)
    where = locale(spec.language)
    shown = [told.place, told.workplace, told.employment]
    return {
        "language": where.language,
        "rtl": where.text_direction == "rtl",
        "kicker": words["hiring"],
        "company": one_line(told.company),
        "team": _cut(told.team, 40),
        "title": one_line(spec.title),
        "summary": _cut(spec.summary or "", 220),
        "facts": [one_line(one) for one in shown if one],
        "pay": one_line(told.salary),
        "closes": one_line(told.closes),
        "lines": [_cut(line, LINE) for line in _lines(spec)],
        "more": words["more"],
        "ask": _ask(where.language, name),
        "link": link,
        "readable": re.sub(r"^https?://", "", link),
        "qr": qr.svg(link).decode(),
    }


def _lines(spec: JobSpec) -> list[str]:
    """Three lines that say most of it: what one does, and one of what there is for it."""
    does, gets = list(spec.responsibilities), list(spec.benefits)
    found = does[: LINES - 1] + gets[:1] if does and gets else does or gets
    return (found + [one for one in does if one not in found])[:LINES] or list(
        spec.requirements[:LINES]
    )


def _cut(text: str, most: int) -> str:
    text = one_line(text, most + 1000)
    if len(text) <= most:
        return text
    kept = text[:most].rpartition(" ")[0]
    return (kept if len(kept) > most // 2 else text[:most]).rstrip(" ,;:–-") + "…"


def _ask(language: str, name: str) -> str:
    known = phrases()["ask"]
    return known.get(language, known["en"]).replace("{name}", one_line(name, 80)) if name else ""
