"""make words: the sentences that people read, gathered for the translators.

templates/locale/rolecast.pot has all of them in English; each templates/locale/CODE.po gets those
that are new, keeps what is translated, and marks what has only changed as fuzzy: until somebody
has looked at it, it appears in English. A new language begins with `make words LANGUAGE=fr`.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from rolecast import __version__

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "templates" / "locale"
TEMPLATE = LOCALE / "rolecast.pot"
SOURCES = (
    ("rolecast", [("**.py", "python")], {}),
    ("templates/web", [("**.j2", "jinja2")], {"**.j2": {"encoding": "utf-8"}}),
    ("templates/mails", [("**.j2", "jinja2")], {"**.j2": {"encoding": "utf-8"}}),
)
THEN = datetime(2026, 1, 1, tzinfo=UTC)  # always the same: a file changes with its sentences
NOBODY = {
    "project": "Rolecast",
    "version": __version__,
    "msgid_bugs_address": "see CONTRIBUTING.md",
    "last_translator": "Rolecast",
    "language_team": "Rolecast",
    "creation_date": THEN,
    "revision_date": THEN,
}
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "many": (1, 2)}


def gathered() -> Catalog:
    """Every sentence in the code and the templates, with the files that it is in."""
    made = Catalog(charset="utf-8", **NOBODY)
    made.header_comment = "# The sentences of Rolecast's pages and mails. Made by: make words"
    for folder, methods, options in SOURCES:
        found = extract_from_dir(ROOT / folder, methods, options, KEYWORDS)
        for name, _, sentence, comments, context in found:
            place = (f"{folder}/{name}", 0)
            made.add(sentence, locations=[place], auto_comments=comments, context=context)
    return made


def read(path: Path, language: str | None = None) -> Catalog:
    """A catalogue out of its file."""
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def update(path: Path, template: Catalog) -> Catalog:
    """A language's catalogue with the sentences of now; nothing that was translated is lost."""
    if path.exists():
        made = read(path, path.stem)
    else:
        made = Catalog(locale=path.stem, charset="utf-8", fuzzy=False, **NOBODY)
        made.header_comment = f"# Rolecast in {path.stem}."
    made.update(template, update_creation_date=False)
    return made


def write(path: Path, catalog: Catalog) -> None:
    """A catalogue into its file; without line numbers, which change all the time."""
    with path.open("wb") as file:
        write_po(file, catalog, width=99, include_lineno=False, sort_by_file=True)


def main(languages: list[str]) -> None:
    """Write all of them, and those of new languages."""
    LOCALE.mkdir(exist_ok=True)
    template = gathered()
    write(TEMPLATE, template)
    paths = {*LOCALE.glob("*.po"), *(LOCALE / f"{one}.po" for one in languages)}
    for path in sorted(paths):
        catalog = update(path, template)
        write(path, catalog)
        todo = [one for one in catalog if one.id and (one.fuzzy or not _whole(one.string))]
        print(f"{path.relative_to(ROOT)}: {len(todo)} of {len(catalog)} to be translated")


def _whole(translated: str | tuple[str, ...]) -> bool:
    return all(translated) if isinstance(translated, tuple) else bool(translated)


if __name__ == "__main__":
    main(sys.argv[1:])
