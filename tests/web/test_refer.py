"""Naming a friend in the browser: the colleague's pages, the friend's, the recruiters'."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import update

from rolecast import friends, news, outbox, referrals, words
from rolecast.ledger import people
from rolecast.ledger import referrals as store
from rolecast.ledger.schema_people import referrals as table
from rolecast.people import Role
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, Mailbox, enter, make, person, token
from tests.house import drop, open_project, publish, site, spec
from tests.people.naming import (
    FORM,
    ROBIN,
    at,
    deliver,
    refer,
    rows,
    secret_in,
    secret_of,
    told,
    waiting,
)  # fmt: skip

pytestmark = pytest.mark.both_ledgers
AGREES = {"friend": "Robin Reef", "contact": ROBIN}
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"


class House:
    """A folder with jobs, and browsers on its pages."""

    def __init__(self, root):
        self.root = make(
            root, HOUSE, pilot=spec(referral_bonus={"amount": 1500, "currency": "EUR"})
        )
        drop(self.root, "hand", spec(title="Deck Hand"))
        publish(self.root)
        self.project = open_project(self.root)

    @contextmanager
    def browser(self, who="", role=None):
        """One in which somebody has signed in; "": nobody, as at a friend's."""
        with site(self.project) as web:
            web.person = enter(web, self.project, who, role) if who else None
            yield web

    def name(self, web, job="pilot", **typed):
        form = FORM | {"token": token(web)} | typed
        return web.post(f"/jobs/{job}/refer", data=form)

    def mail(self):
        """The one mail that goes out now, and its link."""
        (mail,) = deliver(self.project).mails
        return mail, f"/friend/{secret_in(mail.get_content())}"


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.project.ledger.close()


def say(web, link, what, **more):
    """What the friend's page sends."""
    found = re.search(r'name="token" value="([^"]+)"', web.get(link).text)
    form = {"token": found[1] if found else "", "what": what}
    return web.post(link, data=form | {"friend": "Robin Reef", "contact": ROBIN} | more)


def main(answer) -> str:
    return re.search(r"<main.*</main>", answer.text, re.S)[0]


def test_from_the_jobs_page_to_ones_own_list(house):
    with house.browser("kim") as web:
        page = web.get("/jobs/pilot").text
        assert "Know somebody?" in page
        assert "€1,500" in page
        form = web.get("/jobs/pilot/refer")
        assert form.status_code == 200
        assert form.text.count("required") == 8
        answer = house.name(web)
        assert answer.headers["location"] == "/me/referrals?said=named"
        page = web.get(answer.headers["location"]).text
        assert "we will sort out who is credited by the rules" in page
        assert "Robin Reef" in page
        assert "Asked. Nothing is passed on before they agree." in page
        assert "You will hear by" in page
        assert "Robin Reef" in web.get("/jobs/pilot").text
        assert "Robin Reef" not in web.get("/jobs/hand").text
        (one,) = rows(house.project)
        back = web.post(f"/me/referrals/{one.id}/back", data={"token": token(web)})
        assert back.headers["location"] == "/me/referrals?said=taken_back"
        page = web.get("/me/referrals").text
        assert "You have taken it back" in page
        assert "Robin" not in page


def test_what_was_typed_is_still_there_when_something_is_wrong(house):
    with house.browser("kim") as web:
        answer = house.name(web, contact="robin", note="A & B <3")
        assert answer.status_code == 422
        assert 'role="alert">Write a mail address' in answer.text
        for text in (
            "Robin Reef",
            'value="robin"',
            "A &amp; B &lt;3",
            "tug Wiebke",
            "Hello Robin!",
        ):
            assert text in answer.text
        assert re.search(r'value="work" required checked', answer.text)
        assert re.search(r'name="sure" value="yes" required checked', answer.text)
        for field in FORM:
            assert house.name(web, **{field: ""}).status_code in (303, 422)
        assert house.name(web, job="none").status_code == 404
        assert house.name(web, job="%00").status_code == 404
        assert web.get("/jobs/none/refer").status_code == 404


