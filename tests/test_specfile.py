"""One text of a job spec's file is changed, and nothing beside it."""

import copy
import os
import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yaml import CSafeLoader

from rolecast import specfile, yamlfile
from rolecast.check import check_bytes
from rolecast.specfile import CannotHold, Changed

EXAMPLES = sorted((Path(__file__).parents[1] / "jobspecs").glob("*.yaml"))

HOUSE = """\
# Written on a Tuesday.
title: Harbour Pilot   # no exclamation mark
company: "Ostrelund: Works"
summary: 'You bring the big ships in,
  at night
  and in fog.'
description: |  # Markdown
  You board ships at sea.

  **The boat** is new: # not a comment
    and the crew is not.


# what you do
responsibilities:
- Climb the ladder
-   "Say \\"no\\" to a captain"   # true
- >-
  Write down what the wind was, and
  what the tide was, and who was
  on the bridge.

  Sign it.
requirements: [A licence, 'No fear', "Two
  languages"]
benefits:
    -
      A warm boat
    - |2+
        indented

    - plain text
      over two lines
locations: [{city: Bremerhaven, country: DE}]  # the port
apply: https://jobs.example.com/pilot"""


def places(data, at=()):
    """Where the texts are that a file holds."""
    if isinstance(data, str):
        return [at] if data else []
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    return [
        one
        for key, value in pairs
        if isinstance(value, str | dict | list)
        for one in places(value, (*at, key))
    ]


def get(data, where):
    for step in where:
        data = data[step]
    return data


def put(data, where, value):
    """Data as it should be read afterwards."""
    data = copy.deepcopy(data)
    get(data, where[:-1])[where[-1]] = value
    return data


def span(text, where):
    node = yaml.compose(text, Loader=CSafeLoader)
    for step in where:
        if isinstance(node, yaml.MappingNode):
            node = next(value for key, value in node.value if key.value == step)
        else:
            node = node.value[step]
    return node.start_mark.index, node.end_mark.index


def proven(raw: bytes, where, value: str) -> bytes:
    """What `replace` makes, after everything that it promises was looked at."""
    made = specfile.replace(raw, where, value)
    before, after = raw.decode(), made.decode()
    assert repr(yamlfile.build(after)) == repr(put(yamlfile.build(before), where, value))
    start, end = span(before, where)
    assert after[:start] == before[:start]
    # Behind the text everything stands, too; a comment behind a text of one line may have come
    # to stand behind the sign of a block.
    line = before.find("\n", end)
    tail = before[end:] if line < 0 else before[line:]
    assert after.rstrip("\r\n").endswith(tail.strip("\r\n")), (before[start:], after[start:])
    for mark in ("# no exclamation mark", "# Markdown", "# true", "# the port"):
        assert after.count(mark) == before.count(mark)
    return made


TEXTS = st.one_of(
    st.text(
        st.sampled_from("aB9 :#-\n\t'\"\\%@`{}[],&*!|>?=~éж漢🚀\u00a0\u200d"),
        min_size=1,
        max_size=60,
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
        lambda text: not yamlfile.STRANGE.search(text) and "\r" not in text
    ),
    st.lists(st.sampled_from(["one", "two:", "- three", "# four", "", "  five", "six " * 20, "%"]))
    .map("\n".join)
    .filter(bool),
    st.sampled_from(
        ["yes", "NO", "null", "12", "1e3", "2026-01-01", "---", "...", "- a", "a: b", " a", "a ",
         "a\n", "a\n\n", "\na", "\n", " ", "\t", "? a", "!a", "&a", "*a", "a #b", "%a", "'", '"',
         "a\n---\nb", "a\n\n\n  b\n c", "|", ">-", "=", "<<", "\ta\n b", "x" * 500]
    ),
)  # fmt: skip


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("where", places(yamlfile.build(HOUSE)), ids=str)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=TEXTS)
def test_any_text_can_take_any_texts_place(where, ends, value):
    proven(HOUSE.replace("\n", ends).encode(), where, value)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.tuples(st.sampled_from(places(yamlfile.build(HOUSE))), TEXTS)))
def test_one_change_after_the_other(values):
    raw = HOUSE.encode()
    for where, value in values:
        raw = proven(raw, where, value)
    back = {where: value for where, value in values}
    for where, value in back.items():
        assert get(yamlfile.load(raw, ""), where) == value


