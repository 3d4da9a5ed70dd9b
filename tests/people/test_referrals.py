"""Referrals: their states, what is erased, one mail for a friend, and how outcomes move them."""

import threading
from datetime import timedelta
from itertools import permutations, product

import pytest
from sqlalchemy import event, select, update

from rolecast import crediting, friends, inviting, naming, passing, referrals
from rolecast.credit import load
from rolecast.ledger import outcomes
from rolecast.ledger import referrals as store
from rolecast.ledger.referral_states import (
    ERASED,
    TRANSITIONS,
    WITH_US,
    State,
    WrongTransition,
)
from rolecast.ledger.schema_people import mails, silenced
from rolecast.ledger.schema_people import referrals as table
from rolecast.outbox import Rejected
from rolecast.outcomes import Outcome
from rolecast.people import NotOurs, hashed
from rolecast.promises import promised
from rolecast.publish import now_utc
from rolecast.referrals import Missing, NotPossible
from tests.colleagues import HOUSE, Mailbox, make, person
from tests.house import drop, open_project, publish, spec
from tests.people.naming import (
    FORM,
    ROBIN,
    at,
    deliver,
    job,
    refer,
    rows,
    secret_of,
    told,
    waiting,
    words_in_the_ledger,
)

pytestmark = pytest.mark.both_ledgers
DAY = timedelta(days=1)
YES = {"friend": "Robin Reef", "contact": ROBIN}


@pytest.fixture
def house(tmp_path):
    root = make(tmp_path, HOUSE, pilot=spec())
    drop(root, "hand", spec(title="Deck Hand"))
    for number in range(3):
        drop(root, f"more-{number}", spec(title=f"More {number}"))
    publish(root)
    project = open_project(root)
    yield project
    project.ledger.close()


@pytest.fixture
def kim(house):
    return person(house, "kim")


@pytest.fixture
def lee(house):
    return person(house, "lee")


def agreed(project, who, **typed):
    """A friend who has agreed."""
    one = refer(project, who, **typed)
    friends.agree(project.ledger, project.settings, secret_of(project), YES, now_utc())
    return next(row for row in rows(project, who) if row.id == one.id)


def desk(project):
    return passing.Desk(project.ledger, project.settings, load("v1"), "rita@ostrelund.example")


def news(project, stage, when=None, application="A-1", source="ats", now=None, **more):
    when = when or now_utc()
    outcome = Outcome(application=application, stage=stage, at=when, **more)
    key = f"{application}{stage}{when.isoformat()}"
    crediting.take(project.ledger, source, key, [outcome], load("v1"), now or when)


# States


def test_every_step_of_the_table_can_be_taken_and_no_other(house, kim):
    one = refer(house, kim)
    for old, new in product(State, State):
        with house.ledger.begin() as conn:
            values = {"state": old, "friend": "Robin", "note": "n", "promise": at(30)}
            conn.execute(update(table).where(table.c.id == one.id).values(**values))
            before = store.get(conn, one.id)
            if new not in TRANSITIONS[old]:
                with pytest.raises(WrongTransition):
                    store.move(conn, before, new, now_utc())
                assert store.get(conn, one.id) == before
                continue
            assert store.move(conn, before, new, now_utc())
            after = store.get(conn, one.id)
            assert after.state is new
            assert (after.friend is None, after.note is None) == (new in ERASED, new in ERASED)
            assert not store.move(conn, before, new, now_utc())  # it was moved meanwhile


# Naming


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"friend": " \u202e\n "}, "name"),
        ({"contact": "robin"}, "mail address"),
        ({"contact": "a@b.example, c@d.example"}, "mail address"),
        ({"contact": "robin@reef.example\nBcc: all@x.example"}, "mail address"),
        ({"how": "spouse"}, "how you know"),
        ({"sure": ""}, "Confirm"),
        ({"note": "x" * 1001}, "at most 1000"),
        ({"words": "x" * 1001}, "at most 1000"),
        ({"friend": "x" * 101}, "at most 100"),
        ({"contact": "kim@ostrelund.example"}, "your own"),
        ({"contact": "Lee@Ostrelund.example"}, "colleague"),
    ],
)
def test_what_cannot_be_taken_is_told_and_changes_nothing(house, kim, typed, words):
    with pytest.raises((naming.NotThus, NotOurs, NotPossible), match=words):
        refer(house, kim, **typed)
    assert rows(house) == []
    assert waiting(house) == []