def test_a_job_that_is_taken_takes_no_friends(house):
    with house.browser("kim") as web:
        drop(house.root, "pilot", spec(status="filled"))
        publish(house.root)
        assert web.get("/jobs/pilot/refer").status_code == 410
        assert house.name(web).status_code == 410
        assert rows(house.project) == []


def test_a_get_by_a_mail_scanner_changes_nothing(house):
    with house.browser("kim") as web:
        house.name(web)
    _, link = house.mail()
    before = rows(house.project)
    with house.browser() as web:
        for _ in range(3):
            assert web.get(link).status_code == 200
            assert web.head(link).status_code == 200
        for what in ("agree", "decline", "withdraw"):
            assert web.get(f"{link}?what={what}&friend=x&contact=y").status_code == 200
        assert rows(house.project) == before
        page = web.get(link)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert "noindex" in page.text
        assert link not in page.text  # nothing on the page gives it away


def test_the_friend_sees_exactly_what_would_be_passed_on_and_corrects_it(house):
    with house.browser("kim") as web:
        house.name(web)
    _, link = house.mail()
    with house.browser() as web:
        page = main(web.get(link))
        for text in ("Kim thinks of you", "Harbour Pilot", "three winters on the tug Wiebke",
                     "We have worked together", "reads the tide like a newspaper",
                     'value="robin@reef.example"', 'value="Robin Reef"'):  # fmt: skip
            assert text in page
        assert "1,500" not in page  # the bonus is for colleagues only
        empty = say(web, link, "agree", contact=" ")
        assert empty.status_code == 422
        assert "how we can reach you" in empty.text
        answer = say(web, link, "agree", friend="Dr. Robin Reef", contact="+49 421 555 0100")
        assert answer.headers["location"] == f"{link}?said=friend_agreed"
        page = web.get(answer.headers["location"])
        assert page.headers["cache-control"] == "no-store"
        code = rows(house.project)[0].link
        assert f"/r/{code}" in page.text
        assert "Withdraw and delete" in page.text
        web.face.go.links.refresh()
        assert code in web.get(f"/r/{code}").headers["location"]
    with house.browser("rita") as web:
        page = main(web.get("/desk/referrals"))
        for text in (
            "Dr. Robin Reef",
            "+49 421 555 0100",
            "reads the tide",
            "kim@ostrelund.example",
        ):
            assert text in page
        assert ROBIN not in page


def test_a_secret_that_was_used_is_over(house):
    with house.browser("kim") as web:
        house.name(web)
    _, link = house.mail()
    with house.browser() as web:
        page = say(web, link, "decline")
        assert page.status_code == 200
        assert "It is deleted" in page.text
        for what in ("agree", "decline", "withdraw"):
            assert say(web, link, what, token=page_token(web)).status_code == 410
        unknown = web.get("/friend/" + "x" * 43)
        again = web.get(link)
        assert (again.status_code, main(again)) == (unknown.status_code, main(unknown))
        assert rows(house.project)[0].state == "declined"
        for odd in ("x", "%00", "%0d%0a", "é" * 300):
            assert web.get(f"/friend/{odd}").status_code == 410


def page_token(web):
    return re.search(r'name="token" value="([^"]+)"', web.get("/signin").text)[1]


def test_a_friend_withdraws_whenever_they_like(house):
    with house.browser("kim") as web:
        house.name(web)
    _, link = house.mail()
    with house.browser() as web:
        say(web, link, "agree")
        page = say(web, link, "withdraw", silence="yes")
        assert "Nobody gets to write to you" in page.text
        assert web.get(link).status_code == 410
    with house.browser("rita") as web:
        assert "Robin" not in main(web.get("/desk/referrals"))
    with house.browser("kim") as web:
        page = web.get("/me/referrals").text
        assert "They have withdrawn." in page
        assert "Robin" not in page
        house.name(web, job="hand")
        assert deliver(house.project).mails == []


