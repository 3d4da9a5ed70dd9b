"""The words of pages and mails in people's languages.

English stands in the templates; every other language is one file, templates/locale/CODE.po, that
translators' programs read (GNU gettext). What a file leaves out appears in English.
"""

from __future__ import annotations

import io
from functools import cache

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from rolecast.render import builtin_templates

ENGLISH = "en"


@cache
def languages() -> tuple[str, ...]:
    """Codes of the languages that there are words in."""
    found = (builtin_templates() / "locale").glob("*.po")
    return (ENGLISH, *sorted(path.stem for path in found))


@cache
def words(language: str) -> NullTranslations:
    """gettext's functions for a language. Read once: a file is made usable in memory, so that
    nothing has to be built after a change."""
    if language == ENGLISH or language not in languages():
        return NullTranslations()
    with (builtin_templates() / "locale" / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled)


def choose(wished: str) -> str:
    """The best language for an Accept-Language header (RFC 9110, 12.5.4)."""
    found: list[tuple[float, str]] = []
    for part in wished[:500].split(","):
        code, _, more = part.partition(";")
        name, _, text = more.strip().partition("=")
        try:
            weight = float(text) if name == "q" else 1.0
        except ValueError:
            continue
        short = code.strip().partition("-")[0].lower()
        if short in languages() and weight > 0:
            found.append((-weight, short))
    return min(found, key=lambda one: one[0])[1] if found else ENGLISH
