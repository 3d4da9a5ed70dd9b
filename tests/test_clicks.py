"""What is kept of a click, who made it, and sums that are exact however clicks arrive."""

import os
import random
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecast import agents, clicks, spool
from rolecast.clicks import BOT, HOUR, HUMAN, SECOND, SUSPECT, Click, contexts, judge, seen
from rolecast.gather import Intake, gather
from rolecast.ledger import Ledger, publications
from rolecast.ledger import clicks as kept
from rolecast.salt import DAY, Salts
from rolecast.spool import AGAIN, FRESH

PHONE = b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"
NOW = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()) * SECOND


def body(clicks):
    """A commit, as its clicks are handed over."""
    return spool.body([tuple(one) for one in clicks])


def click(link="aaaaaaaa", at=0.0, visitor=1, signals="", **more):
    """A click `at` seconds after noon."""
    return Click(link, NOW + int(at * SECOND), "phone", None, None, "", signals, visitor, **more)


@pytest.mark.parametrize(
    ("agent", "signal", "device"),
    [
        (PHONE.decode(), "", "phone"),
        ("Mozilla/5.0 (Linux; Android 10; K) Chrome/139 Safari/537", "", "tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/139.0 Safari/537.36", "", "desktop"),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) Chrome/100 Mobile Safari/537.36", "", "phone"),
        ("facebookexternalhit/1.1", "preview", "other"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://x.example)", "crawler", "desktop"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "preview", "other"),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/139.0", "headless", "desktop"),
        ("python-requests/2.32", "tool", "other"),
        ("curl/8.5.0", "tool", "other"),
        ("Mozilla/5.0 (compatible; NewThing/1.0; +https://new.example/bot)", "declared", "desktop"),
        ("BarracudaLinkProtect/1.0", "scanner", "other"),
        ("", "no-agent", "other"),
        ("Frobnicator 7", "unknown-agent", "other"),
    ],
)  # fmt: skip
def test_what_a_user_agent_says(agent, signal, device):
    found = agents.read(agent)
    assert found.device == device
    assert found.signal == signal or {found.signal, signal} <= {"preview", "crawler", "tool"}
    assert not any(letter.isdigit() for letter in found.name)


def test_a_programs_name_is_kept_without_anything_else_and_judged_again():
    agent = "Mozilla/5.0 (compatible; NewThing/1.0; jane.doe@firm.example; 10.1.2.3) bot"
    found = agents.read(agent)
    assert "jane" not in found.name
    assert "10" not in found.name
    assert agents.named("Googlebot/") or agents.named("Googlebot")
    assert agents.named("") == ""


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({b"user-agent": PHONE, b"accept-language": b"de-AT"}, (HUMAN, "")),
        ({b"user-agent": PHONE}, (SUSPECT, "no-language")),
        ({b"user-agent": PHONE, b"accept-language": b"de", b"sec-purpose": b"prefetch;prerender"},
         (BOT, "prefetch")),
        ({b"user-agent": PHONE, b"x-moz": b"prefetch"}, (BOT, "prefetch")),
        ({b"user-agent": b"curl/8", b"purpose": b"preview"}, (BOT, "prefetch")),
        ({}, (SUSPECT, "no-agent")),
    ],
)  # fmt: skip
def test_class_and_reason(headers, expected):
    found = seen(headers)
    assert judge(found.signals, found.agent) == expected


@pytest.mark.parametrize(
    ("language", "country"),
    [("de-AT,de;q=0.9", "AT"), ("de", None), ("zh-Hant-TW", "TW"), ("", None), ("\x00", None),
     ("en-001", None), ("x" * 5000, None)],
)  # fmt: skip
def test_country(language, country):
    assert clicks.country(language) == country


@pytest.mark.parametrize(
    ("referrer", "host"),
    [("https://sky.example/jane?x=1", "sky.example"), ("", None), ("http://[", None),
     ("https://jane:secret@sky.example/", "sky.example"), ("https://a b/", None),
     ("javascript:alert(1)", None), ("https://x\r\nSet-Cookie: a=b/", "xset-cookie")],
)  # fmt: skip
def test_referrer(referrer, host):
    assert clicks.referrer_host(referrer) == host


def test_contexts():
    second = click(at=9)
    assert contexts([click(), second]) == ["", "double"]
    assert contexts([second, click()]) == ["double", ""]  # whatever their order
    assert contexts([click(), click(at=11)]) == ["", ""]
    assert contexts([click(), click(visitor=2)]) == ["", ""]
    assert contexts([click(visitor=None), click(visitor=None)]) == ["", ""]
    many = [click(link=f"link{n}") for n in range(5)]
    assert contexts(many) == ["burst"] * 5
    assert contexts(many[:4]) == [""] * 4