def test_nobody_elses_page_answers_for_the_friend(house):
    with house.browser("kim") as web:
        house.name(web)
    _, link = house.mail()
    with house.browser() as web:
        good = page_token(web)
        form = {"what": "agree", "friend": "x", "contact": "y"}
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert web.post(link, data=form | {"token": good}, headers=headers).status_code == 403
        assert web.post(link, data=form | {"token": "guessed"}).status_code == 403
        assert say(web, link, "dance").status_code == 422
        assert rows(house.project)[0].state == "asked"


def test_known_and_unknown_friends_are_answered_alike_byte_by_byte(house):
    """Named by a colleague, said no to all mails, has applied: nobody can find out by naming."""
    names = ["named", "unwanted", "applied", "nobody"]
    with house.browser("kim") as web:
        for name in names[:3]:
            house.name(web, contact=f"{name}@reef.example")
    links = [f"/friend/{secret_in(m.get_content())}" for m in deliver(house.project).mails]
    with house.browser() as web:
        say(web, links[1], "decline", silence="yes")
        say(web, links[2], "agree")
    answers = []
    for number, name in enumerate(names):
        with house.browser(f"spy{number}") as web:
            page = house.name(web, contact=f"{name}@reef.example")
            later = [web.get(page.headers["location"]), web.get("/jobs/pilot")]
            (one,) = rows(house.project, web.person)
            seen = [page.status_code, page.headers["location"]]
            for each in (page, *later):
                text = each.text.replace(token(web), "TOKEN").replace(one.id, "ID")
                seen += [text, sorted(set(each.headers) - {"etag"}), len(text)]
            answers.append(seen)
    assert all(seen == answers[-1] for seen in answers)
    assert len(deliver(house.project).mails) == 1  # to whom nobody knew


def test_other_peoples_referrals_are_not_there(house):
    with house.browser("kim") as web:
        house.name(web)
    (one,) = rows(house.project)
    with house.browser("lee") as web:
        assert "Robin" not in web.get("/me/referrals").text
        assert "Robin" not in web.get("/jobs/pilot").text
        for id_ in (one.id, "0" * 16, "%00", "x' or 1=1"):
            answer = web.post(f"/me/referrals/{id_}/back", data={"token": token(web)})
            assert answer.status_code == 404
        assert web.get("/desk/referrals").status_code == 403
        form = {"token": token(web), "what": "set", "state": "passed_on"}
        assert web.post(f"/desk/referrals/{one.id}", data=form).status_code == 403
    with house.browser("rita") as web:  # nor are they a recruiter's before the friend agrees
        form = {"token": token(web), "what": "set", "state": "passed_on"}
        for id_ in (one.id, "0" * 16, "%00"):
            assert web.post(f"/desk/referrals/{id_}", data=form).status_code == 404
        assert "Robin" not in web.get("/desk/referrals").text
    with house.browser() as web:
        for path in ("/jobs/pilot/refer", "/me/referrals", "/desk/referrals"):
            assert web.get(path).headers["location"].startswith("/signin")
        for path in (
            "/jobs/pilot/refer",
            f"/me/referrals/{one.id}/back",
            f"/desk/referrals/{one.id}",
        ):
            assert web.post(path).status_code == 401
    assert rows(house.project)[0].state == "asked"


def test_a_day_and_a_network_have_their_limits(house):
    with house.browser("kim") as web:
        for number in range(10):
            assert house.name(web, contact=f"f{number}@reef.example").status_code == 303
        answer = house.name(web, contact="f10@reef.example")
        assert (answer.status_code, "within a day" in answer.text) == (422, True)
        assert "Robin Reef" in answer.text
        for who in ("lee", "mia"):
            enter(web, house.project, who)
            for number in range(10):
                assert house.name(web, contact=f"{who}{number}@reef.example").status_code == 303
        enter(web, house.project, "noa")
        answer = house.name(web, contact="one.more@reef.example")
        assert answer.status_code == 429
        assert "Too many friends were named" in answer.text
    assert len(rows(house.project)) == 30


