"""Figures as people of a language write them, and axes with round numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

from babel.numbers import format_currency, format_decimal, format_percent

from rolecast.facts import locale


def number(value: float, language: str, digits: int = 0) -> str:
    """1,234 or 1.234; digits: after the point, zeros at the end left out."""
    pattern = "#,##0" + ("." + "#" * digits if digits else "")
    return format_decimal(value, pattern, locale=locale(language))


def rough(value: float, language: str) -> str:
    """As exact as is of use: 12, 1.2 or 0.12."""
    return number(value, language, 0 if value >= 9.95 else 1 if value >= 0.995 else 2)


def percent(share: float, language: str) -> str:
    """2 %, or 0.4 % where whole ones would say too little."""
    where = locale(language)
    fine = 0 < share < 0.095 or 0.995 <= share < 1
    pattern = where.percent_formats[None].pattern
    return format_percent(share, pattern.replace("##0", "##0.#", 1) if fine else None, where)


def money(value: float, currency: str, language: str) -> str:
    """€1.20 or 1,20 €."""
    return format_currency(value, currency, locale=locale(language))


def ticks(top: float, show: Callable[[float], str], most: int = 5) -> tuple[tuple[float, str], ...]:
    """Places from 0 to beyond `top`, with what is written there: 1, 2 or 5 times a power of ten
    apart."""
    top = top or 1.0
    step = 10.0 ** math.floor(math.log10(top / most))
    step = next(step * times for times in (1, 2, 5, 10) if top / (step * times) <= most)
    count = math.ceil(top / step - 1e-9)
    return tuple((round(step * n, 10), show(round(step * n, 10))) for n in range(count + 1))
