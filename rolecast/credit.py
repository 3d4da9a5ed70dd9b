"""Who is credited for an application: pure rules over facts, with every step said in words.

The same facts and the same rules always give the same decision, so that a dispute can be replayed,
and other rules tried, at any time.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rolecast.render import builtin_templates
from rolecast.told import N_, Told

Party = Literal["channel", "share", "referral", "nobody"]
FORMER = "a former colleague"  # whoever has been deleted
PERSON = re.compile(r"@(local|[0-9a-f]{16})\b")  # how a colleague stands in a step


class RulesProblem(Exception):
    """The rules cannot be used; the message names the file and the cure."""


class Rules(BaseModel):
    """One versioned set of rules. name: of its file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    touch: Literal["first", "last"] = Field(description="Which of several links counts.")
    window_days: int = Field(ge=1, le=3650, description="How long ago a touch may be.")
    referral_first: bool = Field(description="Whether a named referral comes before links.")
    earlier_days: int = Field(
        ge=0, le=36500, description="How long an earlier application of the same person counts."
    )
    not_credited: tuple[str, ...] = Field((), description="Parts in which nobody is credited.")


@dataclass(frozen=True)
class Touch:
    """Something that may have led to an application: a link, or a named referral. who: a channel's
    name or a colleague's number, "" for one who is gone. at: when; None: not known. parts: in which
    the person behind it stands to the job."""

    party: Party
    who: str
    at: datetime | None
    link: str | None = None
    parts: tuple[str, ...] = ()

    @property
    def by(self) -> str:
        """Who it is; a colleague by number, which is made a name where somebody reads it."""
        return self.who if self.party == "channel" else f"@{self.who}" if self.who else FORMER

    @property
    def named(self) -> str:
        """As a person reads it."""
        when = f" of {self.at:%Y-%m-%d %H:%M} UTC" if self.at else " (when is not known)"
        kind = {"channel": "the link on", "share": "the share of", "referral": "the referral by"}
        return f"{kind[self.party]} {self.by}{f' ({self.link})' if self.link else ''}{when}"


@dataclass(frozen=True)
class Facts:
    """What is known of one application. touches in the order in which they were told."""

    application: str
    applied: datetime
    touches: tuple[Touch, ...] = ()
    earlier: datetime | None = None

    @property
    def digest(self) -> str:
        """Changes when a fact does."""
        return hashlib.blake2b(repr(self).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Decision:
    """Who is credited, and why, step by step."""

    party: Party
    who: str
    link: str | None
    steps: tuple[str, ...] = field(compare=False)


def load(name: str, own: Path | None = None) -> Rules:
    """The rules of a name: from the folder `own`, else built in. Raises RulesProblem."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise RulesProblem(f"{name!r} is no name of rules: letters, digits and hyphens")
    for folder in (own, builtin_templates() / "credit"):
        path = folder / f"{name}.toml" if folder else None
        if path is None or not path.is_file():
            continue
        try:
            return Rules(name=name, **tomllib.loads(path.read_text("utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RulesProblem(f"{path}: {error}") from error
        except ValidationError as error:
            one = error.errors(include_url=False)[0]
            raise RulesProblem(f"{path}: {'.'.join(map(str, one['loc']))}: {one['msg']}") from error
    raise RulesProblem(f"there are no rules {name!r}; copy templates/credit/v1.toml to credit/")


def decide(rules: Rules, facts: Facts) -> Decision:
    """Who is credited by these rules. Pure."""
    steps = [f"Rules {rules.name}; applied {facts.applied:%Y-%m-%d %H:%M} UTC."]
    left = []
    for touch in facts.touches:
        why = _why_not(rules, facts, touch)
        steps.append(f"{touch.named[0].upper()}{touch.named[1:]}: {why or 'counts'}.")
        if why is None:
            left.append(touch)
    if not facts.touches:
        steps.append("No link and no referral is known.")
    if rules.referral_first and any(touch.party == "referral" for touch in left):
        if any(touch.party != "referral" for touch in left):
            steps.append("A named referral comes before links.")
        left = [touch for touch in left if touch.party == "referral"]
    if not left:
        steps.append("Nobody is credited.")
        return Decision("nobody", "", None, tuple(steps))
    chosen = _choose(rules, left, steps)
    steps.append(f"Credited: {chosen.party} {chosen.by}.")
    return Decision(chosen.party, chosen.who, chosen.link, tuple(steps))


def _why_not(rules: Rules, facts: Facts, touch: Touch) -> str | None:
    """Why a touch does not count; None: it does."""
    at = touch.at or facts.applied
    if at > facts.applied:
        return "after the application"
    if facts.applied - at > timedelta(days=rules.window_days):
        return f"more than {rules.window_days} days before the application"
    earlier = facts.earlier
    if earlier and earlier <= at and at - earlier <= timedelta(days=rules.earlier_days):
        return f"the same person had applied on {earlier:%Y-%m-%d} already"
    barred = [part for part in touch.parts if part in rules.not_credited]
    if barred:
        return f"{touch.by} is not credited here ({', '.join(barred)})"
    return None


def _choose(rules: Rules, left: list[Touch], steps: list[str]) -> Touch:
    """The first or the last; what is told without a time was there when they applied."""
    if len(left) == 1:
        return left[0]
    # Equal times are told apart by the order in which they were told.
    timed = [touch for touch in left if touch.at]
    untimed = [touch for touch in left if not touch.at]
    ordered = [*sorted(timed, key=lambda touch: touch.at), *untimed]
    steps.append(f"Of {len(left)} that count, the {rules.touch} one is taken.")
    return ordered[0 if rules.touch == "first" else -1]


_PLAIN = (
    (": after the application", N_("Your link was followed after the application.")),
    (
        " days before the application",
        N_("Your link was followed more than %(days)s days before the application."),
    ),
    (": the same person had applied", N_("The same person had applied to the company before.")),
    (
        " is not credited here",
        N_("Whoever recruits for a job, or hires for it, is not credited for it."),
    ),
)


def plainly(party: str, steps: Sequence[str], ours: str) -> list[Told]:
    """Why somebody is not credited, for themselves: names neither the applicant nor a colleague.

    party, steps: of the decision. ours: what stands in their own step, such as "(CODE)".
    """
    step = next((one for one in steps if ours in one), "")
    for sign, sentence in _PLAIN:
        if sign in step:
            days = re.search(r"more than (\d+) days", step)
            return [Told(sentence, **({"days": days[1]} if days else {}))]
    first = any("the first one is taken" in one for one in steps)
    if party == "referral" and step.startswith("The share"):
        return [Told(N_("Somebody named the applicant, and a named referral comes before links."))]
    if party in ("share", "referral"):
        return [Told(_FIRST if first else _LAST)]
    return [Told(_FIRST_POST if first else _LAST_POST)] if party == "channel" else []


_LAST = N_("Your link led there, too, but somebody else's later link comes before it.")
_FIRST = N_("Your link led there, too, but somebody else's earlier link comes before it.")
_LAST_POST = N_("Your link led there, too, but that of a later post of ours comes before it.")
_FIRST_POST = N_("Your link led there, too, but that of an earlier post of ours comes before it.")


def with_names(steps: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Steps with colleagues' names for their numbers."""
    return [PERSON.sub(lambda found: names.get(found[1], FORMER), one) for one in steps]