@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x00", "%0d%0a"])
def test_no_name_becomes_a_header(house, breaker):
    evil = f"Robin{breaker}Bcc: all@reef.example{breaker}{breaker}<b>body"
    with house.browser("kim") as web:
        from rolecast.ledger import people

        with house.project.ledger.begin() as conn:
            theirs = breaker.replace("\x00", "\t")  # no ledger takes this one from anybody
            people.change(conn, web.person.id, name=f"Kim{theirs}Bcc: all@reef.example")
        assert house.name(web, friend=evil).status_code == 303
        assert house.name(web, contact=f"{ROBIN}{breaker}Bcc: x@y.example").status_code == 422
    mail, _ = house.mail()
    assert mail["Bcc"] is None
    assert mail["To"] == ROBIN
    assert {name.lower() for name in mail} == {
        "subject", "from", "to", "date", "message-id", "auto-submitted", "content-type",
        "content-transfer-encoding", "mime-version",
    }  # fmt: skip
    assert mail.get_content_type() == "text/plain"
    assert "\n" not in mail["Subject"]


def test_script_in_every_field_is_text_everywhere(house):
    evil = {name: EVIL for name in ("friend", "more", "note", "words")}
    with house.browser("kim") as web:
        wrong = house.name(web, **evil | {"contact": EVIL, "how": EVIL})
        assert wrong.status_code == 422
        assert house.name(web, **evil).status_code == 303
        pages = [wrong, web.get("/me/referrals"), web.get("/jobs/pilot")]
    _, link = house.mail()
    (one,) = rows(house.project)
    with house.browser() as web:
        pages += [web.get(link), say(web, link, "agree", friend=EVIL, contact="")]
        say(web, link, "agree", friend=EVIL, contact=EVIL)
        pages.append(web.get(link))
    with house.browser("rita") as web:
        form = {"token": token(web), "what": "extend", "day": EVIL, "word": EVIL}
        pages.append(web.post(f"/desk/referrals/{one.id}", data=form))
        form |= {"what": "reject", "word": EVIL}
        assert web.post(f"/desk/referrals/{one.id}", data=form).status_code == 303
        pages.append(web.get("/desk/referrals?show=ended"))
        with house.project.ledger.begin() as conn:
            values = {"state": "agreed", "promise": at(2)}
            conn.execute(update(table).where(table.c.id == one.id).values(**values))
        pages += [web.get("/desk"), web.get("/desk/jobs/pilot")]
    with house.browser("kim") as web:
        pages.append(web.get("/me/referrals"))
    for page in pages:
        assert page.status_code in (200, 422)
        assert "<script>alert" not in page.text
        assert "<img" not in main(page)
        assert ">49" not in page.text
    assert sum("&lt;script&gt;" in page.text for page in pages) >= 8


