"""A ledger with posts, shares, clicks and applications as a test wants them, and the same figures
counted again in plain Python from the ledger's first rows, for comparison."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from rolecast import credit, crediting, links
from rolecast.clicks import HUMAN, SECOND, Click
from rolecast.gather import catch_up
from rolecast.ledger import Ledger, attempts, clicks, publications
from rolecast.ledger.attempts import Claim, Finish
from rolecast.ledger.states import Outcome as Ended
from rolecast.ledger.states import State
from rolecast.outcomes import Outcome, Touch
from rolecast.post import Post

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RULES = credit.load("v1")
CAME = ("interviewed", "offered", "hired", "started")


class World:
    """Fills the ledger through its own doors. Times are hours before NOW."""

    def __init__(self, ledger: Ledger, seed: int = 1):
        self.ledger, self.chance = ledger, random.Random(seed)
        self.applications = 0

    def post(
        self, job: str, channel: str, ago: float, moment: str = "announce", variant: str = "long"
    ) -> str:
        """A post that went out; answers its link."""
        at, slot = NOW - timedelta(hours=ago), (job, channel, moment)
        with self.ledger.begin() as conn:
            publications.ensure(conn, [slot], at)
            one = publications.get(conn, slot)
            text = Post(
                job_id=job, channel=channel, moment=moment, text=f"see {one.link}", link=one.link,
                variant=variant,
            ).model_dump_json()  # fmt: skip
            claim = Claim(one.id, one.revision, "publish", "publish", text)
            attempts.claim(conn, [claim], "host:1:a", at + timedelta(minutes=1), at)
            receipt = f'{{"id": "{one.link}", "address": "https://x.example/{one.link}"}}'
            done = Finish(one.id, Ended.done, State.live, post_hash="h", receipt=receipt)
            attempts.finish(conn, [done], "host:1:a", at)
        return one.link

    def withdraw(self, job: str, channel: str, ago: float) -> None:
        """Take a post down."""
        at = NOW - timedelta(hours=ago)
        with self.ledger.begin() as conn:
            one = publications.get(conn, (job, channel, "announce"))
            claim = Claim(one.id, one.revision, "withdraw", "withdraw", one.post)
            attempts.claim(conn, [claim], "host:1:b", at + timedelta(minutes=1), at)
            attempts.finish(
                conn, [Finish(one.id, Ended.done, State.withdrawn)], "host:1:b", at
            )  # fmt: skip

    def share(self, who: int, job: str, ago: float, place: str = "whatsapp") -> str:
        """A colleague's share; answers its link."""
        link, at = links.mint(), NOW - timedelta(hours=ago)
        person = f"p{who:015}"
        with self.ledger.begin() as conn:
            if not self.rows("people", f"id = '{person}'", conn):
                self._add(conn, "people", id=person, email=f"p{who}@x.example", name=f"P {who}",
                          role="employee", made=at)  # fmt: skip
            self._add(conn, "links", code=link, job_id=job, channel="share", moment=place, made=at)
            self._add(conn, "shares", id=link[:16], person_id=person, job_id=job, place=place,
                      link=link, made=at)  # fmt: skip
        return link

    def click(self, link: str, count: int, ago: float = 1, signals: str = "") -> None:
        """So many clicks, within an hour."""
        first = int((NOW - timedelta(hours=ago)).timestamp()) * SECOND
        new = [
            Click(link, first + n * 7 * SECOND % (3600 * SECOND), "phone", None, None, "", signals,
                  None)
            for n in range(count)
        ]  # fmt: skip
        with self.ledger.begin(alone="clicks") as conn:
            clicks.add(conn, new)

    def apply(self, link: str | None, ago: float, *stages: str, job: str | None = None) -> str:
        """An application that came so long ago, and went on every hour; answers its number."""
        self.applications += 1
        number, at = f"a{self.applications}", NOW - timedelta(hours=ago)
        for place, stage in enumerate(("applied", *stages)):
            told = Outcome(
                application=number, stage=stage, at=at + timedelta(hours=place), job=job,
                links=(Touch(code=link, at=at - timedelta(minutes=5)),) if link else (),
            )  # fmt: skip
            crediting.take(self.ledger, "ats", f"{number}{stage}", [told], RULES, NOW)
        return number

    def catch_up(self) -> None:
        """As the next gathering does."""
        catch_up(self.ledger)

    def rows(self, table: str, where: str = "1 = 1", conn: Any = None) -> list[Any]:
        """A table's rows as they are."""
        if conn is None:
            with self.ledger.read() as conn:
                return self.rows(table, where, conn)
        return conn.exec_driver_sql(f"select * from {table} where {where}").all()

    def _add(self, conn: Any, table: str, **values: Any) -> None:
        from sqlalchemy import insert

        from rolecast.ledger.schema_people import metadata

        conn.execute(insert(metadata.tables[table]).values(**values))

    def busy(self, jobs: int = 6, channels: tuple[str, ...] = ("alpha", "beta", "gamma")) -> None:
        """A lot of everything, as chance has it."""
        chance, minted = self.chance, []
        forms = ("long", "medium", "short", "long, own words")
        for number in range(jobs):
            job = f"job-{number}"
            for channel in channels:
                for moment in ("announce", "remind-1", "closing")[: chance.randrange(1, 4)]:
                    ago = chance.uniform(2, 24 * 120)
                    minted.append(self.post(job, channel, ago, moment, chance.choice(forms)))
                    self.click(minted[-1], chance.randrange(60), ago / 2)
                    self.click(minted[-1], chance.randrange(5), ago / 3, "crawler")
            for who in range(chance.randrange(6)):
                minted.append(self.share(who, job, chance.uniform(2, 2000)))
                self.click(minted[-1], chance.randrange(9), 1)
        for _ in range(jobs * 12):
            link = chance.choice([*minted, None])
            job = None if link else f"job-{chance.randrange(jobs)}"
            stages = chance.choice([(), (), ("rejected",), ("interviewed",), CAME])
            self.apply(link, chance.uniform(1, 24 * 100), *stages, job=job)
        self.catch_up()


