"""Sharing: one link for ever, the networks' own lengths, nobody's words without their consent."""

import io
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
import typst
import yaml
from PIL import Image

from connectors import TABLE
from rolecast import lengths, links, poster, qr, sharing
from rolecast.jobspec import JobSpec
from rolecast.ledger import clicks, people, shares
from rolecast.ledger.schema_people import notices
from rolecast.publish import now_utc
from rolecast.render import builtin_templates
from rolecast.sharing import PLACES
from tests.colleagues import HOUSE, person
from tests.connectors.test_lengths import FAMILY, SETTINGS
from tests.house import make, open_project, publish, spec

LINK = "https://jobs.ostrelund.example/r/abcdefgh"
STORM = (
    "My first storm here was in March. The harbour master rang me at two in the morning, and the "
    "whole crew was already on the quay. Nobody asked whose shift it was. If that sounds like "
    "your kind of people, talk to me."
)
# The same with what somebody changes in passing.
STORM_AGAIN = STORM.replace("in March", "in April").replace("harbour master", "boss")
# What another colleague wrote about the same job by themselves.
KIDS = (
    "Honest advice about the pilot job: the nights are long and the ladder is wet. But I have two "
    "small kids, the roster is fixed six weeks ahead, and I have never missed a birthday. The "
    "harbour crew swaps shifts without any fuss. Ask me how."
)


def job(**fields) -> JobSpec:
    return JobSpec.model_validate({"id": "pilot"} | yaml.safe_load(spec(**fields)))


@pytest.fixture
def project(tmp_path):
    root = make(tmp_path, HOUSE, pilot=spec())
    publish(root)
    opened = open_project(root)
    yield opened
    opened.ledger.close()


def news(project, who):
    with project.ledger.read() as conn:
        rows = conn.execute(notices.select().where(notices.c.person_id == who.id))
        return [(row.kind, row.job_id, json.loads(row.about)) for row in rows]


# Links


@pytest.mark.both_ledgers
def test_two_requests_at_once_get_one_link(project):
    kim, gate, found = person(project, "kim"), threading.Barrier(4), []

    def ask():
        gate.wait()
        found.append(sharing.share(project.ledger, kim.id, "pilot", "x", now_utc()))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert len(found) == 4
    assert len({one.link for one in found}) == 1
    with project.ledger.read() as conn:
        assert dict(clicks.minted(conn))[found[0].link] == "pilot"
        assert len(shares.of_job(conn, kim.id, "pilot")) == 1


@pytest.mark.both_ledgers
def test_every_person_and_place_has_a_link_of_its_own(project):
    kim, lee = person(project, "kim"), person(project, "lee")
    made = [
        sharing.share(project.ledger, who.id, "pilot", place, now_utc())
        for who in (kim, lee)
        for place in ("x", "mail")
    ]
    codes = [one.link for one in made]
    assert len(set(codes)) == 4
    assert all(links.is_code(code) for code in codes)
    with project.ledger.read() as conn:
        of = shares.of_links(conn, [*codes, "zzzzzzzz"])
    assert of == dict(zip(codes, [kim.id, kim.id, lee.id, lee.id], strict=True))


@pytest.mark.both_ledgers
def test_a_code_that_is_taken_is_not_given_again(project, monkeypatch):
    kim = person(project, "kim")
    codes = iter(["aaaaaaaa", "aaaaaaaa", "bbbbbbbb"])
    monkeypatch.setattr(links, "mint", lambda: next(codes))
    first = sharing.share(project.ledger, kim.id, "pilot", "x", now_utc())
    second = sharing.share(project.ledger, kim.id, "pilot", "mail", now_utc())
    assert (first.link, second.link) == ("aaaaaaaa", "bbbbbbbb")


