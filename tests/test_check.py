"""What HR is told: the right line, the right cause, a correction that works."""

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecast import yamlfile
from rolecast.check import check_bytes, check_paths
from rolecast.problems import Problem, visible, width
from tests.house import spec

GOOD = spec()


def problems(text: str | bytes, path: str = "harbour-pilot.yaml") -> list[Problem]:
    raw = text.encode() if isinstance(text, str) else text
    return check_bytes(raw, path)[1]


def mended(text: str) -> str:
    """The text with every correction in place, as a person would do it: top to bottom."""
    for _ in range(30):
        found = [p for p in problems(text) if p.fix is not None and p.severity == "error"]
        if not found:
            return text
        first, lines = found[0], text.split("\n")
        old = max(1, len(first.fix.split("\n"))) if first.code == "bullet" else 1
        lines[first.line - 1 : first.line - 1 + old] = first.fix.split("\n") if first.fix else []
        text = "\n".join(lines)
    raise AssertionError(f"no end of corrections:\n{text}")


def test_a_good_spec_has_no_problems():
    assert problems(GOOD) == []


# the line as HR wrote it, the code, and what must stand in the correction
MISTAKES = [
    ("title: Pilot: Night", "unquoted-colon", 'title: "Pilot: Night"'),
    ("title:Pilot", "no-space-after-colon", "title: Pilot"),
    ("title Pilot", "missing-colon", "title: Pilot"),
    ('title: "Pilot', "unclosed-quote", 'title: "Pilot"'),
    ("title: 'Tis the Season' Pilot", "text-after-quote", "Season"),
    ("title: 'Pilot' (night)", "text-after-quote", 'title: "Pilot (night)"'),
    ("title: @pilot", "special-start", 'title: "@pilot"'),
    ("title: `Pilot`", "special-start", 'title: "`Pilot`"'),
    ("title: %10 pilot", "special-start", 'title: "%10 pilot"'),
    ("title: **Pilot**", "markdown-bold", 'title: "**Pilot**"'),
    ("title: {{ title }}", "placeholder", 'title: "{{ title }}"'),
    ("title: Pi\u200blot", "strange-character", "title: Pilot"),
    ("t\u0456tle: Pilot", "look-alike-letter", "title: Pilot"),
    ("titel: Pilot", "unknown-field", "title: Pilot"),
    ("job_title: Pilot", "unknown-field", "title: Pilot"),
    ("title: 4711", "text-expected", 'title: "4711"'),
]


@pytest.mark.parametrize(("line", "code", "fix"), MISTAKES)
def test_a_mistake_in_a_line_is_named_and_corrected(line, code, fix):
    text = line + "\n" + GOOD.split("\n", 1)[1]
    found = [problem for problem in problems(text) if problem.code == code]
    assert found, [problem.code for problem in problems(text)]
    assert found[0].line == 1
    assert fix in found[0].fix
    assert check_bytes(mended(text).encode(), "harbour-pilot.yaml")[0] is not None


FIELDS = [
    ("closes: 31.12.2027", "date", "closes: 2027-12-31"),
    ("closes: December 31, 2027", "date", "closes: 2027-12-31"),
    ("closes: 31. Dezember 2027", "date", "closes: 2027-12-31"),
    ("closes: 12/31/2027", "date", "closes: 2027-12-31"),
    ("closes: 03/04/2027", "date", None),
    ("closes: 2027-02-30", "date", None),
    ("closes: 2027-12-31T18:00", "date", None),
    ("workplace: Remote", "not-a-choice", "workplace: remote"),
    ("workplace: yes", "not-a-choice", "workplace: remote"),
    ("employment_types: [fulltime]", "not-a-choice", "employment_types: [full_time]"),
    ("openings: many", "not-a-number", None),
    ("skills: Python", "list-expected", "skills: [Python]"),
    ("employment_type: full_time", "unknown-field", "employment_types: full_time"),
    ("deadline: 2027-01-01", "unknown-field", "closes: 2027-01-01"),
    ("visa: no", "unknown-field", None),
    ("timezone: Berlin", "wrong-value", None),
]


@pytest.mark.parametrize(("line", "code", "fix"), FIELDS)
def test_a_wrong_field_is_named_and_corrected(line, code, fix):
    text = GOOD + line + "\n"
    found = [problem for problem in problems(text) if problem.code == code]
    assert found, [(p.code, p.message) for p in problems(text)]
    if code != "wrong-value":  # a check of the whole spec has no line of its own
        assert found[0].line == text.count("\n")
    assert found[0].fix == fix


