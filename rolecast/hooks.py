"""Applicant systems' webhooks: whose they are, and what they say.

Each system signs in its own way and speaks of applications in its own words; both are here, from
its documents. What a webhook holds beside that (names, addresses, letters) is not read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import ValidationError

from rolecast.outcomes import Outcome, Stage, Touch, codes_in, stage_named

WINDOW = 300  # seconds that a signed time may lie off: later, and earlier by a wrong clock


class Forged(Exception):
    """Not signed by whom it should be, or not now."""


class Unreadable(Exception):
    """Signed, and not what the documents promise; the message says what is missing."""


@dataclass(frozen=True)
class Told:
    """What one webhook says. key: the sender's own, so that it is taken once."""

    key: str
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True)
class System(ABC):
    """One applicant system of the settings. stages: its own names of stages → ours."""

    secret: str
    stages: dict[str, str] = field(default_factory=dict)
    label: ClassVar[str]
    source: ClassVar[str]  # the document

    @abstractmethod
    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Raises Forged. now: seconds since 1970."""

    @abstractmethod
    def read(self, headers: Mapping[str, str], body: bytes) -> Told:
        """Raises Unreadable."""

    def answer(self, headers: Mapping[str, str]) -> dict[str, str] | None:
        """Headers that answer a greeting, for systems that greet before they tell anything."""
        return None

    def signed(self, text: bytes) -> str:
        """HMAC-SHA256 of a text with the secret, in hexadecimal."""
        return hmac.new(self.secret.encode(), text, hashlib.sha256).hexdigest()

    def _same(self, given: str, text: bytes) -> None:
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.signed(text).encode()):
            raise Forged

    def _stage(self, name: object) -> Stage | None:
        return stage_named(str(name), self.stages) if name else None


class Rolecast(System):
    """Our own API: Standard Webhooks, for every system that can be taught to send it."""

    label = "any system"
    source = "https://www.standardwebhooks.com (specification 1.0)"

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """webhook-id, webhook-timestamp, webhook-signature: v1,base64(HMAC(id.time.body))."""
        id_, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        _in_time(at, now)
        text = f"{id_}.{at}.".encode() + body
        digest = hmac.new(_key(self.secret), text, hashlib.sha256).digest()
        right = b"v1," + base64.b64encode(digest)
        given = headers.get("webhook-signature", "").encode("utf-8", "replace").split(b" ")
        if not id_ or not any([hmac.compare_digest(right, one) for one in given]):
            raise Forged

    def read(self, headers: Mapping[str, str], body: bytes) -> Told:
        """The body is an Outcome."""
        try:
            return Told(headers["webhook-id"], (Outcome.model_validate_json(body),))
        except ValidationError as error:
            raise Unreadable(_first(error)) from error


class Greenhouse(System):
    """`Signature: sha256 HEX` over the body."""

    label = "Greenhouse"
    source = "https://developers.greenhouse.io/webhooks.html"
    ACTIONS: ClassVar = {
        "new_candidate_application": Stage.applied,
        "hire_candidate": Stage.hired,
        "candidate_hired": Stage.hired,
        "reject_candidate": Stage.rejected,
        "offer_created": Stage.offered,
    }

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """No time is signed: what is sent again is known by its Greenhouse-Event-ID."""
        kind, _, given = headers.get("signature", "").partition(" ")
        if kind != "sha256":
            raise Forged
        self._same(given, body)

    def read(self, headers: Mapping[str, str], body: bytes) -> Told:
        """`application`, its stage, its source and its custom fields."""
        data = _json(body)
        action, application = data.get("action"), _at(data, "payload", "application")
        key = headers.get("greenhouse-event-id") or self.signed(body)[:32]
        if not isinstance(application, dict) or application.get("prospect"):
            return Told(key)
        stage = self.ACTIONS.get(str(action))
        if action == "candidate_stage_change":
            stage = self._stage(_at(application, "current_stage", "name"))
        at = {
            Stage.applied: application.get("applied_at"),
            Stage.rejected: application.get("rejected_at"),
            Stage.hired: _at(application, "offer", "resolved_at"),
        }.get(stage) or application.get("last_activity_at")
        codes = codes_in(
            application.get("source"), application.get("custom_fields"), application.get("answers")
        )
        return _told(key, application.get("id"), stage, at, codes)


class Lever(System):
    """`signature` in the body: HMAC over its token and triggeredAt. It names no source: the code
    comes with our own API or a CSV file, or was told before."""

    label = "Lever"
    source = "https://hire.lever.co/developer/documentation#webhooks"

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """The time is signed, in milliseconds."""
        data = _json(body)
        at = str(data.get("triggeredAt", ""))
        _in_time(at[:-3], now)
        self._same(str(data.get("signature", "")), f"{data.get('token', '')}{at}".encode())

    def read(self, headers: Mapping[str, str], body: bytes) -> Told:
        """An opportunity is an application."""
        data = _json(body)
        event, about = data.get("event"), data.get("data")
        key = f"{data.get('token')}"[:128]
        if not isinstance(about, dict):
            return Told(key)
        stage = {"applicationCreated": Stage.applied, "candidateHired": Stage.hired}.get(str(event))
        if event == "candidateStageChange":
            stage = self._stage(about.get("toStageId"))
        if event == "candidateArchiveChange":
            stage = Stage.rejected if about.get("toArchived") else None
        codes = codes_in(about.get("source"), about.get("sources"), about.get("tags"))
        return _told(key, about.get("opportunityId"), stage, data.get("triggeredAt"), codes)


class Ashby(System):
    """`Ashby-Signature: sha256=HEX` over the body."""

    label = "Ashby"
    source = "https://developers.ashbyhq.com/docs/authenticating-webhooks"
    TYPES: ClassVar = {
        "PreInterviewScreen": Stage.screened,
        "Offer": Stage.offered,
        "Hired": Stage.hired,
        "Archived": Stage.rejected,
    }

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """No time is signed: what is sent again is known by its webhookActionId."""
        kind, _, given = headers.get("ashby-signature", "").partition("=")
        if kind != "sha256":
            raise Forged
        self._same(given, body)

    def read(self, headers: Mapping[str, str], body: bytes) -> Told:
        """`data.application` with its stage and source. One action tells of itself in several
        webhooks (candidateHire is a candidateStageChange too), under one webhookActionId."""
        data = _json(body)
        action, application = data.get("action"), _at(data, "data", "application")
        if not isinstance(application, dict):
            return Told(self.signed(body)[:32])
        kind = _at(application, "currentInterviewStage", "type")
        stage = {"applicationSubmit": Stage.applied, "candidateHire": Stage.hired}.get(str(action))
        if action in ("candidateStageChange", "applicationUpdate"):
            named = self._stage(_at(application, "currentInterviewStage", "title"))
            stage = self.TYPES.get(str(kind)) or named
        key = f"{data.get('webhookActionId') or self.signed(body)[:32]}:{stage}"
        codes = codes_in(
            application.get("source"),
            application.get("customFields"),
            application.get("sourceAttributions"),
            _at(data, "data", "source"),
        )
        at = application.get("updatedAt") or application.get("createdAt")
        return _told(key, application.get("id"), stage, at, codes)


class Workable(System):
    """`X-Workable-Signature: HEX` over the body."""

    label = "Workable"
    source = "https://workable.readme.io/reference/webhook-subscriptions-candidates-employees"

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """No time is signed: what is sent again is known by its id."""
        self._same(headers.get("x-workable-signature", "").removeprefix("sha256="), body)

    def read(self, headers: Mapping[str, str], body: bytes) -> Told:
        """A candidate of Workable's belongs to one job: it is the application."""
        data = _json(body)
        event, about = data.get("event_type"), data.get("data")
        key = str(data.get("id") or self.signed(body)[:32])[:128]
        if data.get("resource_type", "candidate") != "candidate" or not isinstance(about, dict):
            return Told(key)
        stage = Stage.applied if event == "candidate_created" else self._stage(about.get("stage"))
        if about.get("disqualified"):
            stage = Stage.rejected
        codes = codes_in(about.get("domain"), about.get("sourced_by"), about.get("source"),
                         about.get("tags"), about.get("answers"))  # fmt: skip
        at = data.get("fired_at") or about.get("updated_at")
        return _told(key, about.get("id"), stage, at, codes)