@pytest.mark.both_ledgers
def test_who_leaves_takes_their_shares_but_the_link_still_leads_on(project):
    kim = person(project, "kim")
    made = sharing.share(project.ledger, kim.id, "pilot", "x", now_utc())
    sharing.lend(project.ledger, made, STORM)
    with project.ledger.begin() as conn:
        people.forget(conn, kim.id)
    with project.ledger.read() as conn:
        assert shares.of_links(conn, [made.link]) == {}
        assert shares.lent_for(conn, "pilot", "", 0, 9) == ([], 0)
        assert dict(clicks.minted(conn))[made.link] == "pilot"


# Lengths and addresses


@pytest.mark.parametrize("name", ["x", "bluesky", "mastodon", "telegram"])
def test_lengths_are_the_connectors(name):
    connector, place = TABLE[name](**SETTINGS[name]), PLACES[name]
    assert place.limit == connector.limit
    for text in ("Ahoi", "e\u0301", FAMILY * 3, "のの", "🇩🇪1️⃣", f"hi {LINK} @a@b.example", STORM):
        assert place.measure(text) == connector.measure(text), text


def test_the_other_limits_are_the_connectors():
    for name in ("linkedin", "facebook"):
        assert PLACES[name].limit == TABLE[name].limit


@pytest.mark.parametrize(
    "text", ["a." * 2500, "é." * 700, ("a." * 11 + " ") * 200, "." * 5000, "a-" * 2500 + ".com"]
)
def test_no_text_takes_long_to_count(text):
    before = now_utc()
    assert lengths.weighted(text) >= 280
    assert (now_utc() - before).total_seconds() < 5  # it was 45 seconds


EVIL = "a&b=c#d\r\nBcc: evil@x.example\n%0D%0ABcc: e@x.example?to=e {link} +ü\u202e"


def test_a_mail_has_a_subject_and_a_body_and_nothing_else():
    words = sharing.tidy(EVIL)
    address = sharing.intent(PLACES["mail"], words, "", LINK, "Pilot\r\nBcc: evil@x.example")
    parts = urlsplit(address)
    assert parts.scheme == "mailto"
    assert parts.path == ""
    fields = parse_qs(parts.query, strict_parsing=True)
    assert set(fields) == {"subject", "body"}
    assert fields["subject"] == ["Pilot Bcc: evil@x.example"]
    assert fields["body"] == [f"{words}\n{LINK}".replace("\n", "\r\n")]
    assert "\n" not in address
    assert "+" not in address  # a mail program shows it as it stands


@pytest.mark.parametrize("name", [name for name, one in PLACES.items() if "{" in one.intent])
def test_an_intent_carries_the_words_as_they_are(name):
    place, words = PLACES[name], sharing.tidy(EVIL)
    address = sharing.intent(place, words, "I work there.", LINK, "Pilot", "mastodon.example")
    asked = urlsplit(address)
    assert asked.fragment == ""
    values = [value for found in parse_qs(asked.query).values() for value in found]
    told = f"{words}\n\nI work there."
    if place.takes_words:
        assert any(told in value.replace("\r", "") for value in values)
    assert any(LINK in value for value in values)
    assert address.startswith(place.intent.partition("{")[0])


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("mastodon.social", "mastodon.social"),
        (" https://Mastodon.Social/@kim ", "mastodon.social"),
        ("@kim@chaos.social", "chaos.social"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("mastodon.social:8443", "mastodon.social:8443"),
        ("x.example/?#", "x.example"),
    ],
)
def test_a_server_is_found_in_what_people_type(typed, host):
    assert sharing.server(typed) == host


@pytest.mark.parametrize(
    "typed", ["", "kim", "javascript:alert(1)", "a b.c", "[::1]", "https://[x/", "." * 300, "a..b"]
)
def test_what_is_no_server_is_refused(typed):
    with pytest.raises(sharing.NotPossible):
        sharing.server(typed)


