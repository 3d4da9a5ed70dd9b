"""A plausible company for the screenshots: six weeks of posts, shares, clicks, applications and
referrals, with something that failed, something to agree to and something that has drifted.

Made by the product's own functions; only the clock is turned back while it is made.
"""

from __future__ import annotations

import random
import socketserver
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import update

from rolecast import asking, bonuses, friends, passing, sharing, signin, suggestions
from rolecast.credit import load
from rolecast.ledger import people, searches
from rolecast.ledger.schema import publications
from rolecast.project import Project
from tests import figures
from tests.house import open_project, publish
from tests.people import naming

JOB, NURSE = "data-engineer-grid", "night-nurse-cardiology"
WEEKS = 6
CHANNELS = """
[channels.board]
connector = "board"
base_url = "{url}"

[channels.bluesky]
connector = "bluesky"
service = "{pds}"
handle = "{handle}"

[channels.blog]
connector = "wordpress"
url = "http://127.0.0.1:9"
user = "rolecast"
route = {{ tags = ["remote"] }}

[channels.campus]
connector = "byhand"
where = "University career portal"
route = {{ tags = ["campus"] }}

"""
POLICY = """
[channels.bluesky.policy]
approval = "always"
"""
SETTINGS = """
[company]
name = "Ostrelund Works"
timezone = "Europe/Berlin"
url = "{url}"

[people]
domains = ["ostrelund.example"]
recruiters = ["rita.holm@ostrelund.example"]
admins = ["ada.brandt@ostrelund.example"]
goals = {{ Forecasting = 4 }}

[mail]
host = "127.0.0.1"
port = {mail}
security = "none"
sender = "jobs@ostrelund.example"

[systems.ats]
kind = "rolecast"
"""
COLLEAGUES = ("kim.larsen", "lee.vogt", "bo.hansen", "mara.ilic", "tom.reuter", "jana.koch")
WORDS = (
    "Nobody told me before I joined how quiet a control room is when the forecast is right. "
    "We look for one more who wants that quiet.",
    "I moved from web shops to wind farms last year. The data is messier, the people are kinder.",
    "If you like being the one who finds out why, come and sit beside me.",
)


class _Sink(socketserver.StreamRequestHandler):
    """Takes every mail and forgets it."""

    def handle(self) -> None:
        say = lambda line: self.wfile.write(line + b"\r\n")  # noqa: E731
        say(b"220 sink")
        in_data = False
        for line in self.rfile:
            if in_data:
                if line == b".\r\n":
                    in_data = say(b"250 taken") and False
                continue
            word = line[:4].upper()
            in_data = word == b"DATA"
            say({b"DATA": b"354 go on", b"QUIT": b"221 bye"}.get(word, b"250 fine"))
            if word == b"QUIT":
                return


@contextmanager
def sink():
    """A mail server on this machine; its port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Sink) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def person(project: Project, who: str):
    """first.last@ostrelund.example."""
    address = f"{who}@ostrelund.example"
    name = " ".join(part.capitalize() for part in who.split("."))
    with project.ledger.begin() as conn:
        return signin.known(conn, project.settings, address, name, datetime.now(UTC))


def make(root: Path, env: dict[str, str]) -> None:
    """Everything that happened in the folder's company until now."""
    now = datetime.now(UTC)
    begin = now - timedelta(weeks=WEEKS)

    class Then(datetime):
        """Six weeks ago."""

        @classmethod
        def now(cls, tz=None):
            return begin

    with patch("rolecast.publish.datetime", Then):
        publish(root, env)
    project = open_project(root, env)
    figures.NOW = now
    world = figures.World(project.ledger)
    everybody = [person(project, who) for who in COLLEAGUES]
    teams = (
        "Forecasting",
        "Forecasting",
        "Cardiology Nights",
        "Forecasting",
        "Late Shift",
        "Personal",
    )
    with project.ledger.begin() as conn:
        for one, team in zip(everybody, teams, strict=True):
            people.change(conn, one.id, team=team)
    _clicks(project, world, everybody, now)
    _referrals(project, everybody, now)
    _words(project, everybody, now)
    _drift(project, now)
    world.catch_up()
    project.ledger.close()