def test_a_day_has_ten_friends_and_the_next_one_too(house, kim, lee):
    for number in range(inviting.PER_DAY):
        refer(house, kim, at(23), contact=f"friend{number}@reef.example")
    with pytest.raises(NotPossible, match="within a day"):
        refer(house, kim, at(23, 20), contact="one.more@reef.example")
    refer(house, lee, at(23, 20), contact="one.more@reef.example")
    refer(house, kim, at(24, 13), contact="another@reef.example")


def test_a_closed_job_and_a_house_without_mail_take_nobody(house, kim):
    closed = job(house).model_copy(update={"closes": (now_utc() - 2 * DAY).date()})
    no_mail = house.settings.model_copy(update={"mail": None})
    typed = naming.read(FORM)
    with pytest.raises(NotPossible, match="not open"):
        inviting.name(house.ledger, house.settings, kim, closed, typed, now_utc())
    with pytest.raises(NotPossible, match="No mail"):
        inviting.name(house.ledger, no_mail, kim, job(house), typed, now_utc())


def test_a_friend_gets_one_mail_whoever_names_them_and_however_often(house, kim, lee):
    refer(house, kim, at(2))
    secret = secret_of(house, at(2))
    with pytest.raises(NotPossible, match="already"):
        refer(house, kim, at(3), contact="ROBIN@reef.example")
    refer(house, lee, at(3))
    assert deliver(house, at(3)).mails == []
    friends.decline(house.ledger, secret, {}, at(4))
    assert [row.state for row in rows(house)] == ["declined", "declined"]
    refer(house, kim, at(5))
    refer(house, person(house, "mia"), at(6))
    assert deliver(house, at(6)).mails == []
    refer(house, kim, at(6), job_id="hand")  # another job is another mail
    assert len(deliver(house, at(6)).mails) == 1


def test_two_at_once_are_one_mail(house, kim, lee):
    start = threading.Barrier(2)

    def work(who):
        start.wait()
        refer(house, who)

    threads = [threading.Thread(target=work, args=(who,)) for who in (kim, lee)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows(house)) == 2
    assert len(deliver(house).mails) == 1


def test_nobody_is_flooded_by_many_jobs(house, kim, lee):
    for number, who in enumerate((kim, lee, kim)):
        refer(house, who, at(2), job_id=f"more-{number}")
    refer(house, lee, at(3), job_id="pilot")
    assert len(deliver(house, at(3)).mails) == inviting.MAILS
    assert len(rows(house)) == 4


def test_who_is_known_costs_the_same_questions_as_who_is_not(house, kim, lee):
    """The ledger is asked the same, in the same order: so the time is the same, too."""
    asked = []

    def note(conn, cursor, statement, *more):
        asked.append(statement)

    refer(house, kim, contact="known@reef.example")
    refer(house, kim, contact="unwanted@reef.example")
    (*_, mail) = deliver(house).mails
    friends.decline(
        house.ledger, mail.get_content().split("/friend/")[1][:43], {"silence": "yes"}, now_utc()
    )
    event.listen(house.ledger.engine, "before_cursor_execute", note)
    found = []
    typed, spec_ = naming.read(FORM), job(house)
    for address in ("new", "known", "unwanted"):
        asked.clear()
        one = naming.Naming(typed.friend, f"{address}@reef.example", "work", "", "")
        inviting.name(house.ledger, house.settings, lee, spec_, one, now_utc())
        found.append(list(asked))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > 6
    assert [row.state for row in rows(house, lee)] == ["asked"] * 3
    assert len({row.promise - row.made for row in rows(house, lee)}) == 1


# The friend


def test_the_secret_is_nowhere_in_the_ledger_once_the_mail_has_gone(house, kim):
    refer(house, kim)
    secret = secret_of(house)
    assert words_in_the_ledger(house, [secret]) == set()
    assert rows(house)[0].secret == hashed(secret)
    assert len(secret) == 43  # 256 bits
    with pytest.raises(friends.Gone):
        friends.look(house.ledger, house.settings, hashed(secret), now_utc())


