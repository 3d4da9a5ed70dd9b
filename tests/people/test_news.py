"""News in words, told together and once."""

import threading

import pytest

from rolecast import news, outbox, rounds
from rolecast.ledger import mails, notices, people
from tests.colleagues import HOUSE, Mailbox, person
from tests.house import make, open_project, spec
from tests.people.deeds import AT, DAY, house

pytestmark = pytest.mark.both_ledgers
HOUR = DAY / 24


@pytest.fixture
def project(tmp_path):
    made = house(make(tmp_path, HOUSE, pilot=spec()))
    yield made
    made.ledger.close()


def note(project, who, at=AT, kind="credit", **about):
    about = about or {"stage": "applied", "party": "share", "counts": True}
    with project.ledger.begin() as conn:
        notices.add(conn, who.id, kind, at, "pilot", **about)


def mail(project, at):
    return news.mail(project.ledger, project.settings, at)


def sent(project, at=AT) -> Mailbox:
    box = Mailbox()
    outbox.deliver(project.ledger, box, project.settings.mail, at)
    return box


def test_after_an_hour_of_quiet_and_once_a_day(project):
    kim = person(project, "kim")
    note(project, kim)
    note(project, kim, AT + HOUR / 2, stage="hired")
    assert mail(project, AT + HOUR) == 0  # half an hour of quiet
    assert mail(project, AT + 1.5 * HOUR) == 1
    assert mail(project, AT + 1.5 * HOUR) == 0
    (text,) = sent(project, AT + 2 * HOUR).to("kim@ostrelund.example")
    assert "An application for “Harbour Pilot” counts for you." in text
    assert "The person you brought to “Harbour Pilot” is hired." in text
    assert "http://127.0.0.1:8080/me\n" in text and "/jobs/" not in text
    note(project, kim, AT + 3 * HOUR, kind="bonus", state="paid", amount="5", currency="EUR")
    assert mail(project, AT + 12 * HOUR) == 0  # one a day
    assert mail(project, AT + 26 * HOUR) == 1
    (paid,) = sent(project, AT + 27 * HOUR).mails
    assert paid["Subject"] == "Your bonus of €5 for “Harbour Pilot” was paid."
    assert paid["Subject"] in paid.get_content()


def test_an_unquiet_day_does_not_hold_the_mail_back(project):
    kim = person(project, "kim")
    for number in range(14):
        note(project, kim, AT + number * HOUR / 2)
    assert mail(project, AT + 6.6 * HOUR) == 1


def test_off_is_off_and_on_again_does_not_tell_it_all(project):
    kim = person(project, "kim")
    with project.ledger.begin() as conn:
        people.change(conn, kim.id, mails=0)
    note(project, kim)
    assert mail(project, AT + 2 * HOUR) == 0
    with project.ledger.begin() as conn:
        people.change(conn, kim.id, mails=1)
    assert mail(project, AT + 2 * DAY) == 0
    note(project, kim, AT + 2 * DAY)
    assert mail(project, AT + 2 * DAY + 2 * HOUR) == 1


def test_what_is_old_is_no_news(project):
    kim = person(project, "kim")
    note(project, kim)
    assert mail(project, AT + 15 * DAY) == 0
    note(project, kim, AT + 15 * DAY)
    assert mail(project, AT + 15 * DAY + 2 * HOUR) == 1
    (text,) = sent(project, AT + 16 * DAY).to("kim@ostrelund.example")
    assert text.count("counts for you") == 1


def test_processes_at_the_same_time_mail_once(project, tmp_path):
    for who in ("kim", "lee", "max"):
        note(project, person(project, who))
    others = [open_project(tmp_path) for _ in range(4)]
    barrier, counts = threading.Barrier(4), []

    def work(one):
        barrier.wait()
        counts.append(mail(one, AT + 2 * HOUR))

    threads = [threading.Thread(target=work, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in others:
        one.ledger.close()
    assert sum(counts) == 3
    assert len(sent(project, AT + 3 * HOUR).mails) == 3


def test_a_crash_neither_loses_nor_doubles(project, monkeypatch):
    """What breaks between telling and noting it takes both back."""
    note(project, person(project, "kim"))
    real = outbox.post

    def broken(*args, **values):
        real(*args, **values)
        raise KeyboardInterrupt

    monkeypatch.setattr(news.outbox, "post", broken)
    with pytest.raises(KeyboardInterrupt):
        mail(project, AT + 2 * HOUR)
    monkeypatch.undo()
    assert sent(project, AT + 2 * HOUR).mails == []
    assert mail(project, AT + 2 * HOUR) == 1
    assert len(sent(project, AT + 2 * HOUR).mails) == 1


def test_a_mail_has_its_off_switch_in_text_and_header(project):
    kim = person(project, "kim")
    note(project, kim)
    mail(project, AT + 2 * HOUR)
    (made,) = sent(project, AT + 2 * HOUR).mails
    address = made["List-Unsubscribe"].strip("<>")
    assert address.startswith("http://127.0.0.1:8080/me/off/")
    assert address in made.get_content()
    assert made["List-Unsubscribe-Post"] is None  # for https only
    with project.ledger.read() as conn:
        assert people.of_off(conn, address.rpartition("/")[2]).id == kim.id
        assert conn.exec_driver_sql("select off from mails").scalar() is None  # gone when sent


def test_every_kind_of_news_has_a_sentence_and_an_unknown_one_too(project):
    titles = {"pilot": "Harbour Pilot"}
    for (kind, state), _ in news.SENTENCES.items():
        about = {"stage": state, "counts": True} if kind == "credit" else {"state": state}
        one = notices.Notice(1, AT, kind, "pilot", about, None)
        assert "Harbour Pilot" in str(news.sentence(one, titles, "en")), kind
    odd = notices.Notice(1, AT, "odd", None, {"state": "%s %(x)s"}, None)
    assert str(news.sentence(odd, {}, "en"))
    text = notices.Notice(1, AT, "question", "pilot", {"text": "a\nb %d"}, None)
    assert str(news.sentence(text, titles, "en")).endswith("a b %d")


def test_the_rounds_do_all_and_twice_nothing(project):
    kim = person(project, "kim")
    note(project, kim)
    done = rounds.run(project.ledger, project.settings, AT + 2 * HOUR)
    assert done["news mailed"] == 1
    assert set(rounds.run(project.ledger, project.settings, AT + 2 * HOUR).values()) == {0}
    sent(project, AT + 2 * HOUR)
    assert rounds.run(project.ledger, project.settings, AT + 20 * DAY)["mails forgotten"] == 0
    assert rounds.run(project.ledger, project.settings, AT + 40 * DAY)["mails forgotten"] == 1
    with project.ledger.read() as conn:
        assert mails.counts(conn) == {}


def test_one_step_that_fails_keeps_no_other_from_being_done(project, monkeypatch):
    note(project, person(project, "kim"))
    monkeypatch.setattr(rounds.referrals, "tidy", lambda *_: 1 / 0)
    with pytest.raises(ExceptionGroup) as raised:
        rounds.run(project.ledger, project.settings, AT + 2 * HOUR)
    assert len(raised.value.exceptions) == 1
    assert len(sent(project, AT + 2 * HOUR).mails) == 1


def test_who_has_no_mail_server_is_told_on_the_page_only(tmp_path):
    project = open_project(make(tmp_path))
    assert news.mail(project.ledger, project.settings, AT) == 0
    project.ledger.close()
