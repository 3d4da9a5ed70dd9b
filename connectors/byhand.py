"""Places without an API: a person posts there, and says so on the desk.

Rolecast writes the text and keeps the books: the desk shows what to paste, the
person pastes back the address. Nothing here is ever called to send.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from rolecast.connector import Connector, Guarantee, Http, Receipt, Refused
from rolecast.post import Post


class ByHand(Connector):
    """A place where a person posts."""

    name: ClassVar[str] = "byhand"
    label: ClassVar[str] = "by hand"
    guarantee: ClassVar[Guarantee] = Guarantee.BLIND
    manual: ClassVar[bool] = True

    where: str = Field(description="The place, such as: University career portal.")
    address: str | None = Field(None, description="The page on which one posts there.")
    instructions: str | None = Field(None, description="What whoever posts there has to know.")

    def publish(self, http: Http, post: Post) -> Receipt:
        """Only a person can. The engine never calls this: it holds the posts of manual channels."""
        raise Refused(f"{self.where} has no API: paste the text there, then say so on the desk")