def test_nothing_is_with_the_recruiters_before_the_friend_agrees(house, kim):
    one = refer(house, kim)
    with house.ledger.read() as conn:
        assert store.at_the_desk(conn, WITH_US, 0, 9) == ([], 0)
        assert referrals.promises(conn, now_utc() + 60 * DAY) == []
    for work in (lambda d: d.set(one.id, "passed_on", now_utc()),
                 lambda d: d.reject(one.id, "Sorry", now_utc()),
                 lambda d: d.tie(one.id, "ats", "A-1", now_utc())):  # fmt: skip
        with pytest.raises(Missing):
            work(desk(house))
    secret = secret_of(house)
    friends.agree(house.ledger, house.settings, secret, YES | {"friend": "Robin R."}, now_utc())
    with house.ledger.read() as conn:
        ((row,), total) = store.at_the_desk(conn, WITH_US, 0, 9)
    assert (row.friend, total, row.state) == ("Robin R.", 1, State.agreed)
    assert row.promise == promised(now_utc(), 10)
    assert told(house, kim) == ["agreed"]
    friends.agree(house.ledger, house.settings, secret, YES, now_utc())  # twice
    assert told(house, kim) == ["agreed"]
    assert rows(house)[0].link == row.link


@pytest.mark.parametrize("how", ["decline", "take_back", "tidy", "withdraw", "leave"])
def test_erased_is_erased(house, kim, how):
    """No row of any table holds a word of the friend's or about them."""
    one = refer(house, kim)
    secret = secret_of(house)
    assert words_in_the_ledger(house) == {
        "referrals.friend", "referrals.contact", "referrals.how", "referrals.note",
    }  # fmt: skip
    now = now_utc()
    if how == "decline":
        friends.decline(house.ledger, secret, {"silence": "yes"}, now)
    elif how == "take_back":
        inviting.take_back(house.ledger, house.settings, kim, one.id, now)
    elif how == "tidy":
        assert referrals.tidy(house.ledger, now + 31 * DAY) == 1
    else:
        friends.agree(house.ledger, house.settings, secret, YES, now)
        desk(house).extend(one.id, str((now + 5 * DAY).date()), "Robin is being read", now)
        if how == "withdraw":
            friends.withdraw(house.ledger, secret, {"silence": "yes"}, now)
        else:
            desk(house).reject(one.id, "Robin is great, and somebody else was first", now)
            assert referrals.tidy(house.ledger, now + 29 * DAY) == 0
            assert words_in_the_ledger(house)
            assert referrals.tidy(house.ledger, now + 31 * DAY) == 1
    assert words_in_the_ledger(house) == set()
    (row,) = rows(house)
    assert (row.secret, row.mark, row.word) == (None, None, None)
    assert row.made is not None
    with pytest.raises(friends.Gone):
        friends.look(house.ledger, house.settings, secret, now)


def test_a_mail_that_waits_is_erased_with_its_referral(house, kim):
    one = refer(house, kim)
    assert "mails.body" in words_in_the_ledger(house)
    inviting.take_back(house.ledger, house.settings, kim, one.id, now_utc())
    assert words_in_the_ledger(house) == set()
    assert deliver(house).mails == []
    refer(house, kim)  # nothing had been sent: a typing error is mended
    assert len(deliver(house).mails) == 1


def test_a_mail_that_is_being_sent_while_it_is_taken_back_stays_erased(house, kim):
    one = refer(house, kim)

    class Slow(Mailbox):
        def send(self, mail):
            inviting.take_back(house.ledger, house.settings, kim, one.id, now_utc())
            super().send(mail)

    assert len(deliver(house, box=Slow()).mails) == 1
    assert words_in_the_ledger(house) == set()
    refer(house, kim)
    assert deliver(house).mails == []  # they have one


def test_who_wants_no_mails_gets_none_for_any_job(house, kim, lee):
    refer(house, kim)
    friends.decline(house.ledger, secret_of(house), {"silence": "yes"}, now_utc())
    refer(house, lee, job_id="hand")
    refer(house, kim, job_id="more-1")
    assert deliver(house).mails == []
    referrals.tidy(house.ledger, now_utc() + 400 * DAY)
    with house.ledger.read() as conn:
        kept = list(conn.execute(select(silenced)))
    assert [row.job_id for row in kept] == [None]
    assert ROBIN not in str(kept)


