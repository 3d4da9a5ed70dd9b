"""What HR writes: one YAML file, one job.

The fields cover what Google's JobPosting, Indeed, LinkedIn and the common
applicant systems ask for; docs/jobspec.md has the mapping. Text values are
stripped, unknown fields are refused, and every model is frozen: a job spec is
a value.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

ID_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$"


class Workplace(StrEnum):
    """Where the work is done."""

    onsite = "onsite"
    hybrid = "hybrid"
    remote = "remote"


class EmploymentType(StrEnum):
    """Google's employment types, in lower case (developers.google.com, JobPosting)."""

    full_time = "full_time"
    part_time = "part_time"
    contractor = "contractor"
    temporary = "temporary"
    intern = "intern"
    volunteer = "volunteer"
    per_diem = "per_diem"
    other = "other"


class Status(StrEnum):
    """What HR says of the job; the closing date closes it as well."""

    draft = "draft"
    open = "open"
    closed = "closed"
    filled = "filled"


class Moment(StrEnum):
    """Why a post is made."""

    announce = "announce"
    remind = "remind"
    closing = "closing"
    change = "change"  # what has changed, said as a reply
    filled = "filled"


class Period(StrEnum):
    """The time that a pay figure is for."""

    hour = "hour"
    day = "day"
    week = "week"
    month = "month"
    year = "year"


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes, from CLDR."""
    from babel import Locale

    names = Locale("en").territories
    return frozenset(code for code in names if len(code) == 2 and code.isalpha()) - {
        "EU",
        "EZ",
        "UN",
        "XA",
        "XB",
        "ZZ",
        "QO",
    }


@cache
def currency_codes() -> frozenset[str]:
    """ISO 4217 codes, from CLDR."""
    from babel import Locale

    return frozenset(Locale("en").currencies)


def _country(code: str) -> str:
    if code not in country_codes():
        raise ValueError(f"{code!r} is not a country code; write two letters such as DE, GB or US")
    return code


def _currency(code: str) -> str:
    if code not in currency_codes():
        raise ValueError(f"{code!r} is not a currency code; write three letters such as EUR")
    return code


def check_address(url: str) -> str:
    """`url` itself when it is a web address; ValueError otherwise."""
    if not re.match(r"https?://[^\s/?#]+\.?[^\s]*$", url):
        raise ValueError("an address starts with https:// and has no spaces")
    return url


def _email(text: str) -> str:
    if not re.match(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+$", text):
        raise ValueError("an e-mail address looks like name@example.com")
    return text


def _language(tag: str) -> str:
    if not re.match(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$", tag):
        raise ValueError("a language is a code such as en, de, pt-BR or zh-Hans")
    return tag


def _day_or_moment(value: Any) -> Any:
    """Dates stay dates; a date with a time needs its zone, so that it means one instant."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if len(text) == 10:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, such as 2026-12-31T18:00+01:00")
    return moment


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\r\n]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Title = Annotated[Line, StringConstraints(max_length=200)]
JobId = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9][a-z0-9-]*$")]
Country = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True), AfterValidator(_country)
]
Currency = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True), AfterValidator(_currency)
]
Address = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(check_address)]
Email = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_email)]
Language = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_language)]
Tag = Annotated[Line, StringConstraints(max_length=50)]
Money = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Day = Annotated[date | datetime, BeforeValidator(_day_or_moment)]
Words = Annotated[
    dict[Moment, Text], BeforeValidator(lambda v: {"announce": v} if isinstance(v, str) else v)
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Part):
    """The unit that hires. A plain name is enough: `company: Example GmbH`."""

    name: Line
    url: Address | None = Field(None, description="The company's own site.")
    logo: Address | None = Field(None, description="Address of the logo picture.")


