"""WordPress, against the real one."""

from datetime import UTC, datetime

import pytest

from connectors.http import Http
from connectors.wordpress import WordPress, _slug
from rolecast.connector import Unauthorised
from rolecast.post import Post

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
LINK = "https://jobs.example.com/r/abcdefgh"


@pytest.fixture
def author(wordpress):
    return wordpress.new_author()


@pytest.fixture
def blog(wordpress, author) -> WordPress:
    return WordPress(url=wordpress.url, user=author.user, password=author.app_password)


@pytest.fixture
def way():
    made = Http()
    yield made
    made.session.close()


@pytest.fixture
def a_post(author):
    def make(**fields) -> Post:
        values = {"job_id": "pilot", "channel": "blog", "moment": "announce", "title": "Pilot"}
        html = f'<p>Bring ships in &amp; out.</p><p><a href="{LINK}">more</a></p>'
        values |= {"text": f"Short {LINK}", "html": html, "link": LINK, "made_at": NOW}
        return Post(**values | {"key": f"key{author.id}"} | fields)

    return make


def test_an_article_as_readers_see_it(wordpress, author, blog, way, a_post):
    receipt = blog.publish(way, a_post())
    (article,) = wordpress.posts(author=author.id)
    assert article["status"] == "publish"
    assert article["title"]["raw"] == "Pilot"
    assert LINK in article["content"]["raw"]
    assert receipt.address == article["link"]
    assert f"pilot-key{author.id}" in receipt.extra["slug"]


def test_a_draft_that_nobody_saw_is_taken_up(wordpress, author, blog, way, a_post):
    article = blog._article(a_post()) | {"status": "draft", "slug": _slug(a_post())}
    draft = blog._call(way, "POST", "/posts", json=article)
    found = blog.find(way, a_post())
    assert found.id == str(draft["id"])
    assert [one["status"] for one in wordpress.posts(author=author.id)] == ["publish"]


def test_a_late_second_draft_is_cleared_away(wordpress, author, blog, way, a_post):
    receipt = blog.publish(way, a_post())
    article = blog._article(a_post()) | {"status": "draft", "slug": _slug(a_post())}
    blog._call(way, "POST", "/posts", json=article)
    assert blog.find(way, a_post()).id == receipt.id
    assert len(wordpress.posts(author=author.id)) == 1


def test_an_article_with_our_slug_and_another_link_is_not_ours(blog, way, a_post):
    blog.publish(way, a_post())
    other = "https://other.example/r/zzzzzzzz"
    assert blog.find(way, a_post(link=other)) is None


def test_find_look_edit_withdraw_count(wordpress, author, blog, way, a_post):
    assert blog.find(way, a_post()) is None
    receipt = blog.publish(way, a_post())
    assert blog.look(way, receipt).says == "Bring ships in & out. more"
    changed = a_post(title="Day Pilot", html=f"<p>By day {LINK}</p>")
    edited = blog.edit(way, receipt, changed)
    assert edited.id == receipt.id
    assert blog.look(way, edited).says == f"By day {LINK}"
    assert blog.count(way, [receipt])[receipt.id].comments == 0
    blog.withdraw(way, receipt)
    blog.withdraw(way, receipt)  # gone already is no error
    assert blog.look(way, receipt) is None
    assert blog.find(way, a_post()) is None
    assert wordpress.posts(author=author.id) == []


def test_a_post_without_html_is_escaped_text(blog, way, a_post):
    receipt = blog.publish(way, a_post(html="", text=f"a < b & c {LINK}"))
    assert blog.look(way, receipt).says == f"a < b & c {LINK}"


def test_titles_without_latin_letters_have_a_slug(a_post):
    assert _slug(a_post(title="软件", key="0123456789abc")) == "pilot-0123456789"
    assert _slug(a_post(title="Größe & Tiefe", key="0123456789abc")) == "groe-tiefe-0123456789"


def test_whoami_and_its_troubles(wordpress, author, blog, way):
    assert blog.whoami(way).endswith(f"on {wordpress.url}")
    wrong = WordPress(url=wordpress.url, user=author.user, password="wrong")
    with pytest.raises(Unauthorised):
        wrong.whoami(way)
    plain = WordPress(url="http://blog.example.com", user="a", password="b")
    with pytest.raises(Unauthorised, match="https"):
        plain.whoami(way)