def test_a_visitors_number_is_of_one_day_and_its_secret_is_destroyed(tmp_path):
    salts, other = Salts(tmp_path), Salts(tmp_path)  # two processes
    day = 1_800_000_000 // DAY
    number = salts.visitor(b"192.0.2.1 phone", day)
    assert other.visitor(b"192.0.2.1 phone", day) == number
    assert 0 <= number < 2**63
    (file,) = tmp_path.iterdir()
    secret = file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert salts.visitor(b"192.0.2.1 phone", day + 1) != number
    assert all(path.read_bytes() != secret for path in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == 1
    # Nothing that is left tells whose number it was.
    assert Salts(tmp_path).visitor(b"192.0.2.1 phone", day) != number


def test_a_secret_that_cannot_be_kept_stays_in_memory(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    salts = Salts(blocked / "salt")
    assert salts.visitor(b"x", 0) == salts.visitor(b"x", 0)


# The ledger


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(f"sqlite:///{tmp_path}/ledger.db").open()
    links(made)
    yield made
    made.close()


LINKS = ["aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd", "eeeeeeee", "ffffffff"]


def links(ledger):
    with ledger.begin() as conn:
        for number, code in enumerate(LINKS):
            conn.exec_driver_sql(
                "insert into links (code, job_id, channel, moment, made) values "
                f"('{code}', 'job-{number % 2}', 'net-{number}', 'announce', "
                "'2026-11-23 00:00:00.000000')"
            )


def sums(ledger):
    with ledger.read() as conn:
        return tuple(
            sorted(tuple(row) for row in conn.exec_driver_sql(f"select * from {table}") if row[-1])
            for table in ("clicks_hourly", "clicks_daily", "clicks_total")
        )


def verdicts(ledger):
    with ledger.read() as conn:
        found = [(one.click, one.verdict, one.reason) for one in kept.everything(conn)]
    return sorted(found, key=repr)  # a visitor may be None


def add(ledger, found):
    with ledger.begin() as conn:
        kept.add(conn, found)


A_CLICK = st.builds(
    click,
    link=st.sampled_from(LINKS),
    at=st.one_of(st.floats(0, 40), st.floats(3590, 3610)),
    visitor=st.sampled_from([1, 2, None]),
    signals=st.sampled_from(["", "", "", "crawler", "no-language"]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(A_CLICK, max_size=30), st.randoms(use_true_random=False))
def test_sums_are_exact_however_clicks_arrive(tmp_path_factory, found, chance):
    """In any order and in any parts the verdicts and the sums are those of all clicks at once,
    and counting all of them again changes nothing."""
    expected = [judge(one.signals, one.agent, context)
                for one, context in zip(found, contexts(found), strict=True)]  # fmt: skip
    ledger = Ledger(f"sqlite:///{tmp_path_factory.mktemp('sums')}/ledger.db").open()
    links(ledger)
    left = list(found)
    chance.shuffle(left)
    while left:
        part = [left.pop() for _ in range(min(len(left), chance.randint(1, 9)))]
        add(ledger, part)
    together = [(one, *verdict) for one, verdict in zip(found, expected, strict=True)]
    assert verdicts(ledger) == sorted(together, key=repr)
    before = sums(ledger)
    assert sum(row[-1] for row in before[0]) == len(found)
    with ledger.begin() as conn:
        assert kept.rejudge(conn) == 0
        kept.recount(conn)
    assert sums(ledger) == before
    ledger.close()


def test_better_rules_judge_old_clicks_again(ledger, monkeypatch):
    add(ledger, [click(signals="no-language"), click(at=60), click(at=61)])
    assert [row[1:] for row in verdicts(ledger)] == [
        (SUSPECT, "no-language"), (HUMAN, ""), (SUSPECT, "double"),
    ]  # fmt: skip
    monkeypatch.setitem(clicks.VERDICTS, "no-language", BOT)
    clicks.judged.cache_clear()
    with ledger.begin() as conn:
        assert kept.rejudge(conn) == 1
    clicks.judged.cache_clear()
    assert verdicts(ledger)[0][1:] == (BOT, "no-language")
    after = sums(ledger)
    with ledger.begin() as conn:
        kept.recount(conn)
    assert sums(ledger) == after


def test_old_clicks_are_dropped_and_their_sums_stay(ledger):
    add(ledger, [click(at=n * 1800) for n in range(6)])
    before = sums(ledger)
    with ledger.begin() as conn:
        assert kept.drop(conn, NOW + HOUR + 17) == 2  # whole hours
        kept.recount(conn)
        kept.rejudge(conn)
    assert sums(ledger) == before
    assert len(verdicts(ledger)) == 4


# The spool


def written(folder, *commits, kind=FRESH):
    made = spool.Spool(folder)
    made.write([(kind, body(commit)) for commit in commits])
    return made


def test_gathering_takes_each_click_once_whenever_it_is_cut_off(ledger, tmp_path):
    first = [click(at=n) for n in range(3)]
    made = written(tmp_path / "spool", first[:1], first[1:])
    (segment,) = spool.segments(tmp_path / "spool")
    for _ in range(3):
        gather(ledger, tmp_path / "spool")
        assert len(verdicts(ledger)) == 3
    assert segment.exists()  # its writer lives
    made.write([(FRESH, body([click(at=50)]))])
    made.close()
    gather(ledger, tmp_path / "spool")
    assert len(verdicts(ledger)) == 4
    assert not segment.exists()
    gather(ledger, tmp_path / "spool")
    assert sum(row[-1] for row in sums(ledger)[0]) == 4


def test_a_cut_off_line_was_never_answered_and_a_damaged_one_is_told(ledger, tmp_path):
    made = written(tmp_path / "spool", [click()], [click(at=20)], [click(at=40)])
    (segment,) = spool.segments(tmp_path / "spool")
    data = bytearray(segment.read_bytes())
    lines = bytes(data).rstrip(b"\0").split(b"\n")
    data[len(lines[0]) + 20] ^= 1  # a bit of the second line
    end = sum(len(line) + 1 for line in lines)
    data[end : end + 9] = b"cut off, "
    segment.write_bytes(data)
    made.close()
    gather(ledger, tmp_path / "spool")
    assert len(verdicts(ledger)) == 2
    with ledger.read() as conn:
        assert kept.state(conn)["damaged"] == 1


def test_what_is_handed_over_again_is_taken_once(ledger, tmp_path):
    both = [click(), click(at=1, visitor=None)]
    written(tmp_path / "spool", both).close()
    written(tmp_path / "spool", both, kind=AGAIN).close()
    written(tmp_path / "spool", [click(at=99)], kind=AGAIN).close()
    gather(ledger, tmp_path / "spool")
    assert len(verdicts(ledger)) == 3


def test_segments_are_read_in_the_order_in_which_they_were_begun(tmp_path, monkeypatch):
    written(tmp_path / "spool", [click()]).close()
    monkeypatch.setattr(time, "time_ns", lambda: 5)  # the clock goes back to 1970
    written(tmp_path / "spool", [click()]).close()
    first, second = spool.segments(tmp_path / "spool")
    assert first.stat().st_mtime <= second.stat().st_mtime


def test_a_disk_that_fails_leaves_nothing_half(tmp_path, monkeypatch):
    made = written(tmp_path / "spool", [click()])
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        made.write([(FRESH, body([click(at=1)]))])
    monkeypatch.setattr(os, "pwrite", real)
    made.write([(AGAIN, body([click(at=1)]))])
    made.close()
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db").open()
    gather(ledger, tmp_path / "spool")
    assert len(verdicts(ledger)) == 2
    ledger.close()


def test_random_visitors_at_random_times_add_up(ledger):
    chance = random.Random(7)
    found = [
        click(chance.choice(LINKS), chance.uniform(0, 7200), chance.randint(1, 40))
        for _ in range(2000)
    ]
    for start in range(0, 2000, 150):
        add(ledger, found[start : start + 150])
    before = sums(ledger)
    with ledger.begin() as conn:
        assert kept.rejudge(conn) == 0
        kept.recount(conn)
    assert sums(ledger) == before


def test_publications_count_people(ledger):
    add(ledger, [click(), click(at=1), click(at=60), click("bbbbbbbb", signals="crawler")])
    with ledger.read() as conn:
        assert kept.people(conn, ["aaaaaaaa", "bbbbbbbb"]) == {"aaaaaaaa": 2, "bbbbbbbb": 0}
        assert kept.of_links(conn, ["bbbbbbbb"]) == {"bbbbbbbb": {BOT: 1}}
        assert publications.everything(conn) == []


def test_clicks_wait_on_the_disk_while_postgresql_is_away(ledger, tmp_path, capfd):
    nowhere = Ledger("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    store = Intake(nowhere, tmp_path / "spool")
    for second in range(3):
        store.write([(FRESH, body([click(at=second * 20)]))])
    store.spool.close()
    assert capfd.readouterr().err.count("wait on the disk") == 1  # asked again after a while only
    add(ledger, [click(at=20)])  # this one had arrived in spite of the error
    gather(ledger, tmp_path / "spool")
    assert len(verdicts(ledger)) == 3
    nowhere.close()


def test_what_a_ledger_took_in_is_judged_and_put_away(ledger, tmp_path):
    store = Intake(ledger, tmp_path / "spool")
    again = (AGAIN, body([click()]))
    store.write([(FRESH, body([click(), click(at=1)])), again, again])
    gather(ledger, tmp_path / "spool")
    assert [row[2] for row in verdicts(ledger)] == ["", "double"]
    with ledger.read() as conn:
        assert kept.taken_in(conn) == []