def _clicks(project: Project, world: figures.World, everybody: list, now: datetime) -> None:
    chance = random.Random(6)
    with project.ledger.read() as conn:
        posts = conn.execute(publications.select()).all()
    jobs = sorted({one.job_id for one in posts})
    for one in posts:
        for ago in range(24, 24 * 7 * WEEKS, 60):
            world.click(one.link, chance.randrange(9), ago)
            world.click(one.link, chance.randrange(3), ago, "crawler")
        for _ in range(chance.randrange(4)):
            stages = chance.choice(((), ("interviewed",), ("interviewed", "hired"), ("rejected",)))
            world.apply(one.link, chance.uniform(60, 900), *stages, job=one.job_id)
    for one in everybody:
        for job in {JOB, *chance.sample(jobs, 2)}:
            for place in chance.sample(("linkedin", "whatsapp", "bluesky", "mail"), 2):
                ago = chance.uniform(48, 900)
                made = sharing.share(
                    project.ledger, one.id, job, place, now - timedelta(hours=ago)
                )  # fmt: skip
                world.click(made.link, chance.randrange(2, 20), ago / 2)
                if chance.random() < 0.4:
                    world.apply(made.link, ago / 3, "interviewed", job=job)
    kims = sharing.share(project.ledger, everybody[0].id, NURSE, "whatsapp", now)
    hired = world.apply(kims.link, 20 * 24, "interviewed", "hired", "started", job=NURSE)
    lees = sharing.share(project.ledger, everybody[1].id, NURSE, "mail", now)
    world.apply(lees.link, 10 * 24, "interviewed", "hired", job=NURSE)
    later = project.settings.people.model_copy(update={"bonus_days": 10})
    assert bonuses.ripen(project.ledger, later, now) >= 1, hired


def _referrals(project: Project, everybody: list, now: datetime) -> None:
    kim, lee, bo = everybody[:3]
    cases = (
        (kim, JOB, "Robin Reef", 16, True), (lee, NURSE, "Alex Winter", 3, True),
        (bo, JOB, "Sascha Lund", 1, True), (kim, NURSE, "Noor Haddad", 2, False),
    )  # fmt: skip
    for who, job, friend, days, agrees in cases:
        then = now - timedelta(days=days)
        contact = f"{friend.split()[0].lower()}@mail.example"
        naming.refer(
            project, who, then, job, friend=friend, contact=contact,
            more="three years in the same team", words="Hello! I thought of you at once.",
            note="Calm when everything is red, and explains things so that I understand them.",
        )  # fmt: skip
        secret = naming.secret_of(project, then)
        if agrees:
            form = {"friend": friend, "contact": contact}
            friends.agree(project.ledger, project.settings, secret, form, then)
    desk = passing.Desk(project.ledger, project.settings, load("v1"), "rita.holm@ostrelund.example")
    alex = next(one for one in naming.rows(project) if one.friend == "Alex Winter")
    desk.set(alex.id, "passed_on", now - timedelta(days=2))


def _words(project: Project, everybody: list, now: datetime) -> None:
    kim, lee, bo, mara, tom, jana = everybody
    spec = project.specs()[JOB]
    then = now - timedelta(days=4)
    with project.ledger.begin() as conn:
        searches.add(conn, kim.id, "q=python&place=Bremen", then)
    for one, words in zip((lee, mara, kim), WORDS, strict=True):
        made = sharing.share(project.ledger, one.id, JOB, "linkedin", then)
        sharing.lend(project.ledger, made, words)
    asking.offer(project.ledger, mara, "Forecasting", "I joined in March; ask me about the first "
                 "hundred days.", True, ["board"], then)  # fmt: skip
    question = asking.ask(project.ledger, tom, spec, "How often is the rota really at night?", then)
    asking.answer(project.ledger, mara, JOB, question, "Once a month, and never two weeks in a "
                  "row.", then)  # fmt: skip
    asking.ask(project.ledger, jana, spec, "Would part time at 80 % be possible?", now)
    what, (_, text) = next(iter(suggestions.choices(spec).items()))
    why = "My friends only look at adverts that say so."
    better = f"{text} (80–100 %)"
    suggestions.suggest(project.ledger, bo, spec, what, better, why, True, then)


def _drift(project: Project, now: datetime) -> None:
    changed = "Data Engineer wanted! Write me a direct message for the details."
    with project.ledger.begin() as conn:
        conn.execute(
            update(publications)
            .where(publications.c.job_id == JOB, publications.c.channel == "bluesky")
            .values(drift=changed, seen_at=now)
        )


__all__ = ["CHANNELS", "JOB", "NURSE", "POLICY", "SETTINGS", "make", "person", "sink"]
