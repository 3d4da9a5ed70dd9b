"""What changed between two texts, for a reader; and lines that were broken by hand."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from rolecast.markdown import to_html
from rolecast.worddiff import segments, word_diff
from rolecast.wrapping import rewrapped, unwrapped

TEXTS = st.text(st.sampled_from("abc .,\n-*#1>`|\\ "), max_size=80)


def both(before, after):
    """The two texts as a diff has them."""
    found = list(segments(before, after))
    return tuple(
        "".join(text for kind, text in found if kind != left_out) for left_out in ("come", "gone")
    )


@given(TEXTS, TEXTS)
def test_a_diff_has_both_texts_whole(before, after):
    assert both(before, after) == (before, after)
    assert all(text for _, text in segments(before, after))


def test_a_diff_reads_well():
    assert word_diff("Data Engineer, Grid", "Data Builder, Grid") == (
        "Data [-Engineer-]{+Builder+}, Grid"
    )
    assert word_diff("You sign.", "You sign.\n\nThere is cake.") == (
        "You sign.{+\n\nThere is cake.+}"
    )
    old, new = "You have run it and fixed it when it broke", "Patience to read what others wrote"
    assert word_diff(old, new) == f"[-{old}-]{{+{new}+}}"
    assert "\x1b[31m[-a-]\x1b[0m\x1b[32m{+b+}\x1b[0m" in word_diff("a", "b", colour=True)


def test_long_texts_that_have_nothing_in_common_take_no_time():
    before, after = ("".join(f"{word}{n % 300} " for n in range(4000)) for word in "ab")
    assert both(before, after) == (before, after)


WRAPPED = """\
You board ships at sea, in fog and at night, and bring
them to their berth. The boat is new and the crew is
not, which is as it should be.

- a licence for ships of every size, from any state of
  the Union or of the Nordic Council
- calm
Signed:
Kim"""


def test_lines_that_were_broken_by_hand_are_joined_and_others_are_not():
    assert unwrapped(WRAPPED).split("\n") == [
        "You board ships at sea, in fog and at night, and bring them to their berth. The boat is "
        "new and the crew is not, which is as it should be.",
        "",
        "- a licence for ships of every size, from any state of the Union or of the Nordic Council",
        "- calm",
        "Signed:",
        "Kim",
    ]


def test_what_was_left_alone_keeps_its_breaks_and_the_rest_gets_some():
    new = unwrapped(WRAPPED).replace("The boat is new", "The boat, built in Emden, is new")
    assert rewrapped(WRAPPED, new).split("\n") == [
        "You board ships at sea, in fog and at night, and bring",
        "them to their berth. The boat, built in Emden, is new",
        "and the crew is not, which is as it should be.",
        *WRAPPED.split("\n")[3:],
    ]


def test_a_text_in_long_lines_stays_in_long_lines():
    before = "A long line. " * 30 + "\n\nAnother one."
    assert unwrapped(before) == before
    assert rewrapped(before, before + " And " + "more " * 40) == before + " And " + "more " * 40


@settings(max_examples=100)
@given(st.sampled_from([WRAPPED, "a " * 30 + "\n" + "b " * 20]) | TEXTS, TEXTS)
def test_both_ways_nothing_is_read_otherwise(before, after):
    assert rewrapped(before, unwrapped(before)) == before
    assert to_html(unwrapped(before)).split() == to_html(before).split()
    assert to_html(rewrapped(before, after)).split() == to_html(after).split()


def test_real_adverts_come_back_as_they_were(shared_data):
    joined = 0
    with (shared_data / "jobs/with_description.jsonl").open(encoding="utf-8") as file:
        for line in file:
            text = json.loads(line)["description"].strip().replace("\r\n", "\n")
            joined += unwrapped(text) != text
            assert rewrapped(text, unwrapped(text)) == text
    assert joined > 100