class Plain:
    """The figures of a ledger, counted from clicks, outcomes, credits, links and attempts alone."""

    def __init__(self, world: World):
        self.clicks: dict[str, int] = defaultdict(int)
        for row in world.rows("clicks"):
            self.clicks[row.link] += row._mapping["class"] == HUMAN
        self.place = {row.code: row for row in world.rows("links")}
        pubs = {row.id: row for row in world.rows("publications")}
        self.out: dict[str, int] = {}
        for row in world.rows("attempts"):
            if row.action == "publish" and row.outcome == "done":
                link, hour = pubs[row.publication_id].link, _hour(row.finished)
                self.out[link] = min(hour, self.out.get(link, hour))
        for code, row in self.place.items():
            if row.channel in ("share", "referral"):
                self.out[code] = _hour(row.made)
        self.form = {row.link: Post.model_validate_json(row.post).variant for row in pubs.values()}
        stages: dict[str, set[str]] = defaultdict(set)
        self.came: dict[str, int] = {}
        self.job: dict[str, str] = {}
        for row in world.rows("outcomes"):
            stages[row.application].add(row.stage)
            if row.stage == "applied":
                self.came[row.application] = _hour(row.at)
            self.job[row.application] = row.job_id
        self.stages = dict(stages)
        self.credit = {}
        for row in sorted(world.rows("credits"), key=lambda row: row.id):
            self.credit[row.application] = row.link

    def applied(self, link: str, *stages: str) -> int:
        """Applications credited to a link (that came to one of these stages)."""
        return sum(
            1
            for number, to in self.credit.items()
            if to == link and (not stages or self.stages[number] & set(stages))
        )

    def line(self, link: str) -> tuple[int, ...]:
        """Clicks, applications, interviews and hires of a link."""
        hired = self.applied(link, "hired", "started")
        return self.clicks[link], self.applied(link), self.applied(link, *CAME), hired


def _hour(at: Any) -> int:
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return int(at.timestamp()) // 3600