def test_words_lose_what_is_not_to_be_seen_and_nothing_else():
    assert sharing.tidy("a\x00b\r\nc\u202ed\n\n\n\ne") == "ab\ncd\n\ne"
    assert sharing.tidy(f"{FAMILY} ‏שלום‏ #1️⃣") == f"{FAMILY} ‏שלום‏ #1️⃣"
    with pytest.raises(sharing.NotPossible):
        sharing.tidy("x" * (sharing.MOST + 1))


def test_the_disclosure_names_the_employer_in_every_language():
    for language, told in sharing.disclosures().items():
        assert "{company}" in told, language
        assert "Ostrelund" in sharing.disclosure(language, "Ostrelund")
    assert sharing.disclosure("xx", "O{company}") == "I work at O{company}."


# Whose words


@pytest.mark.both_ledgers
def test_words_are_taken_up_with_credit_and_the_lender_hears_once(project):
    kim, lee = person(project, "kim"), person(project, "lee")
    lent = sharing.share(project.ledger, kim.id, "pilot", "linkedin", now_utc())
    sharing.lend(project.ledger, lent, STORM)
    for place in ("x", "mail", "x"):
        mine = sharing.share(project.ledger, lee.id, "pilot", place, now_utc())
        credit = sharing.take_up(project.ledger, lee, mine, STORM_AGAIN, lent.id, now_utc())
        assert credit == "Kim"
    assert news(project, kim) == [("taken", "pilot", {"name": "Lee"})]
    with project.ledger.read() as conn:
        assert shares.lent_by(conn, kim.id, 0, 9)[0][0].takers == {lee.id}
        assert {row[2] for row in shares.taken_by(conn, lee.id)} == {"Kim"}


@pytest.mark.both_ledgers
def test_who_writes_anew_writes_their_own(project):
    kim, lee = person(project, "kim"), person(project, "lee")
    lent = sharing.share(project.ledger, kim.id, "pilot", "linkedin", now_utc())
    sharing.lend(project.ledger, lent, STORM)
    mine = sharing.share(project.ledger, lee.id, "pilot", "x", now_utc())
    assert sharing.take_up(project.ledger, lee, mine, KIDS, lent.id, now_utc()) == ""
    assert news(project, kim) == []
    # Nor does one take up one's own.
    assert sharing.take_up(project.ledger, kim, lent, STORM, lent.id, now_utc()) == ""
    assert news(project, kim) == []


@pytest.mark.both_ledgers
def test_what_is_taken_back_is_gone(project):
    kim, lee = person(project, "kim"), person(project, "lee")
    lent = sharing.share(project.ledger, kim.id, "pilot", "linkedin", now_utc())
    sharing.lend(project.ledger, lent, STORM)
    with project.ledger.begin() as conn:
        assert not shares.take_back(conn, lee.id, lent.id)  # not theirs
        assert shares.take_back(conn, kim.id, lent.id)
        assert shares.get(conn, kim.id, "pilot", "linkedin").words is None
        assert shares.lent_one(conn, "pilot", lent.id) is None
    mine = sharing.share(project.ledger, lee.id, "pilot", "x", now_utc())
    assert sharing.take_up(project.ledger, lee, mine, STORM, lent.id, now_utc()) == ""


def lent(words, who="a", takers=()):
    return shares.Lent("s", who, "A", None, "pilot", "x", words, frozenset(takers))


def test_a_copy_is_noticed_and_ones_own_words_are_not():
    others = [lent(STORM, takers=("b", "me")), lent(KIDS, "c")]
    assert sharing.alike(STORM, others, job(), "me") == sharing.Alike(2)
    assert sharing.alike(STORM_AGAIN, others, job(), "me").colleagues == 2
    own = "I am a pilot and wrote this by myself about the ships, the fog and the crew."
    assert sharing.alike(own, others, job(), "me") == sharing.Alike()
    assert sharing.alike("Great team!", [lent("Great team!")], job(), "me") == sharing.Alike()
    # The distance between both kinds is what the threshold stands in.
    from rapidfuzz import fuzz

    assert fuzz.token_sort_ratio(STORM.lower(), STORM_AGAIN.lower()) > sharing.NEAR + 5
    assert fuzz.token_sort_ratio(STORM.lower(), KIDS.lower()) < sharing.KEPT


