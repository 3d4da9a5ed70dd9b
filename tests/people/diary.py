"""A story's clock, and its diary: who did what when, each mail and what a page said, to be read by
people. Written to the file that ROLECAST_STORY names, and printed (`pytest -s`)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bs4 import BeautifulSoup


class Clock:
    """Stands in for `datetime` where `now_utc` asks it."""

    def __init__(self):
        self.ahead = timedelta()
        self.morning()

    def now(self, zone=UTC) -> datetime:
        """The story's time."""
        return datetime.now(zone) + self.ahead

    def morning(self, days: int = 1) -> None:
        """Nine o'clock, so many days later."""
        now = self.now()
        then = (now + timedelta(days=days)).replace(hour=9, minute=0, second=0)
        self.ahead += then - now

    def hours(self, count: float) -> None:
        """Let them pass."""
        self.ahead += timedelta(hours=count)


class Diary:
    """What happened, in order."""

    def __init__(self, title: str, clock: Clock):
        self.clock, self.lines, self.day = clock, [title, "=" * len(title)], ""

    def did(self, what: str) -> None:
        """Somebody did something."""
        now = self.clock.now()
        if (day := f"{now:%A}, {now.day} {now:%B %Y}") != self.day:
            self.lines += ["", day, "-" * len(day)]
            self.day = day
        self.lines += ["", f"{now:%H:%M}  {what}"]

    def read(self, who: str, page, *where: str) -> str:
        """Somebody reads a page; where: CSS of what is written down. Answers the page's words."""
        soup = BeautifulSoup(page.text, "html.parser")
        self.did(f"{who} reads {page.url.path}:")
        for css in where:
            found = soup.select(css)
            assert found, (css, page.url.path)
            self.lines += [f"         | {_words(one)}" for one in found]
        return _words(soup)

    def mailed(self, mail) -> str:
        """A mail has arrived. Answers its text."""
        text = mail.get_content()
        self.did("A mail arrives:")
        head = [f"{name}: {mail[name]}" for name in ("From", "To", "Subject")]
        for line in (*head, "", *text.rstrip().splitlines()):
            self.lines.append(f"         > {line}".rstrip())
        return text

    def file(self, name: str, text: str) -> None:
        """Somebody got a file."""
        self.did(f"{name}:")
        self.lines += [f"         | {line}" for line in text.splitlines()]

    def close(self) -> None:
        """Print it, and keep it where that is wished."""
        text = "\n".join(self.lines) + "\n"
        print(text)
        if path := os.environ.get("ROLECAST_STORY"):
            Path(path).write_text(text, "utf-8")


def _words(soup) -> str:
    return " ".join(soup.get_text(" ").split())
