"""What a colleague writes about a friend, tidied; and referrals in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rolecast.ledger.referral_states import State
from rolecast.people import tidy_address
from rolecast.told import N_, Told

# How they know each other: what is kept → what is read.
HOW: Mapping[str, str] = MappingProxyType({
    "work": N_("We have worked together"),
    "study": N_("We have studied or trained together"),
    "private": N_("We are friends or family"),
    "field": N_("I know their work"),
    "other": N_("Otherwise"),
})  # fmt: skip
MOST = {"friend": 100, "contact": 254, "more": 200, "note": 1000, "words": 1000}  # characters

# What a colleague reads of their own referrals.
STATES: Mapping[str, str] = MappingProxyType({
    State.asked: N_("Asked. Nothing is passed on before they agree."),
    State.agreed: N_("They have agreed. The recruiters have it now."),
    State.passed_on: N_("The recruiters are on it."),
    State.applied: N_("They have applied."),
    State.screened: N_("Their application is being read."),
    State.interviewed: N_("They are being interviewed."),
    State.offered: N_("They have an offer."),
    State.hired: N_("They are hired. You will hear when they have started."),
    State.started: N_("They have started. Welcome them!"),
    State.declined: N_("They would rather not. What you wrote about them is deleted."),
    State.forgotten: N_(
        "No answer came. It may be that they had been asked before. "
        "What you wrote about them is deleted."
    ),
    State.taken_back: N_("You have taken it back. What you wrote about them is deleted."),
    State.rejected: N_("It was somebody else this time."),
    State.withdrawn: N_("They have withdrawn."),
    "undelivered": N_(
        "The mail could not be delivered. Check the address, take this one back and name them "
        "again."
    ),
})  # fmt: skip
# The same for recruiters, in a word.
BRIEFLY: Mapping[str, str] = MappingProxyType({
    State.agreed: N_("new"), State.passed_on: N_("passed on"), State.applied: N_("applied"),
    State.screened: N_("screened"), State.interviewed: N_("interviewed"),
    State.offered: N_("offered"), State.hired: N_("hired"), State.started: N_("started"),
    State.rejected: N_("rejected"), State.withdrawn: N_("withdrawn"),
})  # fmt: skip


class NotThus(Told):
    """Something that was typed cannot be taken; the message says what to write."""


@dataclass(frozen=True)
class Naming:
    """What a colleague has written. how: see `known`; words: to the friend."""

    friend: str
    contact: str
    how: str
    note: str
    words: str


def read(form: Mapping[str, str]) -> Naming:
    """A form's fields friend, contact, how, more, note, words and sure. Raises NotThus, NotOurs."""
    friend = line(form, "friend")
    if not friend:
        raise NotThus(N_("Write your friend's name."))
    contact, how = tidy_address(form.get("contact", "")), form.get("how", "")
    if how not in HOW:
        raise NotThus(N_("Choose how you know each other."))
    if form.get("sure") != "yes":
        raise NotThus(N_("Confirm that your friend does not mind one mail from us."))
    more = line(form, "more")
    return Naming(friend, contact, f"{how}\n{more}" if more else how, text(form, "note"),
                  text(form, "words"))  # fmt: skip


def known(how: str | None) -> tuple[str, str]:
    """(sentence of HOW, more of their own) out of what is kept."""
    kind, _, more = (how or "").partition("\n")
    return HOW.get(kind, ""), more


def line(form: Mapping[str, str], name: str) -> str:
    """One line of a form: no breaks, and nothing that is not seen. Raises NotThus."""
    return _short(" ".join(_seen(form.get(name, "")).split()), name)


def text(form: Mapping[str, str], name: str) -> str:
    """A text of a form; its lines stay. Raises NotThus."""
    lines = form.get(name, "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _short("\n".join(_seen(one).rstrip() for one in lines).strip(), name)


def _short(found: str, name: str) -> str:
    if len(found) > MOST[name]:
        raise NotThus(
            N_("Write at most %(most)s characters; these are %(count)s: “%(start)s…”"),
            most=MOST[name], count=len(found), start=found[:30],
        )  # fmt: skip
    return found


def _seen(text: str) -> str:
    """Without control characters and marks that turn the direction of what follows; the two joiners
    stay, which names in Persian or Hindi need."""
    return "".join(
        c if c in "\u200c\u200d" or unicodedata.category(c)[0] != "C" else " " for c in text
    )