def test_who_wants_no_mails_does_not_get_the_one_that_waits(house, kim, lee):
    refer(house, kim)
    secret = secret_of(house)
    refer(house, lee, job_id="hand")
    refer(house, lee, job_id="hand", contact="sam@reef.example")
    friends.agree(house.ledger, house.settings, secret, YES | {"silence": "yes"}, now_utc())
    assert [mail["To"] for mail in deliver(house).mails] == ["sam@reef.example"]
    assert rows(house, kim)[0].state == "agreed"


def test_no_mails_holds_for_the_address_that_was_named_also_when_it_was_corrected(house, kim, lee):
    refer(house, kim)
    secret = secret_of(house)
    new = {"friend": "Robin", "contact": "+49 421 555 0100"}
    friends.agree(house.ledger, house.settings, secret, new, now_utc())
    friends.withdraw(house.ledger, secret, {"silence": "yes"}, now_utc())
    refer(house, lee, job_id="hand")
    assert deliver(house).mails == []


def test_a_friend_decides_on_all_who_have_named_them(house, kim, lee):
    refer(house, kim)
    secret = secret_of(house)
    refer(house, lee, note="Robin bakes, too.")
    found = friends.look(house.ledger, house.settings, secret, now_utc())
    assert [one.by for one in found.asked] == ["Kim", "Lee"]
    friends.agree(house.ledger, house.settings, secret, YES, now_utc())
    assert [row.state for row in rows(house)] == ["agreed", "agreed"]
    assert len({row.link for row in rows(house)}) == 2
    assert told(house, lee) == ["agreed"]
    refer(house, person(house, "mia"))  # asks again; what was agreed stays
    friends.decline(house.ledger, secret, {}, now_utc())
    assert sorted(row.state for row in rows(house)) == ["agreed", "agreed", "declined"]
    friends.withdraw(house.ledger, secret, {}, now_utc())
    assert told(house, kim) == ["agreed", "withdrawn"]
    assert words_in_the_ledger(house) == set()


def test_the_mail_serves_the_next_who_has_named_them_when_the_first_takes_it_back(house, kim, lee):
    one = refer(house, kim)
    secret = secret_of(house)
    refer(house, lee)
    inviting.take_back(house.ledger, house.settings, kim, one.id, now_utc())
    found = friends.look(house.ledger, house.settings, secret, now_utc())
    assert [each.by for each in found.asked] == ["Lee"]
    assert deliver(house).mails == []


def test_a_mail_that_was_not_sent_goes_out_in_the_name_of_the_next(house, kim, lee):
    one = refer(house, kim)
    refer(house, lee)
    inviting.take_back(house.ledger, house.settings, kim, one.id, now_utc())
    (mail,) = deliver(house).mails
    assert mail["Subject"].startswith("Lee thinks of you")
    assert "Kim" not in mail.get_content()


def test_nobody_takes_back_what_is_answered_or_anothers(house, kim, lee):
    one = refer(house, kim)
    for who, id_ in ((lee, one.id), (kim, "0" * 16), (kim, "\x00")):
        with pytest.raises(Missing):
            inviting.take_back(house.ledger, house.settings, who, id_, now_utc())
    friends.agree(house.ledger, house.settings, secret_of(house), YES, now_utc())
    with pytest.raises(NotPossible, match="answered"):
        inviting.take_back(house.ledger, house.settings, kim, one.id, now_utc())