def test_the_desk_keeps_promises_and_shows_what_breaks_first(house):
    with house.browser("kim") as web:
        house.name(web)
        house.name(web, job="hand", friend="Sam Sound", contact="sam@reef.example")
    links = [f"/friend/{secret_in(m.get_content())}" for m in deliver(house.project).mails]
    with house.browser() as web:
        for link in links:
            say(web, link, "agree", friend="Robin Reef" if link == links[0] else "Sam Sound")
    one, other = rows(house.project)
    with house.project.ledger.begin() as conn:
        store.change(conn, other.id, promise=at(2))
    with house.browser("rita") as web:
        page = web.get("/desk").text
        assert page.count("promise broken") == 1
        assert page.index("Sam Sound") < page.index("What is where")
        assert "Robin Reef" not in page
        # What is done there is said there, and not that a run would do it.
        form = {"token": token(web), "from": "desk", "what": "set", "state": "passed_on"}
        answer = web.post(f"/desk/referrals/{one.id}", data=form)
        page = web.get(answer.headers["location"]).text
        assert answer.headers["location"].startswith("/desk?")
        assert "Noted, and told to the colleague." in page
        assert "The next run" not in page
        page = web.get("/desk/referrals").text
        assert page.index("Sam Sound") < page.index("Robin Reef")
        assert "promise broken: the colleague was to hear by Monday, November 2, 2026" in page
        path, form = f"/desk/referrals/{other.id}", {"token": token(web)}
        day = str(now_utc().date())
        web.post(path, data=form | {"what": "extend", "day": day, "word": "The ship is late."})
        assert "promise broken" not in web.get("/desk").text
        assert web.post(path, data=form | {"what": "set", "state": "passed_on"}).status_code == 303
        assert web.post(path, data=form | {"what": "set", "state": "agreed"}).status_code == 422
        assert web.post(path, data=form | {"what": "set", "state": "x"}).status_code == 422
        assert web.post(path, data=form | {"what": "dance"}).status_code == 422
        tie = {"what": "tie", "application": "A-1", "source": "nowhere"}
        assert web.post(path, data=form | tie).status_code == 422
        wrong = web.post(path, data=form | tie | {"source": ""})
        assert wrong.status_code == 422
        assert 'value="A-1"' in wrong.text
        assert web.post(path, data=form | tie | {"source": "desk"}).status_code == 303
        assert 'href="/desk/applications/A-1?source=desk"' in web.get("/desk/referrals").text
        tell = {"application": "A-1", "stage": "hired", "job": "hand"}
        web.post("/desk/report/tell", data=form | tell)
        assert web.get("/desk/applications/A-1?source=desk").status_code == 200
        kind = {"what": "reject", "word": "It was close; thank you."}
        assert web.post(f"/desk/referrals/{one.id}", data=form | kind).status_code == 303
        ended = main(web.get("/desk/referrals?show=ended"))
        assert "Robin Reef" in ended
        assert "Sam Sound" not in ended
        assert "referral" in web.get("/desk/jobs/pilot").text
        assert "Robin" not in web.get("/desk/jobs/pilot").text
    with house.browser("kim") as web:
        page = web.get("/me/referrals").text
        assert "They are hired." in page
        assert "It was close; thank you." in page
    assert told(house.project, person(house.project, "kim")) == [
        "agreed", "agreed", "passed_on", "extended", "passed_on", "applied", "hired", "rejected",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "state", "sentence"),
    [
        ("en", "undelivered", "The mail to the friend you named for “Deck Hand” could not be "
         "delivered. Check the address, take this one back and name them again."),
        ("de", "undelivered", "Die Mail an die Person, die du für „Deck Hand“ empfohlen hast, ließ "
         "sich nicht zustellen. Prüf die Adresse, nimm die Empfehlung zurück und nenn die Person "
         "noch einmal."),
        ("en", "extended", "For “Deck Hand” it takes longer to say what becomes of the friend you "
         "named; the new day and the reason stand on your page."),
        ("de", "extended", "Bei „Deck Hand“ dauert es länger, bis feststeht, was aus deiner "
         "Empfehlung wird; der neue Tag und der Grund stehen auf deiner Seite."),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_on_the_page_and_by_mail(house, language, state, sentence):
    project, kim = house.project, person(house.project, "kim")
    with project.ledger.begin() as conn:
        people.change(conn, kim.id, language=language)
    one = refer(project, kim, job_id="hand")
    if state == "undelivered":

        class Wrong(Mailbox):
            def send(self, mail):
                raise outbox.Rejected("no such mailbox")

        deliver(project, box=Wrong())
        assert referrals.undelivered(project.ledger, now_utc()) == 1
    else:
        secret = secret_of(project)
        friends.agree(project.ledger, project.settings, secret, AGREES, now_utc())
        with house.browser("rita") as web:
            day = f"{now_utc() + timedelta(days=20):%Y-%m-%d}"
            form = {"token": token(web), "what": "extend", "day": day, "word": "At sea."}
            assert web.post(f"/desk/referrals/{one.id}", data=form).status_code == 303
    with house.browser("kim") as web:
        assert sentence in main(web.get("/me"))
        if state == "extended":
            assert "At sea." in web.get("/me/referrals").text
    assert news.mail(project.ledger, project.settings, now_utc() + timedelta(hours=7)) == 1
    (mail,) = deliver(project, now_utc() + timedelta(hours=7)).mails
    assert sentence in mail.get_content()


def test_lists_are_paged(house):
    kim = person(house.project, "kim")
    for number in range(30):
        when = at(1 + 2 * (number // 10), number % 10)
        refer(house.project, kim, when, contact=f"f{number}@reef.example")
    with house.project.ledger.begin() as conn:
        conn.execute(update(table).values(state="agreed", promise=at(20)))
    with house.browser("kim") as web:
        first, second = (main(web.get(f"/me/referrals?page={n}")) for n in (1, 2))
        assert (first.count("<li>"), second.count("<li>")) == (25, 5)
        enter(web, house.project, "rita")
        pages = [main(web.get(f"/desk/referrals?page={n}")) for n in (1, 2, 3)]
        assert [page.count('class="refused"') for page in pages] == [25, 5, 0]
        assert "30 referrals" in pages[0]


def test_without_a_mail_server_nobody_is_named(tmp_path):
    settings = HOUSE.partition("[mail]")[0]
    root = make(tmp_path, settings, pilot=spec())
    publish(root)
    project = open_project(root)
    with site(project) as web:
        enter(web, project, "kim", Role.employee)
        assert "Know somebody?" not in web.get("/jobs/pilot").text
        assert web.get("/jobs/pilot/refer").status_code == 404
    project.ledger.close()


def test_the_mail_speaks_the_jobs_language_else_the_colleagues(house, tmp_path, monkeypatch):
    locale = tmp_path / "locale"
    locale.mkdir()
    for code, hello in (("de", "Guten Tag %(friend)s,"), ("fr", "Bonjour %(friend)s,")):
        (locale / f"{code}.po").write_text(
            f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
            f'msgid "Hello %(friend)s,"\nmsgstr "{hello}"\n', "utf-8"
        )  # fmt: skip
    with languages(locale, monkeypatch):
        drop(house.root, "lotse", spec(title="Lotsin", language="de-AT"))
        drop(house.root, "piloto", spec(title="Piloto", language="es"))
        publish(house.root)
        kim = person(house.project, "kim")
        from rolecast.ledger import people

        with house.project.ledger.begin() as conn:
            people.change(conn, kim.id, language="fr")
        kim = person(house.project, "kim")
        for job, hello in (("lotse", "Guten Tag"), ("piloto", "Bonjour"), ("pilot", "Hello")):
            refer(house.project, kim, job_id=job, contact=f"{job}@reef.example")
            mail, _ = house.mail()
            assert f"{hello} Robin Reef," in mail.get_content()
            assert "€72,000" in mail.get_content() or job != "pilot"


@contextmanager
def languages(folder, monkeypatch):
    """Words in the languages of a folder."""
    from rolecast import outbox

    real = words.builtin_templates
    link = folder.parent / "templates"
    link.mkdir()
    (link / "locale").symlink_to(folder)
    monkeypatch.setattr(words, "builtin_templates", lambda: link)
    for cached in (words.languages, words.words, outbox._env):
        cached.cache_clear()
    yield
    monkeypatch.setattr(words, "builtin_templates", real)
    for cached in (words.languages, words.words, outbox._env):
        cached.cache_clear()


def test_nothing_waits_in_the_outbox_for_somebody_known(house):
    with house.browser("kim") as web:
        house.name(web)
        enter(web, house.project, "lee")
        house.name(web)
    assert len(waiting(house.project)) == 1