class SmartRecruiters(System):
    """`smartrecruiters-signature: v1=HEX` over time, body and headers; greets with X-Hook-Secret.

    It tells numbers only: the status comes in the body where the subscription sends it.
    """

    label = "SmartRecruiters"
    source = "https://developers.smartrecruiters.com/docs/webhooks (secret keys)"
    SIGNED: ClassVar = ("event-id", "event-name", "event-version", "link")

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Several signatures may be sent while keys change; one right one is enough."""
        at = headers.get("smartrecruiters-timestamp", "")
        _in_time(at, now)
        names = [headers.get(name, "").encode("latin-1", "replace") for name in self.SIGNED]
        right = f"v1={self.signed(b'.'.join([at.encode(), body, *names]))}".encode()
        given = headers.get("smartrecruiters-signature", "").encode("utf-8", "replace").split(b";")
        if not any([hmac.compare_digest(right, one.strip()) for one in given]):
            raise Forged

    def read(self, headers: Mapping[str, str], body: bytes) -> Told:
        """application.created, application.status.updated."""
        data, event = _json(body), headers.get("event-name", "")
        key = headers.get("event-id", "")[:128] or self.signed(body)[:32]
        stage = Stage.applied if event == "application.created" else None
        if event == "application.status.updated":
            stage = self._stage(data.get("status"))
        id_ = data.get("application_id") or data.get("id")
        if id_ is None and data.get("candidate_id") and data.get("job_id"):
            id_ = f"{data['candidate_id']}:{data['job_id']}"
        codes = codes_in(data.get("source"), data.get("sourceDetails"), data.get("tracking"))
        return _told(key, id_, stage, headers.get("smartrecruiters-timestamp"), codes)

    def answer(self, headers: Mapping[str, str]) -> dict[str, str] | None:
        """The greeting's secret, given back."""
        found = headers.get("x-hook-secret")
        return (
            {"X-Hook-Secret": found} if found and found.isascii() and found.isprintable() else None
        )


