"""The company's own internal board.

The board app shows whatever publication the ledger has as live on a board
channel. So the receipt that the ledger writes *is* the publication: there is
no second place, nothing that could be lost between the two, and publishing
twice is one row. That is why so little stands here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field

from rolecast.connector import Connector, Counts, Guarantee, Http, Receipt, Seen
from rolecast.post import Post


class Board(Connector):
    """Posts to the board that `rolecast up` serves."""

    name: ClassVar[str] = "board"
    label: ClassVar[str] = "internal board"
    guarantee: ClassVar[Guarantee] = Guarantee.KEYED
    standing: ClassVar[bool] = True
    local: ClassVar[bool] = True

    base_url: str = Field("http://127.0.0.1:8080", description="Address of the board.")

    def publish(self, http: Http, post: Post) -> Receipt:
        return Receipt(id=post.key, address=f"{self.base_url.rstrip('/')}/jobs/{post.job_id}")

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        return self.publish(http, post).model_copy(update={"id": receipt.id})

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """The ledger's row says withdrawn, and the board shows it no more."""

    def look(self, http: Http, receipt: Receipt) -> Seen:
        return Seen(address=receipt.address)

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        return {}  # the board's own clicks are in the ledger already
