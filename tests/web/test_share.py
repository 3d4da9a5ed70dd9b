"""The pages about sharing: what goes out, what is kept, and what nobody else reaches."""

import html
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from rolecast import sharing
from rolecast.ledger import people, shares
from rolecast.ledger.schema import jobs
from rolecast.publish import now_utc
from rolecast.sharing import PLACES
from tests.colleagues import HOUSE, browser, enter, person, token
from tests.house import drop, gathered, make, open_project, publish, spec
from tests.people.test_sharing import KIDS, STORM

pytestmark = pytest.mark.both_ledgers
EVIL = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>\"'`"


@pytest.fixture
def root(tmp_path):
    root = make(tmp_path, HOUSE, pilot=spec(responsibilities=["Board ships"], team="Harbour"))
    publish(root)
    return root


@pytest.fixture
def project(root):
    opened = open_project(root)
    yield opened
    opened.ledger.close()


@pytest.fixture
def web(project):
    with browser(project) as made:
        yield made


def send(web, place="x", job="pilot", **fields):
    form = {"token": token(web), "words": "", "told": "1", "language": "en"} | fields
    kept = {name: value for name, value in form.items() if value is not None}
    return web.post(f"/jobs/{job}/share/{place}", data=kept)


def final(page) -> str:
    found = re.search(r'<textarea id="final"[^>]*>(.*?)</textarea>', page.text, re.S)
    return html.unescape(found[1])


def words_in(page) -> str:
    found = re.search(r'<textarea id="words"[^>]*>(.*?)</textarea>', page.text, re.S)
    return html.unescape(found[1])


def opens(page) -> str:
    return html.unescape(re.search(r'id="open" href="([^"]*)"', page.text)[1])


def own(project, who, place="x"):
    with project.ledger.read() as conn:
        return shares.get(conn, who.id, "pilot", place)


def lends(project, who="lee", words=STORM, place="linkedin"):
    made = sharing.share(project.ledger, person(project, who).id, "pilot", place, now_utc())
    sharing.lend(project.ledger, made, words)
    return made


def test_the_job_leads_to_every_place(web):
    assert 'href="/jobs/pilot/share"' in web.get("/jobs/pilot").text
    page = web.get("/jobs/pilot/share").text
    for name in PLACES:
        assert f'href="/jobs/pilot/share/{name}"' in page
        assert web.get(f"/jobs/pilot/share/{name}").status_code == 200, name


def test_the_composer_begins_empty_with_the_facts_beside_it(web, project):
    page = web.get("/jobs/pilot/share/x")
    assert words_in(page) == ""
    for told in ("Harbour Pilot", "Bremerhaven", "€72,000", "Board ships", "What surprised you"):
        assert told in page.text
    assert "You bring the big ships in" not in page.text  # the company's text
    assert own(project, web.person) is None  # looking mints nothing


def test_words_disclosure_and_link_go_out_and_only_the_link_is_kept(web, project):
    page = send(web, words=STORM)
    made = own(project, web.person)
    link = f"http://127.0.0.1:8080/r/{made.link}"
    assert final(page) == f"{STORM}\n\nI work at Ostrelund Works.\n{link}"
    assert parse_qs(urlsplit(opens(page)).query) == {"text": [final(page)]}
    length = PLACES["x"].measure(final(page))
    assert f"{length} of 280 characters" in page.text
    assert (made.words, made.lent) == (None, 0)
    assert words_in(page) == STORM  # to be changed
    assert final(send(web, words=STORM)).endswith(link)  # the same one
    assert "shared" in web.get("/jobs/pilot/share").text
    assert "You have shared it:" in web.get("/jobs/pilot").text


def test_the_link_leads_to_the_job_and_counts(web, project):
    send(web, "bluesky")
    code = own(project, web.person, "bluesky").link
    web.face.go.links.refresh()
    answer = web.get(f"/r/{code}")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://jobs.example.com/pilot")
    assert [link for link, _, _ in gathered(project)] == [code]
    with project.ledger.begin() as conn:
        people.forget(conn, web.person.id)
    web.face.go.links.refresh()
    assert web.get(f"/r/{code}").status_code == 302


def test_the_disclosure_is_ticked_and_speaks_the_chosen_language(web):
    assert re.search(r'name="told" value="1" checked', web.get("/jobs/pilot/share/x").text)
    assert "Ich arbeite bei Ostrelund Works." in final(send(web, language="de"))
    page = send(web, told=None, words="Hi")
    assert "work at" not in final(page)
    assert not re.search(r'name="told" value="1" checked', page.text)  # as it was left
    assert "I work at" in final(send(web, language="klingon"))