class Location(_Part):
    """A place of work."""

    city: Line | None = None
    region: Line | None = Field(None, description="State, province or Land.")
    country: Country = Field(description="Two-letter country code, such as DE, GB or US.")
    postal_code: Annotated[str, StringConstraints(strip_whitespace=True)] | None = Field(
        None, description="In quotes, so that a leading zero stays: '01067'."
    )
    street: Line | None = None


class Salary(_Part):
    """Pay before tax."""

    min: Money
    max: Money | None = Field(None, description="Leave out for a single figure.")
    currency: Currency = Field(description="Three-letter currency code, such as EUR.")
    period: Period = Period.year
    note: Line | None = Field(None, description="Such as: plus 13th month and shares.")

    @model_validator(mode="after")
    def _ordered(self) -> Salary:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"max ({self.max:g}) is less than min ({self.min:g}); swap them")
        return self


class Apply(_Part):
    """Where to apply. A plain address is enough: `apply: https://…`."""

    url: Address | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Apply:
        if self.url is None and self.email is None:
            raise ValueError("write a url or an email to apply to")
        return self


class Person(_Part):
    """Someone at the company."""

    name: Line
    email: Email | None = None
    role: Line | None = None


class Picture(_Part):
    """A picture for the posts that can show one."""

    file: Line = Field(description="Its file (JPEG, PNG or WebP), in the folder of job specs.")
    alt: Line = Field(description="What it shows, for those who cannot see it.")


class Bonus(_Part):
    """What a colleague gets for a successful referral. Shown inside only."""

    amount: Money
    currency: Currency
    note: Line | None = None


class Routing(_Part):
    """Channels to use or to leave out, by their names in rolecast.toml."""

    only: tuple[Name, ...] = ()
    skip: tuple[Name, ...] = ()


