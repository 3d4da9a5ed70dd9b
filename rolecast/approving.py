"""Which texts a person has to agree to before they go out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rolecast.channels import Channel
from rolecast.ledger.approvals import Approval
from rolecast.ledger.publications import Slot


@dataclass
class Agreed:
    """What people have said about the texts of one job."""

    decisions: Iterable[Approval] = ()
    linted: bool = False  # `rolecast check` warns about the job spec
    _latest: dict[tuple[Slot, str, str], Approval] = field(init=False, default_factory=dict)
    _channels: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        for one in self.decisions:
            self._latest[one.slot, one.action, one.post_hash] = one
            if one.approved:
                self._channels.add(one.channel)

    def needs(self, channel: Channel, slot: Slot, action: str, text: str) -> bool:
        """Whether somebody has to agree to this action with a text of this hash first."""
        decision = self._latest.get((slot, action, text))
        if decision is not None:
            return not decision.approved
        return not channel.connector.manual and self._asks(channel, action)

    def refusal(self, slot: Slot, action: str, text: str) -> str | None:
        """Why it will not go out: somebody refused exactly this text."""
        decision = self._latest.get((slot, action, text))
        if decision is None or decision.approved:
            return None
        note = f": {decision.note}" if decision.note else ""
        return f"refused by {decision.who}{note}; change the text, or approve it after all"

    def _asks(self, channel: Channel, action: str) -> bool:
        when = getattr(channel.policy.approval, action, "never")
        if when == "first":
            return channel.name not in self._channels
        return when == "always" or (when == "linted" and self.linted)
