"""Finding jobs on the board, mistyped words and all.

    finder = Finder(ledger, settings)
    found = finder.find(Search(text="harbor pilot"), since=None, start=0, count=25, now=now)

What a job is found by is brought up to date when somebody looks; nothing has changed: two cheap
questions. What says the words themselves comes first, then what says nearly the same.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rolecast.findable import FACETS, entry, suffix
from rolecast.folding import asked, words
from rolecast.ledger import Ledger, find
from rolecast.meant import Meant, alternative
from rolecast.search import Search
from rolecast.settings import Settings
from rolecast.shelf import Shelf, places

log = logging.getLogger("rolecast.find")
CHUNK = 100  # jobs that are made findable at a time
AT_ONCE = 200  # while somebody waits for the page; more than that in a thread
REST = 9  # times as long as looking for changes took, until they are looked for again; and as long
# as it took to take them in,
LONGEST = 0.25  # seconds at most
FEW = 5  # so many jobs are few: other words may be meant
KEPT = 500  # searches, and
CARDS = 20_000  # cards that are kept in memory


@dataclass(frozen=True)
class Card:
    """A line of the list. fresh: new to the person. goes_out: while only colleagues see it."""

    job_id: str
    facts: dict[str, str]
    fresh: bool = False
    goes_out: datetime | None = None


@dataclass(frozen=True)
class Hits:
    """What words find: all of them, best first, and as a set of bits. also: words that were taken
    for those asked for. instead, parts: when nothing was found, words (and, of several, each by
    itself) that find something."""

    order: list[int] = field(default_factory=list)
    found: int = 0
    also: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    parts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Found:
    """A page of jobs. fresh: how many of all are new. choices: facet → (choice, how many there
    would be). drop: (facet, choice, how many there would be without it) when there is nothing."""

    cards: list[Card]
    total: int
    on_board: int
    fresh: int
    choices: dict[str, list[tuple[str, int]]]
    hits: Hits
    drop: list[tuple[str, str, int]]


class Finder:
    """Finds jobs for one process; for any thread. Methods raise the ledger's errors."""

    def __init__(self, ledger: Ledger, settings: Settings):
        self.ledger, self.zone = ledger, settings.company.timezone
        self.boards = boards(settings)
        self._lock = threading.Lock()
        self._watch = ledger.watch()
        self._shelf: Shelf | None = None
        self._stamp: tuple | None = None
        self._next = 0.0
        self._behind: threading.Thread | None = None
        self._ends = threading.Event()
        self._hits: dict[tuple[Shelf, str], Hits] = {}
        self._cards: dict[int, dict[str, str]] = {}

    def close(self) -> None:
        """Give the ledger's connection back."""
        self._ends.set()
        if self._behind:
            self._behind.join(30)
        with self._lock:
            self._watch.close()
            self._next = 0.0

    def shelf(self, exact: bool = False) -> Shelf:
        """The jobs that are on the board now. Of several that ask at once, one looks whether
        something has changed. exact: look in any case."""
        if exact or self._shelf is None:
            with self._lock:
                return self._refresh() if exact or not self._shelf else self._shelf
        if time.monotonic() >= self._next and self._lock.acquire(blocking=False):
            try:
                return self._refresh()
            finally:
                self._lock.release()
        return self._shelf

    def warm_up(self) -> None:
        """Look at the board before anybody does, so that nobody waits for it. Raises nothing."""
        try:
            self.shelf()
        except Ledger.Error as error:
            log.warning("the board cannot be read yet: %s", error)

    def is_exact(self, conn: Any) -> bool:
        """Whether the shelf is as the ledger is."""
        return self._stamp == find.stamp(conn, self.boards)

    def _refresh(self) -> Shelf:
        began, taken_in = time.monotonic(), 0.0
        try:
            if self._watch.changed() or self._shelf is None or self._behind:
                looked = time.monotonic()
                done = 0 if self._behind else self.sync(AT_ONCE)
                if done == AT_ONCE:
                    self._behind = threading.Thread(target=self._catch_up, daemon=True)
                    self._behind.start()
                taken_in += time.monotonic() - looked if done else 0.0
                with self.ledger.read() as conn:
                    stamp = find.stamp(conn, self.boards)
                    if self._shelf is None or stamp != self._stamp:
                        looked = time.monotonic()
                        self._shelf, self._stamp = Shelf(find.shown(conn, self.boards)), stamp
                        self._hits = {}
                        taken_in += time.monotonic() - looked
        except Ledger.Error:
            self._watch.close()
            raise
        now = time.monotonic()
        self._next = now + min(LONGEST, REST * (now - began - taken_in) + taken_in)
        return self._shelf

    def sync(self, most: int) -> int:
        """Make what has changed findable, so many jobs at most, newest first; answers how many."""
        done, of = 0, suffix(self.zone)
        while done < most and not self._ends.is_set():
            with self.ledger.read() as conn:
                rows = find.stale(conn, of, min(CHUNK, most - done))
            if not rows:
                break
            made = [entry(row, self.zone) for row in rows]
            with self.ledger.begin(alone="finding") as conn:
                find.save(conn, made)
            done += len(rows)
        return done

    def catch_up(self) -> None:
        """Make everything findable that is not yet."""
        while self.sync(AT_ONCE) == AT_ONCE and not self._ends.wait(0.01):
            pass

    def _catch_up(self) -> None:
        try:
            self.catch_up()
        except Ledger.Error as error:
            log.warning("some jobs cannot be found yet: %s", error)
        self._behind = None

    def find(
        self, search: Search, since: datetime | None, start: int, count: int, now: datetime
    ) -> Found:
        """A page of what is found: the best first where words are asked for, else the newest.

        since: what came later is new to the person. Choices are counted as if those of the same
        facet were not made.
        """
        shelf = self.shelf()
        hits = self.hits(shelf, search.text)
        new = shelf.newer(since)
        within = hits.found & (new if search.fresh else shelf.all)
        chosen = within & shelf.chosen(search)
        if search.text and chosen:
            let = chosen.to_bytes(len(shelf) // 8 + 1, "little")
            best = [at for at in hits.order if let[at >> 3] >> (at & 7) & 1]
            page = best[start : start + count]
        else:
            page = places(chosen, start, count)
        choices = {}
        for name in FACETS:
            others = within & shelf.chosen(search, but=name)
            choices[name] = shelf.counts(name, others, search.chosen.get(name, ()))
        return Found(
            cards=self.page(shelf, page, now, new),
            total=chosen.bit_count(),
            on_board=len(shelf),
            fresh=(hits.found & new & shelf.chosen(search)).bit_count(),
            choices=choices,
            hits=hits,
            drop=[] if chosen else _less(shelf, search, within),
        )

    def page(self, shelf: Shelf, page: list[int], now: datetime, new: int = 0) -> list[Card]:
        """The cards at these places. new: the set of those that are new to the person."""
        inside = shelf.inside(now)
        known = {at: self._cards.get(shelf.numbers[at]) for at in page}
        missing = [shelf.numbers[at] for at, card in known.items() if card is None]
        if missing:
            if len(self._cards) > CARDS:
                self._cards = {}
            with self.ledger.read() as conn:
                for number, (_, card) in find.cards(conn, missing).items():
                    self._cards[number] = json.loads(card)
        found = [(at, known[at] or self._cards.get(shelf.numbers[at])) for at in page]
        return [
            Card(shelf.ids[at], facts, bool(new >> at & 1), inside.get(at))
            for at, facts in found
            if facts is not None  # it has just changed: the next look has it
        ]

    def hits(self, shelf: Shelf, text: str) -> Hits:
        """What words find on a shelf."""
        if not text:
            return Hits(found=shelf.all)
        kept = self._hits
        found = kept.get((shelf, text))
        if found is None:
            if len(kept) >= KEPT:
                kept.clear()
            found = kept[shelf, text] = self._look_up(shelf, text)
        return found

    def _look_up(self, shelf: Shelf, text: str) -> Hits:
        wanted = asked(text)
        if not wanted:
            return Hits()
        with self.ledger.read() as conn:
            meant = Meant(conn, shelf)
            order = meant.places([[alternative(word)] for word in wanted])
            more = {word: meant.others(word, len(order) < FEW) for word in wanted}
            also: tuple[str, ...] = ()
            if any(more.values()):
                known = set(order)
                ways = [[alternative(word), *more[word]] for word in wanted]
                if len(wanted) == 1:  # what the word itself finds is known
                    ways = [more[wanted[0]]]
                new = [at for at in meant.places(ways) if at not in known]
                also = meant.told(more) if new else ()
                order += new
            if order:
                return Hits(order, shelf.bits(order), also)
            instead = meant.instead(wanted)
            parts = ((word, len(meant.places([[alternative(word)]]))) for word in wanted)
            some = tuple((word, count) for word, count in parts if count and len(wanted) > 1)
            return Hits(instead=instead, parts=some)

    def similar(
        self, title: str, but: str, now: datetime, inside: bool, most: int = 5
    ) -> list[tuple[str, str]]:
        """(id, title) of jobs on the board like the one of that title, or the newest ones; inside:
        those too that only colleagues see."""
        shelf = self.shelf()
        hidden = set() if inside else set(shelf.inside(now))
        hidden |= {at for at, id_ in enumerate(shelf.ids) if id_ == but}
        with self.ledger.read() as conn:
            longer = sorted({word for word in words(title) if len(word) > 1}, key=len)[-6:]
            alike = find.alike(conn, longer, most + 20)
        found = [shelf.place[n] for n in alike if n in shelf.place]
        found = [at for at in found if at not in hidden]
        found = found or [at for at in range(len(shelf)) if at not in hidden]
        page = self.page(shelf, found[:most], now)
        return [(card.job_id, card.facts["title"]) for card in page]


def boards(settings: Settings) -> list[str]:
    """The channels that are shown on the board."""
    return [name for name, one in settings.channels.items() if one.connector == "board"]


def _less(shelf: Shelf, search: Search, within: int) -> list[tuple[str, str, int]]:
    """What there would be with one choice less."""
    found = []
    for name, values in search.chosen.items():
        for value in values:
            count = (within & shelf.chosen(search.without(name, value))).bit_count()
            if count:
                found.append((name, value, count))
    return found


def digests(ledger: Ledger, settings: Settings, now: datetime) -> int:
    """See rolecast.digest."""
    from rolecast import digest

    return digest.digests(ledger, settings, now)
