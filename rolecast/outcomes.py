"""What became of an application: applied, interviewed, hired … told by the applicant system.

An application is known by the system's own number; nothing else of the person is taken in. The
link's code that came along with it leads back to the post or the share.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from rolecast import links


class Stage(StrEnum):
    """How far an application has come. The last two are ends."""

    applied = "applied"
    screened = "screened"
    interviewed = "interviewed"
    offered = "offered"
    hired = "hired"
    started = "started"
    rejected = "rejected"
    withdrawn = "withdrawn"


FORWARD = tuple(Stage)[:6]
ENDS = (Stage.rejected, Stage.withdrawn)


def reached(stages: set[Stage]) -> Stage | None:
    """The furthest stage; who was hired has been interviewed, whoever told us what."""
    found = [stage for stage in FORWARD if stage in stages]
    return found[-1] if found else None


def _number(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and re.search(r"[^\x21-\x7e]|@", value.strip()):
        raise ValueError("write the system's number of the application; no name, no address")
    return value


Number = Annotated[
    str,
    BeforeValidator(_number),
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$"
    ),
]
Code = Annotated[str, StringConstraints(min_length=7, max_length=32)]


class Touch(BaseModel):
    """A link that led to the application, and when it was followed, if that is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    at: datetime | None = None

    @field_validator("code")
    @classmethod
    def _ours(cls, code: str) -> str:
        if not links.is_code(links.tidy(code)):
            raise ValueError("this is no link's code")
        return links.tidy(code)

    @field_validator("at")
    @classmethod
    def _zoned(cls, at: datetime | None) -> datetime | None:
        return _aware(at) if at else None


class Outcome(BaseModel):
    """One piece of news of one application. The body of `POST /api/outcomes`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    application: Number = Field(description="The system's number of the application; no name.")
    stage: Stage = Field(description="What it has reached.")
    at: datetime = Field(description="When, with a zone: 2026-11-23T12:00:00Z.")
    job: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        None, description="Id of the job, as its file is named. Known from the link otherwise."
    )
    ref: Code | None = Field(None, description="The link's code, as it stood in ?ref=.")
    links: tuple[Touch, ...] = Field(
        (), max_length=20, description="All links that led to it, when more than one is known."
    )
    earlier: datetime | None = Field(
        None, description="When the same person applied to the company before, if they did."
    )

    @field_validator("at", "earlier")
    @classmethod
    def _zoned(cls, at: datetime | None) -> datetime | None:
        return _aware(at) if at else None

    @field_validator("ref")
    @classmethod
    def _ours(cls, code: str | None) -> str | None:
        return Touch(code=code).code if code else None

    @property
    def touches(self) -> tuple[Touch, ...]:
        """The links, each once."""
        known = {touch.code for touch in self.links}
        alone = (Touch(code=self.ref),) if self.ref and self.ref not in known else ()
        return (*self.links, *alone)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time needs its zone, such as 2026-11-23T12:00:00Z")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time of this world, please") from error


_WORD = re.compile(rf"(?<![0-9A-Za-z])[{links.ALPHABET}]{{{links.LENGTH}}}(?![0-9A-Za-z])")


def codes_in(*values: object) -> list[str]:
    """What could be codes of ours in whatever a system keeps of a source: names, tags, addresses.

    Which of them are, the ledger knows.
    """
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            found += [code for code in _WORD.findall(value[:2000]) if code not in found]
        elif isinstance(value, dict):
            found += [code for code in codes_in(*value.values()) if code not in found]
        elif isinstance(value, list | tuple):
            found += [code for code in codes_in(*value[:100]) if code not in found]
    return found


def stage_named(name: str, own: dict[str, str] | None = None) -> Stage | None:
    """The stage that a system's own name of it means; `own`: the settings' names come first.

    None for names that mean nothing to us.
    """
    plain = name.strip().casefold()
    for known, stage in (own or {}).items():
        if known.strip().casefold() == plain:
            return Stage(stage)
    return next((stage for stage, pattern in _NAMES.items() if pattern.search(plain)), None)


_NAMES = {
    Stage.started: re.compile(r"\b(started|onboard)"),
    Stage.hired: re.compile(r"\b(hired|hire|accepted|eingestellt|placed)\b"),
    Stage.offered: re.compile(r"\b(offer|offered|angebot)"),
    Stage.rejected: re.compile(r"\b(reject|declin|abgelehnt|disqualif|archiv)"),
    Stage.withdrawn: re.compile(r"\b(withdr|zurückgezogen)"),
    Stage.interviewed: re.compile(r"\b(interview|on-?site|assessment|vorstellung)"),
    Stage.screened: re.compile(r"\b(screen|review|shortlist|phone|sichtung)"),
    Stage.applied: re.compile(r"\b(appl|new|inbox|sourced|beworben|eingang)"),
}
