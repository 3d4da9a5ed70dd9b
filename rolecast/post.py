"""The rendered content for one job, channel and moment."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cached_property

from pydantic import BaseModel, ConfigDict

from rolecast.image import Image


class Post(BaseModel):
    """What a connector is asked to put out, and nothing else; a frozen value.

    `text` is the bytes that a short-text network shows; `title` and `html` are
    for networks that take a document. `link` is the publication's own short
    address and always occurs in `text` or `html`, so a post can be recognised
    by it. `key` names the publication at the network and `made_at` is when it
    was first claimed; neither depends on the content, so both survive edits
    and repeated sending.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_id: str
    channel: str
    moment: str
    language: str = "en"
    title: str = ""
    summary: str = ""
    text: str
    html: str = ""
    link: str
    tags: tuple[str, ...] = ()
    image: Image | None = None
    reply_to: str | None = None  # the id of the receipt that this answers
    key: str = ""
    variant: str = ""  # which form of its template the text is, for comparing forms
    made_at: datetime | None = None

    @property
    def since(self) -> datetime:
        """The earliest that a network can say it has this from, however wrong either clock is."""
        return (self.made_at or datetime.now(UTC)) - timedelta(days=1)

    @cached_property
    def hash(self) -> str:
        """Names the content that a reader would see: equal content, equal hash."""
        parts = [self.language, self.title, self.text, self.html, self.link, *self.tags]
        if self.image:
            parts += [self.image.digest, self.image.alt]
        seen = "\x1f".join(parts)
        return hashlib.blake2b(seen.encode(), digest_size=16).hexdigest()
