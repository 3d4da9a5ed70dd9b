"""Each network's own markup: what we write stays what it was, links stay links."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import discord, linkedin, slack, teams
from rolecast.markdown import to_html
from rolecast.markup import DOKUWIKI, WIKITEXT, convert
from rolecast.post import Post

LINK = "https://jobs.example.com/r/ab_cd-ef"


def a_post(text: str) -> Post:
    return Post(
        job_id="a", channel="c", moment="announce", title="Pilot (m/w/d)", text=text, link=LINK
    )


def test_linkedin_keeps_links_hashtags_and_m_w_d():
    text = (
        f"Pilot (m/w/d) [now] {{x}} <y> a_b c*d ~e~ @you | \\o/\n{LINK}?a=(1)\n#NightWork #one_two"
    )
    assert linkedin.escape(text) == (
        f"Pilot \\(m/w/d\\) \\[now\\] \\{{x\\}} \\<y\\> a\\_b c\\*d \\~e\\~ \\@you \\| \\\\o/\n"
        f"{LINK}?a=(1\\)\n#NightWork #one\\_two"
    )


@given(st.text())
def test_linkedin_escaping_can_be_undone(text):
    assert linkedin.unescape(linkedin.escape(text)) == text or "\\" in text


@given(st.text(alphabet=st.sampled_from("ab (){}[]<>@|~_*\\#\n")))
def test_linkedin_leaves_nothing_reserved_but_hashtags(text):
    rest = re.sub(r"\\.", "", linkedin.escape(text), flags=re.S)
    assert not re.search(r"[|{}@\[\]()<>*~]", rest)


@given(st.text())
def test_discord_escaping_can_be_undone(text):
    assert discord.plain(discord.escape(text)) == text or "\\" in text or "http" in text


def test_discord_leaves_links_alone_and_markup_plain():
    assert discord.escape(f"*Now* `x` # a\n{LINK}") == f"\\*Now\\* \\`x\\` \\# a\n{LINK}"


def test_slack_escapes_the_three_and_nothing_else():
    post = a_post(f"R&D <now> *x*\n{LINK}")
    made = slack.Slack(channel="C1").wire(post)
    assert made == f"R&amp;D &lt;now&gt; *x*\n{LINK}"
    assert slack._plain(f"R&amp;D <{LINK}|{LINK}>") == f"R&D {LINK}"


def test_a_card_for_teams_has_the_link_as_a_button_and_no_markup():
    card = teams.card(a_post(f"Come *aboard*\nwith us\n\n{LINK}"))
    texts = [block["text"] for block in card["body"]]
    assert texts == ["Pilot (m/w/d)", "Come \\*aboard\\*\n\nwith us"]
    assert card["actions"][0]["url"] == LINK
    from tests.networks.contracts import adaptive_card

    assert list(adaptive_card().iter_errors(card)) == []


def test_retired_connectors_of_teams_are_refused():
    with pytest.raises(ValueError, match="retired"):
        teams.Teams(url="https://example.webhook.office.com/webhookb2/x")


MARKDOWN = """Come [aboard](https://a.example/x_y?a=1&b=[2]) **now** and *soon*.

## What *you* do

- Bring ships in
  - at night
- `{{Delete}}` [[all]] ~~~~ <nowiki>

1. First
2. Second

Line one  
line two
"""


def test_wikitext():
    assert convert(to_html(MARKDOWN), WIKITEXT) == (
        "Come [https://a.example/x_y?a=1&b=%5B2%5D aboard] '''now''' and ''soon''.\n\n"
        "=== What ''you'' do ===\n\n"
        "* Bring ships in\n** at night\n"
        "* &#123;&#123;Delete&#125;&#125; &#91;&#91;all&#93;&#93; &#126;&#126;&#126;&#126; "
        "&#60;nowiki&#62;\n\n"
        "# First\n# Second\n\n"
        "Line one<br /> line two\n"
    )


def test_dokuwiki():
    made = convert(to_html(MARKDOWN), DOKUWIKI)
    assert "Come [[https://a.example/x_y?a=1&b=%5B2%5D|aboard]] **now** and //soon//." in made
    assert "==== What //you// do ====" in made
    assert "  * Bring ships in\n    * at night\n" in made
    assert "%%{{%%Delete%%}}%% %%[[%%all%%]]%% %%~~~~%% %%<%%nowiki%%>%%" in made
    assert "  - First\n  - Second\n" in made
    assert "Line one \\\\  line two" in made


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"])))
def test_no_words_become_wikitext(text):
    from html import escape

    made = convert(f"<p>{escape(text)}</p>", WIKITEXT)
    assert not re.search(r"\{\{|\[\[|''|~~~|<(?!br)|^[*#:;=]", made, re.M)
