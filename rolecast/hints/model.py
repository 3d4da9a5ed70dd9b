"""Turns the model's complaints into lines, carets and what to write instead."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import ValidationError

from rolecast import yamlfile
from rolecast.hints.fields import EXAMPLES, nearest_field, nearest_value
from rolecast.hints.lines import BULLETS, quoted
from rolecast.problems import Problem
from rolecast.yamlfile import Mark

Where = tuple[str | int, ...]

_PLAIN = {
    "string_type": "text is expected here",
    "int_type": "a whole number is expected here",
    "int_parsing": "a whole number is expected here",
    "int_from_float": "a whole number is expected here",
    "float_type": "a number is expected here",
    "float_parsing": "a number is expected here, without currency or words",
    "finite_number": "a real number is expected here",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "tuple_type": "a list is expected here: a line for each entry, beginning with a dash",
    "dict_type": "fields are expected here, indented below this one",
    "model_type": "fields are expected here, indented below this one",
    "model_attributes_type": "fields are expected here, indented below this one",
}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero",
            "february feb februar février febrero",
            "march mar märz mars marzo",
            "april apr avril abril",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug août agosto",
            "september sep sept septembre septiembre",
            "october oct oktober octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember décembre diciembre",
        ),
        1,
    )
    for name in names.split()
}


def explain(text: str, path: str, error: ValidationError) -> list[Problem]:
    """One problem for each mistake, in the order of the file."""
    marks, lines = yamlfile.positions(text), text.split("\n")
    found: dict[tuple[int, int, str, str], Problem] = {}
    for item in error.errors(include_url=False):
        problem = _problem(item, marks, lines, path)
        found.setdefault((problem.line, problem.column, problem.code, problem.message), problem)
    return [found[key] for key in sorted(found)]


def _problem(item: Any, marks: dict[Where, Mark], lines: list[str], path: str) -> Problem:
    where = _known(item["loc"], marks)
    kind, name = item["type"], str(item["loc"][-1]) if item["loc"] else ""
    if kind == "missing":
        return _missing(where, name, marks, lines, path)
    if kind == "extra_forbidden":
        return _unknown(item, where, marks, lines, path)
    mark = marks[where]
    source = lines[mark.line - 1] if mark.line <= len(lines) else ""
    if where == () and "id" in item["loc"][:1]:
        return Problem(path, 1, 1, "file-name", _bad_id(path), lines[0], None)
    code, message, value = _value(item, where)
    fix = None
    if value is not None and mark.line == mark.end_line:
        fix = source[: mark.column - 1] + value + source[mark.end_column - 1 :]
    elif code == "list-expected" and value is None:
        fix = _as_list(item["input"], mark, lines)
    return Problem(path, mark.line, mark.column, code, message, source, fix)


def _known(loc: Where, marks: dict[Where, Mark]) -> Where:
    """The deepest part of `loc` that stands in the file; unions put names of their own in it."""
    where: Where = ()
    for part in loc:
        if (*where, part) in marks:
            where = (*where, part)
    return where


def _bad_id(path: str) -> str:
    return (
        "the file's name names the job, so it has small letters, digits and hyphens only, at most "
        "40: rename the file, or write such an `id:` in it"
    )


def _missing(
    where: Where, name: str, marks: dict[Where, Mark], lines: list[str], path: str
) -> Problem:
    mark = marks[where]
    pad = "" if not where else " " * (mark.column - 1)
    example = "\n".join(pad + line for line in EXAMPLES.get(name, f"{name}: …").split("\n"))
    parent = f" in {'.'.join(str(part) for part in where)}" if where else ""
    return Problem(
        path,
        mark.line,
        mark.column,
        "missing-field",
        f"the field {name!r} is missing{parent}; add it",
        lines[mark.line - 1],
        example,
    )


def _unknown(
    item: Any, where: Where, marks: dict[Where, Mark], lines: list[str], path: str
) -> Problem:
    mark, name = marks[where], str(item["loc"][-1])
    source = lines[mark.key_line - 1]
    siblings = {str(key[-1]) for key in marks if key[:-1] == where[:-1] and key}
    meant = nearest_field(name, _allowed(where[:-1]))
    message, fix = f"there is no field {name!r}", None
    if meant and meant not in siblings:
        message += f"; did you mean {meant!r}?"
        fix = source[: mark.key_column - 1] + source[mark.key_column - 1 :].replace(name, meant, 1)
    else:
        message += "; remove it, or put it into the description"
    return Problem(path, mark.key_line, mark.key_column, "unknown-field", message, source, fix)


def _allowed(where: Where) -> tuple[str, ...] | None:
    """The fields that the part of the spec at `where` has."""
    from rolecast import jobspec

    parts = {
        "company": jobspec.Company,
        "locations": jobspec.Location,
        "salary": jobspec.Salary,
        "apply": jobspec.Apply,
        "hiring_manager": jobspec.Person,
        "referral_bonus": jobspec.Bonus,
        "channels": jobspec.Routing,
    }
    model = parts.get(str(where[0])) if where else jobspec.JobSpec
    return tuple(model.model_fields) if model else None


def _value(item: Any, where: Where) -> tuple[str, str, str | None]:
    """Code, message and, where it can be told, the value to write instead."""
    kind, given = item["type"], item["input"]
    field = next((part for part in reversed(where) if isinstance(part, str)), "")
    if kind in ("enum", "literal_error"):
        return _choice(item, given)
    if field in ("opens", "closes"):
        return _date(given, item)
    if field == "first_look":
        return "days", "write the days as a whole number from 1 to 60, such as 5", _days(given)
    if kind in ("float_parsing", "float_type", "int_parsing", "int_type", "int_from_float"):
        number = _number(given)
        return "not-a-number", _PLAIN[kind], number
    if kind == "tuple_type":
        value = (
            f"[{given}]"
            if isinstance(given, str)
            and "\n" not in given
            and not any(mark in given for mark in BULLETS + ",[]{}:#")
            else None
        )
        return "list-expected", _PLAIN[kind], value
    if kind == "string_type" and isinstance(given, bool | int | float):
        return "text-expected", "text is expected here; put it in quotes", quoted(_source(given))
    if given is None:
        return "empty-value", "nothing stands here; write a value, or remove the field", None
    if kind == "string_pattern_mismatch" and field == "id":
        plain = re.sub(r"[^a-z0-9]+", "-", str(given).lower()).strip("-")[:40].strip("-")
        return "id", "an id has small letters, digits and hyphens only, at most 40", plain or None
    if kind == "string_pattern_mismatch":
        return "one-line", "this has to be on one line", None
    if kind == "value_error":
        return _own_words(item, given)
    return kind.replace("_", "-"), _PLAIN.get(kind, item["msg"]), None


def _source(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _choice(item: Any, given: Any) -> tuple[str, str, str | None]:
    allowed = re.findall(r"'([^']+)'", item["ctx"]["expected"])
    meant = nearest_value(given, allowed) if isinstance(given, str | bool | int) else None
    message = f"{_source(given)[:60]!r} is not one of {', '.join(allowed)}"
    return "not-a-choice", message, meant


def _own_words(item: Any, given: Any) -> tuple[str, str, str | None]:
    message = str(item["ctx"]["error"])
    value = None
    text = given.strip() if isinstance(given, str) else ""
    if message.startswith("an address") and re.match(r"[\w-]+(\.[\w-]+)+(/\S*)?$", text):
        value = f"https://{text}"
    elif "country code" in message:
        value = _country(text)
    return "wrong-value", message, value


def _country(name: str) -> str | None:
    from babel import Locale

    short = {
        "UK": "GB",
        "ENGLAND": "GB",
        "USA": "US",
        "U.S.": "US",
        "U.S.A.": "US",
        "KOREA": "KR",
        "HOLLAND": "NL",
    }
    if name.upper() in short:
        return short[name.upper()]
    for language in ("en", "de", "fr", "es"):
        for code, country in Locale(language).territories.items():
            if country.casefold() == name.casefold() and len(code) == 2:
                return code
    return None


def _days(given: Any) -> str | None:
    """`5 days` and `1 week` as a number of days; None where it is not certain."""
    match = re.fullmatch(r"(\d{1,2})\s*(days?|tage?|weeks?|wochen?)", str(given).strip().casefold())
    count = int(match[1]) * (7 if match[2][0] == "w" else 1) if match else 0
    return str(count) if 1 <= count <= 60 else None


def _number(given: Any) -> str | None:
    """`105,123`, `105.123 €` and `75k` as plain numbers; None where it is not certain."""
    if not isinstance(given, str):
        return None
    text = re.sub(r"[^\d.,kK]", "", given)
    if match := re.fullmatch(r"(\d{1,3})([.,]?)(\d*)[kK]", text):
        return str(int(float(f"{match[1]}.{match[3] or 0}") * 1000))
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", text):
        return re.sub(r"[.,]", "", text)
    if match := re.fullmatch(r"(\d{1,3}(?:[.,]\d{3})*)([.,])(\d{2})", text):
        return re.sub(r"[.,]", "", match[1]) + "." + match[3]
    return text if text.isdigit() else None


def _date(given: Any, item: Any) -> tuple[str, str, str | None]:
    example = "write the year, the month and the day, such as 2026-12-31"
    text = str(given).strip()
    if "zone" in item["msg"]:
        return "date", "a time needs its zone, such as 2026-12-31T18:00+01:00", None
    if given is None:
        return "empty-value", f"nothing stands here; {example}, or remove the field", None
    if match := re.search(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b", text):
        first, second, year = (int(part) for part in match.groups())
        dotted = "." in match[0]
        if not dotted and first <= 12 and second <= 12 and first != second:
            return "date", f"{match[0]} may be either of two days; {example}", None
        day, month = (first, second) if dotted or first > 12 else (second, first)
        return "date", f"this is not a date we can be sure of; {example}", _iso(year, month, day)
    words = re.findall(r"\w+", text.casefold())
    month = next((_MONTHS[word] for word in words if word in _MONTHS), None)
    year = next((int(word) for word in words if re.fullmatch(r"20\d\d", word)), None)
    day = next(
        (int(m[1]) for word in words if (m := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", word))),
        None,
    )
    if month and year and day:
        return "date", f"{example}", _iso(year, month, day)
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", text):
        parts = [int(part) for part in text.split("-")]
        return "date", f"there is no such day; {example}", _iso(*parts)
    return "date", example, None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _as_list(given: Any, mark: Mark, lines: list[str]) -> str | None:
    """Text that was meant as a list, a line each."""
    if not isinstance(given, str):
        return None
    parts = [part.strip() for part in re.split(rf"\n|[{BULLETS}]\s|,\s", given) if part.strip()]
    key = lines[mark.key_line - 1]
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    items = [indent + "- " + (quoted(part) if ": " in part else part) for part in parts]
    return "\n".join([key[: key.index(":") + 1] if ":" in key else key, *items])