def test_the_adverts_own_text_is_noticed():
    told = job(responsibilities=["Board ships at sea in all weathers and in the dark"])
    for words in (
        "You board ships at sea and bring them safely to their berth.",
        "board ships at sea, in all weathers, and in the dark!",
        sharing.advert(told),
    ):
        assert sharing.alike(words, [], told, "me").advert, words
    assert not sharing.alike(STORM, [], told, "me").advert
    assert not sharing.alike(KIDS, [], told, "me").advert


def test_texts_without_spaces_are_compared_too():
    words = "入社して驚いたのは、夜勤の前に必ず全員でお茶を飲むことです。良い職場だと思います。"
    assert sharing.alike(words, [lent(words[:-3] + "ます。")], job(), "me").colleagues == 1


# On paper


def test_the_qr_code_is_small_sharp_and_embeds_nothing():
    made = qr.svg(LINK)
    assert made.startswith(b"<?xml")
    assert b"href" not in made
    assert made.count(b"http") == 1  # the name of SVG itself
    assert len(made) < 10_000
    picture = Image.open(io.BytesIO(qr.png(LINK)))
    assert picture.size[0] >= 400


HOSTILE = [
    '#read("/etc/passwd") *b* _i_ $x$ \\ <l> @r // c = h',
    '")); #panic("x"); #import "@preview/cetz:0.3.0"',
    "</script><script>alert(1)</script>",
    "Pilot \u202eevil\u202c \u2066x\u2069 \x07",
    "W" * 200,
    "مرشد ميناء Pilot שלום",
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz-Sachbearbeitung (m/w/d)",
    "Фізичний терапевт / фізична терапевтка",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_job_is_markup_or_breaks_the_poster(text):
    told = job(
        title=text, summary=text, team=text, company=text, responsibilities=[text * 4] * 5,
        benefits=[text], locations=[{"city": text * 3, "country": "DE"}],
    )  # fmt: skip
    assert poster.draw(told, LINK, text, "pdf").startswith(b"%PDF")
    width, height = Image.open(io.BytesIO(poster.draw(told, LINK, text, "png"))).size
    assert height / width == pytest.approx(297 / 210, abs=0.01)  # one sheet


def test_typst_is_handed_the_title_as_text():
    told = job(title=HOSTILE[0])
    template = builtin_templates() / "poster.typ"
    data = json.dumps(poster._data(told, LINK, ""))
    found = typst.query(template, "heading", sys_inputs={"data": data}, root=template.parent)
    [heading] = json.loads(found)
    assert heading["body"] == {"func": "text", "text": HOSTILE[0]}


def test_letters_that_no_font_has_are_told_and_never_boxes():
    told = job(title="港湾水先案内人", language="ja")
    with pytest.raises(poster.NoLetters) as error:
        poster.draw(told, LINK, "", "pdf", fonts=False)
    assert "Noto" in str(error.value)
    for title, language in (("Füße über Öl", "de"), ("Лоцман у порту", "uk"), ("Πλοηγός", "el")):
        assert poster.draw(job(title=title, language=language), LINK, "", "pdf", fonts=False)


def test_a_poster_says_what_matters():
    said = poster._data(
        job(language="de", responsibilities=["Fährt", "Lotst", "Funkt"], benefits=["Urlaub"]),
        LINK,
        "Kim",
    )
    assert said["kicker"] == "Wir suchen"
    assert said["lines"] == ["Fährt", "Lotst", "Urlaub"]
    assert said["pay"].startswith("72.000")
    assert said["readable"] == LINK.removeprefix("https://")
    assert said["ask"] == "Fragen? Frag Kim."
    assert poster._lines(job(responsibilities=["One"], benefits=["Two"])) == ["One", "Two"]
    assert poster._lines(job(requirements=["One"])) == ["One"]