NEW = ["Other words", "With: a colon # and a hash", "Two\n\nparagraphs: here\n"]


def every_text(path: Path) -> int:
    raw = path.read_bytes()
    data = yamlfile.load(raw, path.name)
    for where in places(data):
        assert specfile.replace(raw, where, get(data, where)) == raw
        for value in NEW:
            proven(raw, where, value)
    return len(places(data))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_text_of_the_examples(path):
    assert every_text(path) > 10


def test_every_text_of_files_that_people_really_wrote(shared_data):
    paths = sorted((shared_data / "real_yaml").glob("*.yaml"))
    assert len(paths) == 102
    assert sum(map(every_text, paths)) > 1000


@pytest.mark.parametrize(
    ("where", "value", "line"),
    [
        (("title",), "Sea Pilot", "title: Sea Pilot   # no exclamation mark"),
        (("title",), "Pilot: sea", "title: 'Pilot: sea'   # no exclamation mark"),
        (("title",), "yes", "title: 'yes'   # no exclamation mark"),
        (("company",), 'The "Works"', 'company: "The \\"Works\\""'),
        (("description",), "Short.\n", "description: |  # Markdown\n  Short.\n\n\n# what you do"),
        (("responsibilities", 0), "Climb:\nup", "- |-\n  Climb:\n  up\n-   "),
        (("requirements", 0), "A, or B", "[ 'A, or B', 'No fear'".replace("[ ", "[")),
        (("benefits", 0), "Tea", "    -\n      Tea\n"),
    ],
)
def test_the_style_stays_as_far_as_it_can_hold_the_text(where, value, line):
    assert line in proven(HOUSE.encode(), where, value).decode()


def test_folded_text_stays_folded_and_an_untouched_paragraph_as_it_was():
    where = ("responsibilities", 2)
    text = get(yamlfile.build(HOUSE), where)
    made = proven(HOUSE.encode(), where, text.replace("Sign it.", "Sign it, " + "twice, " * 9))
    assert "- >-\n  Write down what the wind was, and\n  what the tide was, and who was\n" in (
        made.decode()
    )
    assert max(map(len, made.decode().splitlines())) < 80


def test_a_file_that_begins_with_a_byte_order_mark_keeps_it():
    made = specfile.replace(b"\xef\xbb\xbf" + HOUSE.encode(), ("title",), "Sea Pilot")
    assert made == b"\xef\xbb\xbf" + proven(HOUSE.encode(), ("title",), "Sea Pilot")


@pytest.mark.parametrize("where", [("team",), ("locations",), ("title", "x"), ("benefits", 9)])
def test_where_no_text_is_none_is_put(where):
    with pytest.raises(CannotHold):
        specfile.replace(HOUSE.encode(), where, "x")


@pytest.mark.parametrize("value", ["a\x00b", "a\u202eb", "a\rb", "a\u2028b"])
def test_letters_that_no_file_may_have_are_refused(value):
    with pytest.raises(CannotHold):
        specfile.replace(HOUSE.encode(), ("title",), value)


def test_a_snippet_is_yaml():
    assert specfile.snippet("title", "Sea Pilot") == "title: Sea Pilot"
    lines = specfile.snippet("benefits", "Tea: black\nand green", item=True)
    assert yaml.safe_load(lines) == {"benefits": ["Tea: black\nand green"]}


def test_a_file_is_exchanged_at_once_and_keeps_its_mode(tmp_path):
    path, other = tmp_path / "pilot.yaml", tmp_path / "link.yaml"
    path.write_bytes(HOUSE.encode())
    path.chmod(0o640)
    other.symlink_to(path)
    made = specfile.replace(HOUSE.encode(), ("title",), "Sea Pilot")
    specfile.write(other, made, HOUSE.encode())
    assert path.read_bytes() == made
    assert other.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert check_bytes(made, "pilot.yaml")[0].title == "Sea Pilot"
    assert sorted(os.listdir(tmp_path)) == ["link.yaml", "pilot.yaml"]


def test_what_was_saved_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "pilot.yaml"
    path.write_bytes(b"title: HR was here\n")
    with pytest.raises(Changed):
        specfile.write(path, b"title: x\n", HOUSE.encode())
    assert path.read_bytes() == b"title: HR was here\n"
    assert os.listdir(tmp_path) == ["pilot.yaml"]
    with pytest.raises(FileNotFoundError):
        specfile.write(tmp_path / "gone.yaml", b"", b"")
