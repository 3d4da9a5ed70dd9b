"""Posts as readers will see them: in the look of each network, with what it folds away.

One look for each family of networks: microblog, network (of professionals), chat, page (of a blog,
a wiki, a forum) and mail. Where a network folds a text depends on the reader's screen; the lines
here are those of a desktop's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from rolecast.channels import Channel
from rolecast.connector import Connector
from rolecast.jobspec import JobSpec
from rolecast.moments import kind
from rolecast.post import Post
from rolecast.render import Renderer, RenderProblem

FAMILIES = ("microblog", "network", "chat", "page", "mail")
BY_VOICE = {"social": "microblog", "chat": "chat", "document": "page", "forum": "page",
            "mail": "mail"}  # fmt: skip
WIDE = 72  # letters of a line in a network's feed on a desktop


@dataclass(frozen=True)
class Card:
    """What a network shows of the job's page below the text."""

    title: str
    summary: str
    host: str


@dataclass(frozen=True)
class Preview:
    """One post as readers see it. post None: it cannot be made, and problem says why. taken:
    whether the job goes to this channel. account: the name under which it appears; handle: its
    address there. seen, folded: the text before “… more” and after it. markdown: whether
    readers see the text as Markdown. sent: the text in the network's own markup, where that is
    another. cost: in words."""

    channel: str
    label: str
    family: str
    taken: bool
    account: str
    handle: str
    post: Post | None = None
    problem: str = ""
    seen: str = ""
    folded: str = ""
    card: Card | None = None
    length: int = 0
    limit: int | None = None
    unit: str = ""
    markdown: bool = False
    sent: str = ""
    cost: str = ""

    @property
    def initials(self) -> str:
        """For the round picture of the account."""
        words = [word for word in self.account.split() if word[:1].isalnum()]
        return "".join(word[0] for word in words[:2]).upper() or "?"

    @property
    def left(self) -> int | None:
        """How much more the network takes; None: there is no limit."""
        return None if self.limit is None else self.limit - self.length


def family(connector: Connector) -> str:
    """The look of a network."""
    return connector.looks or BY_VOICE.get(connector.voice, "page")


def of_job(
    renderer: Renderer,
    company: str,
    spec: JobSpec,
    channels: Mapping[str, Channel],
    moment: str,
    links: Mapping[str, str],
    stand_in: str,
) -> list[Preview]:
    """The post of a moment on every channel that is switched on; those to which the job goes first.

    links: channel → the post's own link, where it has one; else it is `stand_in`, as long.
    """
    found = [
        _one(renderer, company, spec, channel, moment, links.get(name, stand_in))
        for name, channel in channels.items()
        if channel.enabled and not channel.connector.local
    ]
    return sorted(found, key=lambda one: not one.taken)


def _one(
    renderer: Renderer, company: str, spec: JobSpec, channel: Channel, moment: str, link: str
) -> Preview:
    one = channel.connector
    taken, shown_as = channel.takes(spec), one.shown_as
    account = spec.company.name or company or shown_as or channel.name
    known = (channel.name, one.label, family(one), taken, account, shown_as)
    try:
        post = renderer.render(spec, channel, moment, link)
    except RenderProblem as problem:
        return Preview(*known, problem=str(problem))
    seen, folded = fold(post.text, one.fold)
    sent = one.wire(post)
    sent = "" if sent in (post.text, post.html) else sent
    card = None
    if one.cards and not post.image and kind(moment) != "change":
        card = Card(post.title or spec.title, post.summary, urlsplit(link).hostname or "")
    return Preview(
        *known, post, "", seen, folded, card, one.measure(post.text), one.limit, one.unit,
        one.voice == "forum", sent, one.cost(post) or "",
    )  # fmt: skip


def fold(text: str, lines: int | None) -> tuple[str, str]:
    """What readers see of a text before “… more”, and the rest."""
    if lines is None:
        return text, ""
    rows: list[str] = []
    for line in text.split("\n"):
        rows += textwrap.wrap(line, WIDE, drop_whitespace=False) or [""]
        rows[-1] += "\n"
    seen = "".join(rows[:lines]).rstrip()
    return (seen, text[len(seen) :].lstrip()) if len(rows) > lines else (text, "")