def test_yes_and_no_at_the_same_moment_are_one_of_them(house, kim):
    refer(house, kim)
    secret, start, gone = secret_of(house), threading.Barrier(2), []

    def say(work, *given):
        start.wait()
        try:
            work(*given, now_utc())
        except friends.Gone:
            gone.append(work)

    both = [
        threading.Thread(
            target=say, args=(friends.agree, house.ledger, house.settings, secret, YES)
        ),
        threading.Thread(target=say, args=(friends.decline, house.ledger, secret, {})),
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    (row,) = rows(house)
    assert told(house, kim) == [row.state]
    assert (row.state, bool(row.friend)) in {("agreed", True), ("declined", False)}


def test_a_mail_that_no_server_takes_is_told_and_can_be_mended(house, kim, lee):
    one, other = refer(house, kim), refer(house, lee)

    class Wrong(Mailbox):
        def send(self, mail):
            raise Rejected("no such mailbox")

    deliver(house, box=Wrong())
    assert referrals.undelivered(house.ledger, now_utc()) == 1
    assert referrals.undelivered(house.ledger, now_utc()) == 0
    assert told(house, kim) == told(house, lee) == ["undelivered"]
    with house.ledger.read() as conn:
        (row,) = referrals.of_person(conn, kim.id)
    assert referrals.is_undelivered(row)
    inviting.take_back(house.ledger, house.settings, lee, other.id, now_utc())
    inviting.take_back(house.ledger, house.settings, kim, one.id, now_utc())
    refer(house, kim)
    assert len(deliver(house).mails) == 1


def test_without_an_answer_it_deletes_itself_and_no_reminder_goes_out(house, kim):
    refer(house, kim, at(2))
    assert len(deliver(house, at(2)).mails) == 1
    assert referrals.tidy(house.ledger, at(2) + 29 * DAY) == 0
    assert referrals.tidy(house.ledger, at(2) + 30 * DAY) == 1
    assert referrals.tidy(house.ledger, at(2) + 30 * DAY) == 0
    assert told(house, kim) == ["forgotten"]
    assert deliver(house, at(2) + 30 * DAY).mails == []
    (row,) = rows(house)
    assert (row.state, row.friend, row.promise) == ("forgotten", None, None)


# The desk and outcomes


def test_a_recruiter_passes_on_promises_and_ends_it_with_a_word(house, kim):
    one, now = agreed(house, kim), now_utc()
    ours = desk(house)
    ours.set(one.id, "passed_on", now)
    ours.extend(one.id, str((now + 20 * DAY).date()), "The manager is at sea.", now)
    row = rows(house)[0]
    assert row.promise == promised(now + 20 * DAY, 0)
    assert row.word == "The manager is at sea."
    ours.set(one.id, "interviewed", now)
    assert rows(house)[0].word is None  # said of another day
    with pytest.raises(NotPossible):
        ours.set(one.id, "passed_on", now)  # never back
    with pytest.raises(NotPossible):
        ours.set(one.id, "rejected", now)  # not without a word
    for day in ("yesterday", "2020-01-01", "2099-01-01", ""):
        with pytest.raises(NotPossible):
            ours.extend(one.id, day, "Why", now)
    with pytest.raises(NotPossible):
        ours.reject(one.id, "  ", now)
    ours.reject(one.id, "It was close.", now)
    assert told(house, kim) == ["agreed", "passed_on", "extended", "interviewed", "rejected"]
    row = rows(house)[0]
    assert (row.state, row.word, row.promise) == ("rejected", "It was close.", None)


def test_promises_that_break_are_known(house, kim):
    one = agreed(house, kim)
    with house.ledger.begin() as conn:
        store.change(conn, one.id, promise=promised(at(23), 5))
    with house.ledger.read() as conn:
        assert referrals.promises(conn, at(25)) == []
        (due,) = referrals.promises(conn, at(26))
        assert (due.by, due.broken) == ("Kim", False)
        assert not referrals.promises(conn, at(30, 23))[0].broken
        assert referrals.promises(conn, at(1, 0, 12))[0].broken


def test_outcomes_by_the_friends_own_link_move_it(house, kim):
    one, now = agreed(house, kim), now_utc()
    news(house, "applied", now, ref=one.link)
    row = rows(house)[0]
    assert (row.state, row.source, row.application) == ("applied", "ats", "A-1")
    for stage in ("interviewed", "screened", "hired", "started"):
        now += DAY
        news(house, stage, now)
    assert told(house, kim) == ["agreed", "applied", "interviewed", "hired", "started"]
    assert rows(house)[0].promise is None
    news(house, "interviewed", now + DAY, application="A-2", ref=one.link)  # passed on by hand
    assert rows(house)[0].application == "A-1"


@pytest.mark.parametrize("stages", [
    ["applied", "interviewed", "rejected"], ["applied", "rejected", "hired"],
    ["applied", "offered", "withdrawn"],
])  # fmt: skip
def test_the_order_of_arrival_does_not_matter(house, kim, stages):
    """What happened last is what holds, whenever it is told."""
    start, ends = now_utc() + DAY, set()
    timed = [(stage, start + number * DAY) for number, stage in enumerate(stages)]
    for number, order in enumerate(permutations(timed)):
        one = agreed(house, person(house, f"p{number}"), contact=f"f{number}@reef.example")
        for stage, when in order:
            news(house, stage, when, f"A-{number}", now=start + 9 * DAY, ref=one.link)
        ends.add(rows(house, person(house, f"p{number}"))[0].state)
    # Who has withdrawn once stays so: that is not taken back by a late message.
    assert ends == {stages[-1]}


def test_what_a_recruiter_has_ended_is_not_undone_by_old_news(house, kim):
    one, now = agreed(house, kim), now_utc()
    desk(house).reject(one.id, "Sorry.", now)
    news(house, "applied", now - DAY, ref=one.link, now=now)
    assert rows(house)[0].state == "rejected"
    news(house, "interviewed", now + DAY)
    assert rows(house)[0].state == "interviewed"


def test_a_recruiter_says_which_application_it_became(house, kim, lee):
    one = agreed(house, kim)
    news(house, "applied", application="A-7")
    news(house, "screened", application="A-7")
    ours = desk(house)
    for number in ("Jane Doe", "a@b", "", "x" * 129, "é", "\x00"):
        with pytest.raises(NotPossible):
            ours.tie(one.id, "", number, now_utc())
    with pytest.raises(NotPossible, match="Nothing is known"):
        ours.tie(one.id, "", "A-9", now_utc())
    ours.tie(one.id, "", "A-7", now_utc())
    row = rows(house)[0]
    assert (row.state, row.source, row.application) == ("screened", "ats", "A-7")
    news(house, "hired", application="A-7")
    assert rows(house)[0].state == "hired"
    other = agreed(house, lee, contact="sam@reef.example")
    ours.tie(other.id, "desk", "later", now_utc())  # before anything is known of it
    assert rows(house, lee)[0].state == "applied"
    news(house, "offered", application="later", source="desk")
    assert rows(house, lee)[0].state == "offered"


def test_whoever_has_named_the_same_friend_hears_as_well(house, kim, lee):
    refer(house, kim)
    secret = secret_of(house)
    refer(house, lee)
    friends.agree(house.ledger, house.settings, secret, YES, now_utc())
    refer(house, person(house, "mia"))  # to whom the friend has not said yes
    code = rows(house, kim)[0].link
    news(house, "applied", ref=code)
    news(house, "hired", now_utc() + DAY)
    assert told(house, kim) == told(house, lee) == ["agreed", "applied", "hired"]
    assert told(house, person(house, "mia")) == []


def test_a_friend_who_has_withdrawn_is_not_followed_any_more(house, kim):
    refer(house, kim)
    secret = secret_of(house)
    friends.agree(house.ledger, house.settings, secret, YES, now_utc())
    code = rows(house)[0].link
    friends.withdraw(house.ledger, secret, {}, now_utc())
    news(house, "applied", ref=code)
    row = rows(house)[0]
    assert (row.state, row.application) == ("withdrawn", None)
    assert told(house, kim) == ["agreed", "withdrawn"]


def test_news_and_the_state_are_one_transaction(house, kim, monkeypatch):
    one = agreed(house, kim)

    def fail(*given):
        raise OSError("the power went")

    monkeypatch.setattr(crediting, "settle", fail)
    with pytest.raises(OSError, match="power"):
        news(house, "applied", ref=one.link)
    assert rows(house)[0].state == "agreed"
    with house.ledger.read() as conn:
        assert outcomes.of_application(conn, "ats", "A-1") == []


def test_a_forgotten_application_leaves_no_number_behind(house, kim):
    one = agreed(house, kim)
    news(house, "applied", ref=one.link)
    with house.ledger.begin() as conn:
        outcomes.forget(conn, "ats", "A-1")
        store.untie(conn, "ats", "A-1")
    assert words_in_the_ledger(house, ["A-1"]) == set()


def test_a_mail_is_gone_when_its_colleague_is(house, kim):
    from rolecast.ledger import people

    refer(house, kim)
    with house.ledger.begin() as conn:
        people.forget(conn, kim.id)
        assert list(conn.execute(select(mails))) == []
    assert words_in_the_ledger(house) == set()