def test_a_text_that_is_too_long_says_by_how_much_and_loses_nothing(web):
    page = send(web, words="x" * 300)
    too_long = PLACES["x"].measure(final(page)) - 280
    assert f"That is {too_long} too long" in page.text
    assert words_in(page) == "x" * 300
    page = send(web, words="ü" * (sharing.MOST + 1), lend="1")
    assert page.status_code == 422
    assert words_in(page) == "ü" * (sharing.MOST + 1)
    assert re.search(r'name="lend" value="1" checked', page.text)


def test_linkedin_gets_the_link_and_the_words_are_copied(web, project):
    page = send(web, "linkedin", words=STORM)
    asked = urlsplit(opens(page))
    assert asked.netloc == "www.linkedin.com"
    link = f"http://127.0.0.1:8080/r/{own(project, web.person, 'linkedin').link}"
    assert parse_qs(asked.query) == {"url": [link]}
    assert "copy the text first" in page.text
    assert 'id="open"' not in send(web, "signal", words=STORM).text


def test_mastodon_asks_for_the_server_and_does_not_keep_it(web, project):
    page = send(web, "mastodon", words="Ahoi", server="https://chaos.social/@kim")
    assert opens(page).startswith("https://chaos.social/share?text=Ahoi")
    wrong = send(web, "mastodon", words="Ahoi", server='"><script>')
    assert wrong.status_code == 422
    assert "Write your Mastodon server" in wrong.text
    assert words_in(wrong) == "Ahoi"
    assert 'value="&#34;&gt;&lt;script&gt;"' in wrong.text
    assert "chaos" not in web.get("/jobs/pilot/share/mastodon").text


def test_hostile_texts_stay_texts(web, project, root):
    drop(root, "pilot", spec(title=EVIL, team=EVIL, responsibilities=[EVIL], company=EVIL))
    publish(root)
    lee = person(project, "lee")
    with project.ledger.begin() as conn:
        people.change(conn, lee.id, name=EVIL, team=EVIL)
    lends(project, words=EVIL * 2)
    asked = [web.get(f"/jobs/pilot/share/{name}") for name in PLACES]
    asked += [web.get("/jobs/pilot/share"), web.get("/jobs/pilot"), web.get("/me/words")]
    asked += [send(web, name, words=EVIL, server="a.example", lend="1") for name in ("x", "mail")]
    asked += [web.get("/me/words"), send(web, "mastodon", words=EVIL, server=EVIL)]
    for page in asked:
        assert page.status_code in (200, 422)
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
    assert final(asked[-4]).startswith(EVIL)


def test_a_mail_cannot_be_given_a_header(web, root):
    drop(root, "pilot", spec(title="Pilot?cc=a@b.example&bcc=c@d.example%0D%0ABcc: e@f.example"))
    publish(root)
    page = send(web, "mail", words="Hi\r\nBcc: evil@x.example\r\n&bcc=evil@x.example%0ABcc:x")
    asked = urlsplit(opens(page))
    assert asked.path == ""
    assert set(parse_qs(asked.query)) == {"subject", "body"}


def test_closed_jobs_are_told_kindly(web, root):
    made = send(web)
    assert made.status_code == 200
    drop(root, "pilot", spec(status="filled"))
    publish(root)
    paths = ["share", "share/x", "share/qr", "share/qr.svg", "share/qr.png", "share/poster"]
    for path in [*paths, "share/poster.png", "poster.pdf"]:
        answer = web.get(f"/jobs/pilot/{path}")
        assert answer.status_code == 410, path
        assert "no longer open" in answer.text
    assert send(web).status_code == 410


def test_a_job_whose_last_day_is_over_is_closed_before_the_next_run(web, project):
    with project.ledger.begin() as conn:
        told = json.loads(conn.scalar(jobs.select().with_only_columns(jobs.c.spec)))
        conn.execute(jobs.update().values(spec=json.dumps(told | {"closes": "2020-01-01"})))
    assert web.get("/jobs/pilot/share/x").status_code == 410


def test_what_is_not_there_is_not_found(web):
    for path in ("/jobs/none/share", "/jobs/pilot/share/myspace", "/jobs/none/poster.pdf"):
        assert web.get(path).status_code == 404, path
    assert send(web, "qr").status_code in (404, 405)
    assert send(web, "myspace").status_code == 404
    assert send(web, job="none").status_code == 404
    for odd in ("%00", "a" * 5000, "%F0%9F%90%B1", "'; drop table links; --"):
        assert web.get(f"/jobs/{odd}/share/x").status_code == 404
        assert web.post(f"/me/words/{odd}", data={"token": token(web)}).status_code == 404
    odd = {"taken": "\x00", "language": "\x00" * 99, "words": "a\x00b"}
    assert final(send(web, **odd)).startswith("ab")
    assert send(web, take="\x00").status_code == 200  # what no ledger can hold is left out
    assert web.post("/me/words/none", data={"token": token(web)}).status_code == 404
    assert web.post("/me/words/none", data={"token": "x"}).status_code == 403