def test_nested_values_have_their_own_place():
    text = GOOD.replace("country: DE", "country: Germany").replace("72000", "72,000 €")
    by_code = {p.code: p for p in problems(text)}
    assert by_code["wrong-value"].fix.strip() == "country: DE"
    assert by_code["wrong-value"].source.strip() == "country: Germany"
    assert by_code["not-a-number"].fix.strip() == "min: 72000"


def test_missing_fields_are_all_told_with_an_example():
    found = problems("title: Pilot\n")
    assert {p.message.split("'")[1] for p in found if p.code == "missing-field"} == {
        "company",
        "description",
        "apply",
    }
    assert any(p.fix == "company: Example GmbH" for p in found)


def test_several_mistakes_are_told_at_once():
    text = GOOD.replace("title: ", "title:").replace("company: Ostrelund", "company: A: Ostrelund")
    assert [p.code for p in problems(text)] == ["no-space-after-colon", "unquoted-colon"]


def test_lists_with_other_bullets():
    text = GOOD + "requirements:\n  * Python\n  * SQL\n"
    (problem,) = problems(text)
    assert problem.code == "bullet"
    assert problem.fix == "  - Python\n  - SQL"
    dashes = GOOD + "requirements:\n  — Python\n  — SQL\n"
    (problem,) = problems(dashes)
    assert problem.code == "list-expected"
    assert problem.fix == "requirements:\n  - Python\n  - SQL"


def test_tabs_and_odd_spaces():
    tab = GOOD.replace("company: Ostrelund Works", "company:\n\tname: Ostrelund Works")
    assert [p.code for p in problems(tab)] == ["tab"]
    nbsp = GOOD.replace("company: Ostrelund Works", "company:\n\u00a0 name: Ostrelund Works")
    assert [p.code for p in problems(nbsp)] == ["odd-space"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("title: C# Developer #urgent", "hash-cuts-text"),
        ("title: “Pilot”", "smart-quotes"),
    ],
)
def test_what_can_be_read_but_is_hardly_meant_is_a_warning(text, code):
    full = text + "\n" + GOOD.split("\n", 1)[1]
    job, found = check_bytes(full.encode(), "harbour-pilot.yaml")
    assert job is not None
    assert [(p.code, p.severity) for p in found] == [(code, "warning")]


def test_types_are_those_of_yaml_1_2():
    data = yamlfile.build(
        "a: NO\nb: yes\nc: 9:30\nd: 01234\ne: 2026-12-31\nf: 0o17\ng: 1_000\nh: 1.5\ni: -3\n"
        "j: true\nk: ~\nl: 1e3\nm: '7'\nn: +49\n"
    )
    assert data == {
        "a": "NO", "b": "yes", "c": "9:30", "d": "01234", "e": "2026-12-31", "f": "0o17",
        "g": "1_000", "h": 1.5, "i": -3, "j": True, "k": None, "l": 1000.0, "m": "7", "n": 49,
    }  # fmt: skip


# Every hostile file: the code that it must be told, or None where it is harmless as YAML
# and only lacks the fields of a job.
HOSTILE = {
    "apostrophe_start": "text-after-quote", "asterisk_bullets": "bullet",
    "at_sign": "special-start", "backtick": "special-start", "bidi_override": "strange-character",
    "billion_laughs": "anchor", "binary_tag": "tag", "bom": None, "c1_control": "strange-character",
    "cdata_break": None, "complex_key": "complex-key", "cr_only": "line-ends", "crlf_mixed": None,
    "curly_template": "placeholder", "deep_flow_10k": "not-fields",
    "deep_flow_unclosed_100k": "not-fields", "dup_keys": "duplicate-key",
    "em_dash_list": "list-expected", "empty": "empty", "hash_in_title": None,
    "homoglyph_key": "look-alike-letter", "html_xss": None, "huge_int": None,
    "invalid_date": "unknown-field", "latin1": "encoding", "line_sep_2028": "strange-character",
    "merge_bomb": "anchor", "multi_doc": "second-document", "nan_inf": None,
    "nbsp_indent": "odd-space", "norway": None, "nul_byte": "strange-character",
    "null_required": "empty-value", "only_comment": "empty", "percent_start": "special-start",
    "python_name": "tag", "python_object_apply": "tag", "quadratic_alias": "anchor",
    "recursive_alias": "anchor", "sexagesimal": None, "smart_quotes": "unquoted-colon",
    "tab_indent": "tab", "top_level_list": "not-fields", "top_level_scalar": "not-fields",
    "truncated_utf8": "encoding", "unclosed_quote": "unclosed-quote", "unknown_tag": "tag",
    "unquoted_colon": "unquoted-colon", "utf16le_bom": "encoding",
    "yaml_directive_1_1": "directive", "zero_width": "strange-character",
}  # fmt: skip


