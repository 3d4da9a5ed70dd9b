"""Every sentence that people read is there in every language that we have."""

import re
import tomllib

import pytest
from babel.messages.pofile import read_po

from docs.words import LOCALE, ROOT, TEMPLATE, gathered, read, update, write
from rolecast.words import ENGLISH, languages, words

LANGUAGES = [one for one in languages() if one != ENGLISH]
FIELD = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def now():
    return gathered()


def texts(one) -> list[str]:
    """What a translator has written for a sentence."""
    return list(one.string) if isinstance(one.string, tuple | list) else [one.string or ""]


def test_german_is_there():
    assert "de" in LANGUAGES


def test_the_template_has_every_sentence_of_the_code(now):
    written = read(TEMPLATE)
    assert {one.id for one in written} == {one.id for one in now}, "run: make words"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated_whole_and_with_its_values(now, language):
    catalog = read(LOCALE / f"{language}.po", language)
    assert {one.id for one in catalog} == {one.id for one in now}, "run: make words"
    wrong = []
    for one in catalog:
        if not one.id:
            continue
        plural = isinstance(one.id, tuple)
        english = one.id if plural else (one.id,)
        fields = set(FIELD.findall(english[-1]))
        found = texts(one)
        fine = not one.fuzzy and all(text.strip() for text in found)
        fine &= len(found) == (catalog.num_plurals if plural else 1)
        for text in found:
            has = set(FIELD.findall(text))
            # 1 may be written out: "one answer".
            fine &= has == fields or (plural and has == fields - {"num"})
            fine &= bool(re.search("[<>&]", text)) <= bool(re.search("[<>&]", english[0]))
            fine &= text == text.strip() or english[0] != english[0].strip()
        fine &= not list(one.check(catalog))
        if not fine:
            wrong.append((one.id, one.string))
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_says_any_more_is_not_kept_among_the_rest(language):
    catalog = read(LOCALE / f"{language}.po", language)
    assert not set(catalog.obsolete) & {one.id for one in catalog}


def test_pages_speak_it():
    say = words("de")
    assert say.gettext("Sign in") == "Anmelden"
    assert say.ngettext("%(num)s answer", "%(num)s answers", 1) == "%(num)s Antwort"
    assert say.ngettext("%(num)s answer", "%(num)s answers", 5) == "%(num)s Antworten"


def test_an_update_loses_nothing(now, tmp_path):
    path = tmp_path / "de.po"
    path.write_bytes((LOCALE / "de.po").read_bytes())
    catalog = read(path, "de")
    kept = {one.id: one.string for one in catalog if one.id}
    catalog.add("Said no more, %(name)s.", "Gibt es nicht mehr, %(name)s.")
    catalog.delete("Sign in")
    write(path, catalog)
    made = update(path, now)
    write(path, made)
    again = read(path, "de")
    assert again.header_comment == read(LOCALE / "de.po", "de").header_comment
    assert "Said no more, %(name)s." in again.obsolete
    lost = {one.id for one in again if one.id and not one.fuzzy and one.string != kept[one.id]}
    assert lost <= {"Sign in"}
    before = path.read_bytes()
    write(path, update(path, now))
    assert path.read_bytes() == before


def test_a_new_language_begins_with_every_sentence(now, tmp_path):
    path = tmp_path / "fr.po"
    write(path, update(path, now))
    with path.open("rb") as file:
        made = read_po(file)
    assert {one.id for one in made} == {one.id for one in now}
    assert made.num_plurals == 2


def test_the_wheel_brings_the_languages_along():
    built = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    wheel = built["targets"]["wheel"]
    assert LOCALE.is_relative_to(ROOT / "templates")
    assert "templates" in wheel["only-include"]
    assert wheel["sources"]["templates"] == "rolecast/_templates"  # where rolecast.words looks
    assert ".po" not in (ROOT / ".gitignore").read_text("utf-8")  # hatch leaves out what git does