def test_nobody_shares_without_signing_in(project):
    with browser(project) as web:
        web.cookies.clear()
        for path in ("/jobs/pilot/share", "/jobs/pilot/share/x", "/jobs/pilot/share/qr.svg"):
            answer = web.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/signin?to=")


def test_lent_words_are_taken_up_with_a_name_beside_them(web, project):
    lent = lends(project)
    page = web.get("/jobs/pilot/share/x")
    assert html.escape(STORM, quote=False)[:40] in page.text
    assert words_in(page) == ""
    page = send(web, words="Before.", take=lent.id)
    assert words_in(page) == f"Before.\n\n{STORM}"
    assert "With words of Lee" in page.text
    assert own(project, web.person) is None  # not yet
    page = send(web, words=STORM, taken=lent.id)
    assert "With words of Lee" in page.text
    assert "Lee" not in final(page)
    assert "nearly what 1 colleague wrote" in page.text
    assert own(project, web.person).taken_from == lent.id
    assert "with words of Lee" in web.get("/me/words").text
    own_words = send(web, words=KIDS, taken=lent.id)
    assert "nearly what" not in own_words.text
    assert own(project, web.person).taken_from is None


def test_lending_is_asked_for_and_can_be_taken_back(web, project):
    assert send(web, words="", lend="1").status_code == 422
    page = send(web, words=STORM, lend="1")
    assert "Colleagues may use your words now" in page.text
    made = own(project, web.person)
    assert (made.words, made.lent) == (STORM, 1)
    assert html.escape(STORM, quote=False)[:40] in web.get("/me/words").text
    enter(web, project, "lee")  # somebody else sees them, and cannot take them back
    assert "Take up the words of Kim" in web.get("/jobs/pilot/share/mail").text
    assert "1 colleague lends" in web.get("/jobs/pilot").text
    assert web.post(f"/me/words/{made.id}", data={"token": token(web)}).status_code == 404
    assert "You lend no words" in web.get("/me/words").text
    enter(web, project, "kim")
    answer = web.post(f"/me/words/{made.id}", data={"token": token(web)})
    assert answer.headers["location"] == "/me/words?said=taken_back"
    assert own(project, web.person).words is None
    enter(web, project, "lee")
    assert "Take up" not in web.get("/jobs/pilot/share/mail").text
    gone = send(web, words="Mine", take=made.id)
    assert gone.status_code == 422
    assert words_in(gone) == "Mine"


def test_other_peoples_shares_and_links_are_not_reachable(web, project):
    lee = person(project, "lee")
    secret = sharing.share(project.ledger, lee.id, "pilot", "linkedin", now_utc())
    for path in ("/jobs/pilot", "/jobs/pilot/share", "/jobs/pilot/share/linkedin", "/me/words"):
        page = web.get(path).text
        assert secret.link not in page
    assert send(web, take=secret.id).status_code == 422
    assert final(send(web, "linkedin", taken=secret.id)).count(secret.link) == 0


def test_wordings_come_in_pages(web, project):
    for number in range(7):
        lends(project, f"c{number}", f"{number} {STORM}")
    first, second = (web.get(f"/jobs/pilot/share/x?page={at}").text for at in (1, 2))
    assert first.count("<blockquote") == 5
    assert second.count("<blockquote") == 2
    assert 'rel="next"' in first
    assert web.get("/jobs/pilot/share/x?page=99").status_code == 200


def test_the_qr_code_is_ones_own_and_does_nothing(web, project):
    assert own(project, web.person, "qr") is None
    page = web.get("/jobs/pilot/share/qr")
    made = own(project, web.person, "qr")
    assert made.link in page.text
    for ending, kind in (("svg", "image/svg+xml"), ("png", "image/png")):
        answer = web.get(f"/jobs/pilot/share/qr.{ending}")
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert own(project, web.person, "qr").link == made.link


def test_the_poster_is_a_pdf_with_or_without_ones_name(web, project):
    answer = web.get("/jobs/pilot/poster.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert "poster-pilot.pdf" in answer.headers["content-disposition"]
    assert web.get("/jobs/pilot/poster.pdf?name=1").content != answer.content
    assert web.get("/jobs/pilot/share/poster.png").headers["content-type"] == "image/png"
    assert own(project, web.person, "poster") is not None


def test_a_poster_that_no_font_can_write_says_so(web, root, monkeypatch):
    from rolecast import poster

    drop(root, "pilot", spec(title="港湾水先案内人", language="ja"))
    publish(root)
    draw = poster.draw
    monkeypatch.setattr(poster, "draw", lambda *more: draw(*more, fonts=False))
    for path in ("share/poster", "poster.pdf"):
        answer = web.get(f"/jobs/pilot/{path}")
        assert answer.status_code == 422
        assert "install the Noto fonts" in answer.text
