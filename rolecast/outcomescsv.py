"""Outcomes from a CSV file, as applicant systems export them; tried first, then taken."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from rolecast.outcomes import Outcome, codes_in, stage_named

# Our field → column names that exports use for it; compared without case, blanks and signs.
COLUMNS = {
    "application": ("application", "applicationid", "candidateid", "bewerbungsid", "id"),
    "stage": ("stage", "status", "currentstage", "phase", "applicationstatus"),
    "at": ("at", "date", "stagedate", "lastactivity", "updatedat", "appliedat", "datum"),
    "ref": ("ref", "code", "source", "sourcecode", "utmsource", "trid", "quelle"),
    "job": ("job", "jobid", "requisition", "requisitionid", "stelle"),
    "earlier": ("earlier", "earlierapplication", "previousapplication"),
}
NEEDED = ("application", "stage", "at")
LONGEST = 20_000_000  # characters of a file


class CsvProblem(Exception):
    """The file cannot be read at all; the message says what to do."""


@dataclass(frozen=True)
class Row:
    """A line of the file: an outcome, or what is wrong with it. The same line has the same key."""

    line: int
    key: str
    outcome: Outcome | None
    problem: str = ""


def read(text: str, stages: dict[str, str] | None = None, zone: str = "UTC") -> list[Row]:
    """Every line of a file. stages: its own names of stages → ours; zone: of times without one.

    Raises CsvProblem.
    """
    if len(text) > LONGEST:
        raise CsvProblem("the file is larger than 20 MB; cut it into parts")
    text = text.removeprefix("\ufeff")
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    reader = csv.reader(io.StringIO(text, newline=""), dialect)
    try:
        head = next(reader, [])
        places = _places(head)
        missing = [name for name in NEEDED if name not in places]
        if missing:
            known = "; ".join(f"{name}: {', '.join(COLUMNS[name][:3])}" for name in missing)
            raise CsvProblem(f"the first line names no column for {known}")
        return [
            _row(reader.line_num, cells, places, stages, ZoneInfo(zone))
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise CsvProblem(f"line {reader.line_num}: {error}") from error


def _places(head: list[str]) -> dict[str, int]:
    plain = ["".join(letter for letter in cell.casefold() if letter.isalnum()) for cell in head]
    found = {}
    for name, known in COLUMNS.items():
        place = next((plain.index(one) for one in known if one in plain), None)
        if place is not None and place not in found.values():
            found[name] = place
    return found


def _row(
    line: int,
    cells: list[str],
    places: dict[str, int],
    stages: dict[str, str] | None,
    zone: ZoneInfo,
) -> Row:
    values = {
        name: cells[place].strip()
        for name, place in places.items()
        if place < len(cells) and cells[place].strip()
    }
    key = hashlib.blake2b("\x1f".join(sorted(values.values())).encode(), digest_size=12).hexdigest()
    stage = stage_named(values.get("stage", ""), stages)
    if stage is None:
        return Row(line, key, None, f"{values.get('stage', '')!r} is no stage that is known; "
                   "name it in [systems.NAME.stages]")  # fmt: skip
    # A source may be a link's code, hold one, or be anything else.
    found = codes_in(values.pop("ref", ""))
    if found:
        values["ref"] = found[0]
    try:
        for name in ("at", "earlier"):
            if name in values:
                values[name] = _time(values[name], zone)
        return Row(line, key, Outcome(**values | {"stage": stage}))
    except ValidationError as error:
        one = error.errors(include_url=False, include_input=False)[0]
        return Row(line, key, None, f"{one['loc'][0]}: {one['msg']}")
    except ValueError as error:
        return Row(line, key, None, str(error))


def _time(text: str, zone: ZoneInfo) -> datetime:
    for form in ("%d.%m.%Y %H:%M", "%d.%m.%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; write 2026-11-23 or 2026-11-23T12:00Z") from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