def test_every_hostile_file_is_told_its_cause(shared_data):
    files = sorted((shared_data / "hostile_yaml").iterdir())
    assert files
    for path in files:
        began = time.process_time()
        found = problems(path.read_bytes(), path.name)
        assert time.process_time() - began < 2, path.name
        assert found, path.name
        assert all(p.line >= 1 and p.column >= 1 for p in found)
        expected = HOSTILE.get(path.stem)
        if expected:
            assert expected in [p.code for p in found], (path.name, [p.code for p in found])
        for problem in found:
            shown = problem.render()
            assert shown.replace("\n", "").isprintable(), path.name


def test_every_file_that_people_broke_is_told_its_line(shared_data):
    files = sorted((shared_data / "broken_yaml").iterdir())
    assert files
    without_fix = []
    for path in files:
        began = time.process_time()
        found = problems(path.read_bytes(), path.name)
        assert time.process_time() - began < 2, path.name
        assert found, path.name
        if found[0].fix is None:
            without_fix.append(path.name)
    assert len(without_fix) <= len(files) // 10, without_fix


def test_corrections_lead_to_readable_files(shared_data):
    """Applied one after the other, the corrections end in a file that can be read."""
    files = sorted((shared_data / "broken_yaml").iterdir())
    for path in files[::5]:
        text = path.read_text("utf-8")
        assert mended_yaml(text), path.name


def mended_yaml(text: str) -> bool:
    from rolecast.hints import explain

    for _ in range(60):
        try:
            yamlfile.build(text)
            return True
        except (yaml.YAMLError, yamlfile.Guarded) as error:
            first = explain(text, "x.yaml", error)[0]
            if first.fix is None:
                return True  # a person has to decide; it was told
            lines, new = text.split("\n"), first.fix.split("\n")
            old = 2 if first.message.startswith("the text stands on") else len(new)
            lines[first.line - 1 : first.line - 1 + old] = new if first.fix else []
            text = "\n".join(lines)
    return False


def test_real_specs_of_others_are_read_and_their_fields_are_explained(shared_data):
    for path in sorted((shared_data / "real_yaml").iterdir()):
        found = problems(path.read_bytes(), path.name)
        assert found, path.name  # their fields are not ours
        assert all(problem.line >= 1 for problem in found)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_never_crash(raw):
    check_bytes(raw, "x.yaml")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_damage_never_crashes(data):
    text = GOOD
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 10))
    new = data.draw(st.text("\t \n:-#'\"[]{}*&!|>%@`éж\u200b", max_size=5))
    damaged = text[:at] + new + text[at + cut :]
    check_bytes(damaged.encode(), "x.yaml")


PLAIN = st.recursive(
    st.text(st.characters(codec="utf-8", categories=["L"]), max_size=20)
    | st.integers(-(10**15), 10**15)
    | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcdef", min_size=1, max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=5), PLAIN, min_size=1, max_size=5))
def test_plain_data_is_read_as_it_was_written(data):
    assert yamlfile.build(yaml.safe_dump(data, allow_unicode=True)) == data


def test_carets_stand_below_wide_letters():
    assert width("标题") == 4
    assert visible("a\u202eb\x1b") == "a\\u202eb\\x1b"
    shown = Problem("x.yaml", 1, 3, "c", "m", "标题: x").render().split("\n")
    assert shown[2].index("^") == 4 + 4


def test_check_paths_finds_twins_and_survives_bad_files(tmp_path: Path):
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text("id: a\n" + GOOD)
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / ".d.yaml.swp").write_text("x")
    checked = list(check_paths([tmp_path]))
    assert [(Path(one.path).name, one.good) for one in checked] == [
        ("a.yaml", True),
        ("b.yaml", False),
        ("c.yaml", False),
    ]
    assert checked[1].problems[-1].code == "duplicate-id"


def test_a_file_of_more_than_256_kb_is_refused_unread(tmp_path: Path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: b\n" * 60_000)
    (checked,) = check_paths([path])
    assert [p.code for p in checked.problems] == ["too-large"]