TABLE: dict[str, type[System]] = {
    "rolecast": Rolecast,
    "greenhouse": Greenhouse,
    "lever": Lever,
    "ashby": Ashby,
    "workable": Workable,
    "smartrecruiters": SmartRecruiters,
    # Personio's webhooks tell of employees only (developer.personio.de/docs/event-driven-data):
    # its applications come by CSV file, or through `rolecast`.
}


def _told(key: str, id_: Any, stage: Stage | None, at: Any, codes: list[str]) -> Told:
    """What is told; nothing where the stage means nothing to us."""
    if stage is None:
        return Told(key)
    if id_ is None:
        raise Unreadable("the application has no number")
    try:
        outcome = Outcome(
            application=id_,
            stage=stage,
            at=_time(at),
            links=tuple(Touch(code=c) for c in codes[:20]),
        )
    except ValidationError as error:
        raise Unreadable(_first(error)) from error
    return Told(key, (outcome,))


def _time(value: Any) -> Any:
    """Milliseconds or seconds since 1970, or a text with a zone."""
    text = str(value)
    if text.isdigit() and len(text) <= 13:
        return datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
    return value


def _in_time(text: str, now: float) -> None:
    if not (
        text.isascii() and text.isdigit() and len(text) < 13 and abs(int(text) - now) <= WINDOW
    ):
        raise Forged


def _key(secret: str) -> bytes:
    """Standard Webhooks: whsec_ and Base64; anything else is taken as it is."""
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"))
    return secret.encode()


def _json(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the body is no JSON") from error
    if not isinstance(data, dict):
        raise Unreadable("the body is no JSON object")
    return data


def _at(data: Any, *names: str) -> Any:
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _first(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}"
