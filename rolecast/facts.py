"""A job's facts in the words of its own language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from rolecast.jobspec import JobSpec, Salary, Workplace

_LABELS = {
    "en": "On site|Hybrid|Remote|Full-time|Part-time|Contract|Temporary|Internship|Volunteer|"
    "Per diem|Other|hour|day|week|month|year|from {country}|apply by {day}",
    "de": "Vor Ort|Hybrid|Remote|Vollzeit|Teilzeit|Auftrag|Befristet|Praktikum|Ehrenamt|"
    "Tageweise|Sonstiges|Stunde|Tag|Woche|Monat|Jahr|aus {country}|bewerben bis {day}",
    "fr": "Sur place|Hybride|À distance|Temps plein|Temps partiel|Mission|CDD|Stage|Bénévolat|"
    "Vacation|Autre|heure|jour|semaine|mois|an|depuis {country}|postuler avant le {day}",
    "es": "Presencial|Híbrido|Remoto|Jornada completa|Media jornada|Contrato|Temporal|Prácticas|"
    "Voluntariado|Por días|Otro|hora|día|semana|mes|año|desde {country}|hasta el {day}",
    "uk": "В офісі|Гібридно|Віддалено|Повна зайнятість|Часткова зайнятість|Контракт|Тимчасово|"
    "Стажування|Волонтерство|Поденно|Інше|година|день|тиждень|місяць|рік|{country}|до {day}",
    "ja": "出社|ハイブリッド|リモート|正社員|パートタイム|業務委託|契約社員|インターン|"
    "ボランティア|日雇い|その他|時間|日|週|月|年|{country}から|応募締切 {day}",
    "zh": "现场办公|混合办公|远程|全职|兼职|合同工|临时|实习|志愿者|按日|其他|小时|天|周|月|年|"
    "{country}|截止日期 {day}",
}
_NAMES = (
    "onsite", "hybrid", "remote", "full_time", "part_time", "contractor", "temporary", "intern",
    "volunteer", "per_diem", "other", "hour", "day", "week", "month", "year", "remote_from",
    "apply_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What a reader wants to know first; '' where the spec does not say."""

    place: str
    workplace: str
    salary: str
    employment: str
    closes: str
    company: str
    team: str


@cache
def labels(language: str) -> dict[str, str]:
    """Name → word; English where the language is not known."""
    text = _LABELS.get(language.split("-")[0], _LABELS["en"])
    return dict(zip(_NAMES, text.split("|"), strict=True))


@cache
def locale(language: str) -> Any:
    """Babel's locale for a BCP 47 tag, English where there is none."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def facts(spec: JobSpec) -> Facts:
    """All of them."""
    words = labels(spec.language)
    return Facts(
        place=place(spec),
        workplace=_workplace(spec, words),
        salary=salary(spec.salary, spec.language) if spec.salary else "",
        employment=", ".join(words[kind] for kind in spec.employment_types),
        closes=words["apply_by"].format(day=day(spec)) if spec.closes else "",
        company=spec.company.name,
        team=spec.team or "",
    )


def place(spec: JobSpec, most: int = 3) -> str:
    """The cities, or the country where no city is named; countries only when there are several."""
    countries = {location.country for location in spec.locations}
    names = []
    for location in spec.locations:
        name = location.city or location.region or country(location.country, spec.language)
        if len(countries) > 1 and location.city:
            name += f" ({location.country})"
        if name not in names:
            names.append(name)
    more = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + more


@cache
def country(code: str, language: str) -> str:
    """The country's name in `language`."""
    return locale(language).territories.get(code, code)


@cache
def language_name(tag: str, language: str = "en") -> str:
    """The name of the language `tag` (BCP 47) in `language`; the tag where Babel knows none."""
    names = locale(language).languages
    return names.get(tag.replace("-", "_")) or names.get(tag.split("-")[0], tag)


def _workplace(spec: JobSpec, words: dict[str, str]) -> str:
    if spec.workplace is not Workplace.remote or not spec.remote_from:
        return words[spec.workplace]
    names = ", ".join(country(code, spec.language) for code in spec.remote_from)
    return f"{words['remote']} ({words['remote_from'].format(country=names)})"


@cache
def salary(pay: Salary, language: str) -> str:
    """Such as €52,000–58,000 / year; whole sums without decimals."""
    whole = pay.min == int(pay.min) and (pay.max is None or pay.max == int(pay.max))
    amount = money(pay.min, pay.currency, language, whole)
    if pay.max is not None and pay.max != pay.min:
        amount += f" – {money(pay.max, pay.currency, language, whole)}"
    return f"{amount} / {labels(language)[pay.period]}"


@cache
def money(amount: float, currency: str, language: str, whole: bool = True) -> str:
    """The amount as its language writes it."""
    from babel.numbers import format_currency

    where = locale(language)
    pattern = where.currency_formats["standard"].pattern
    if whole:
        pattern = pattern.replace(".00", "")
    return format_currency(
        amount, currency, pattern, locale=where, currency_digits=not whole
    ).replace("\xa0", " ")


def amount(value: float, currency: str, language: str) -> str:
    """An amount, with its cents where it has some."""
    return money(value, currency, language, value == int(value))


def day(spec: JobSpec) -> str:
    """The closing day, written out."""
    from babel.dates import format_date

    closes = spec.closes.date() if isinstance(spec.closes, datetime) else spec.closes
    return format_date(closes, "long", locale=locale(spec.language)) if closes else ""