def _as_company(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _as_apply(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().removeprefix("mailto:")
    return {"email": text} if "@" in text and "/" not in text else {"url": text}


def _as_person(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class JobSpec(_Part):
    """One job, as HR describes it.

    Raises pydantic.ValidationError; rolecast.check turns it into problems with
    file, line and what to write.
    """

    id: JobId = Field(
        description="Names the job for ever: small letters, digits and hyphens, at most 40. "
        "Left out, it is the file's name without .yaml."
    )
    title: Title = Field(description="The job's title only: no place, no pay, no exclamation mark.")
    company: Annotated[Company, BeforeValidator(_as_company)]
    status: Status = Field(
        Status.open, description="draft: nothing goes out. open. closed. filled."
    )
    language: Language = Field("en", description="The language this advert is written in.")
    summary: Annotated[Line, StringConstraints(max_length=300)] | None = Field(
        None, description="One sentence that makes the right person read on."
    )
    description: Annotated[Text, StringConstraints(min_length=30, max_length=25_000)] = Field(
        description="The advert, in Markdown."
    )
    responsibilities: tuple[Text, ...] = Field((), description="What you will do, a line each.")
    requirements: tuple[Text, ...] = Field((), description="What you bring, a line each.")
    benefits: tuple[Text, ...] = Field((), description="What we offer, a line each.")
    locations: tuple[Location, ...] = Field((), description="Places of work; none for remote.")
    workplace: Workplace = Workplace.onsite
    remote_from: tuple[Country, ...] = Field(
        (), description="For remote work: the countries one may live in."
    )
    employment_types: Annotated[tuple[EmploymentType, ...], Field(min_length=1)] = (
        EmploymentType.full_time,
    )
    salary: Salary | None = None
    openings: Annotated[int, Field(ge=1, le=10_000)] = Field(1, description="How many are hired.")
    opens: Day | None = Field(None, description="First day, such as 2026-11-23. Empty: now.")
    closes: Day | None = Field(None, description="Last day to apply, such as 2026-12-31.")
    first_look: Annotated[int, Field(ge=1, le=60)] | None = Field(
        None, description="Days in which only colleagues see the job before it goes out."
    )
    timezone: Line | None = Field(None, description="For the dates; such as Europe/Berlin.")
    priority: Literal["high", "normal", "low"] = Field(
        "normal", description="Whose turn it is where posts have to wait for each other."
    )
    apply: Annotated[Apply, BeforeValidator(_as_apply)]
    hiring_manager: Annotated[Person, BeforeValidator(_as_person)] | None = None
    team: Line | None = None
    department: Line | None = None
    industry: Line | None = None
    seniority: (
        Literal["intern", "entry", "associate", "mid", "senior", "lead", "director", "executive"]
        | None
    ) = None
    experience_months: Annotated[int, Field(ge=0, le=600)] | None = None
    education: Line | None = None
    skills: tuple[Tag, ...] = ()
    languages: tuple[Language, ...] = Field((), description="Languages the job needs.")
    tags: tuple[Tag, ...] = Field((), description="For routing, search and hashtags.")
    image: Picture | None = None
    referral_bonus: Bonus | None = None
    channels: Routing = Routing()
    words: dict[Name, Words] = Field(
        {}, description="Your own words for a channel, instead of its template's opening."
    )
    moments: tuple[Moment, ...] = Field(
        (Moment.announce, Moment.remind, Moment.closing, Moment.filled),
        description="Why a post may be made for this job.",
    )
    existing_vacancy: bool | None = Field(None, description="Is there a real vacancy (Ontario)?")
    ai_screening: bool | None = Field(None, description="Does software screen the applicants?")
    equal_opportunity: Text | None = Field(None, description="Your equal-opportunity statement.")

    @model_validator(mode="after")
    def _consistent(self) -> JobSpec:
        if not self.locations and self.workplace is not Workplace.remote:
            raise ValueError("locations is missing; an onsite or hybrid job has at least one place")
        if self.timezone is not None:
            zone(self.timezone)
        if self.opens and self.closes and _instant(self.closes, True) < _instant(self.opens, False):
            raise ValueError(f"closes ({self.closes}) is before opens ({self.opens})")
        if self.first_look and self.opens and self.closes:
            looked = _instant(self.opens, False) + timedelta(days=self.first_look)
            if _instant(self.closes, True) <= looked:
                raise ValueError(
                    f"first_look ({self.first_look} days from {self.opens}) lasts until the job "
                    f"closes ({self.closes}): nobody outside would see it"
                )
        return self

    def opens_at(self, default_zone: str = "UTC") -> datetime | None:
        """The instant from which posts may go out, or None for at once."""
        return _instant(self.opens, False, self.timezone or default_zone) if self.opens else None

    def closes_at(self, default_zone: str = "UTC") -> datetime | None:
        """The instant after which nothing is published: a day counts to its end."""
        return _instant(self.closes, True, self.timezone or default_zone) if self.closes else None

    def goes_out_at(self, seen: datetime, default_zone: str = "UTC") -> datetime | None:
        """The instant at which its first look ends, or None for a job without one.

        seen: when the job was first seen; its first look begins then, or when it opens.
        """
        if self.first_look is None:
            return None
        opens = self.opens_at(default_zone)
        return max(seen, opens or seen) + timedelta(days=self.first_look)

    def is_open(self, now: datetime, default_zone: str = "UTC") -> bool:
        """Whether the job should be out at `now` (an aware datetime)."""
        if self.status is not Status.open:
            return False
        opens, closes = self.opens_at(default_zone), self.closes_at(default_zone)
        return (opens is None or opens <= now) and (closes is None or now < closes)


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ValueError with what to write."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is not a time zone; write one such as Europe/Berlin") from error


def _instant(day: date | datetime, end: bool, zone_name: str = "UTC") -> datetime:
    if isinstance(day, datetime):
        return day
    return _midnight(day + timedelta(days=1) if end else day, zone_name)


@lru_cache(4096)  # many jobs, few days
def _midnight(day: date, zone_name: str) -> datetime:
    return datetime.combine(day, time(), zone(zone_name))
