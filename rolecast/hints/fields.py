"""Names of fields and values: what was meant."""

from __future__ import annotations

import difflib
from functools import cache
from typing import Any

# What people write for our fields, from real job specs and other formats' names.
OTHER_NAMES = {
    "position": "title",
    "job_title": "title",
    "role": "title",
    "role_name": "title",
    "name": "title",
    "org": "company",
    "organization": "company",
    "organisation": "company",
    "employer": "company",
    "company_name": "company",
    "location": "locations",
    "place": "locations",
    "city": "locations",
    "valid_through": "closes",
    "deadline": "closes",
    "expires": "closes",
    "expiration_date": "closes",
    "closing_date": "closes",
    "end_date": "closes",
    "posted_at": "opens",
    "date_posted": "opens",
    "start_date": "opens",
    "opening_date": "opens",
    "posted": "opens",
    "internal_days": "first_look",
    "internal_first": "first_look",
    "firstlook": "first_look",
    "apply_url": "apply",
    "application_url": "apply",
    "url": "apply",
    "apply_email": "apply",
    "contact": "hiring_manager",
    "contact_name": "hiring_manager",
    "manager": "hiring_manager",
    "employment_type": "employment_types",
    "job_type": "employment_types",
    "type": "employment_types",
    "remote": "workplace",
    "workplace_type": "workplace",
    "salary_min": "salary",
    "salary_max": "salary",
    "pay": "salary",
    "compensation": "salary",
    "wage": "salary",
    "state": "status",
    "num_vacancies": "openings",
    "vacancies": "openings",
    "duties": "responsibilities",
    "tasks": "responsibilities",
    "key objectives": "responsibilities",
    "qualifications": "requirements",
    "perks": "benefits",
    "keywords": "tags",
    "labels": "tags",
    "lang": "language",
    "bonus": "referral_bonus",
    "minimum": "min",
    "maximum": "max",
    "unit": "period",
    "zip": "postal_code",
    "postcode": "postal_code",
    "plz": "postal_code",
    "country_code": "country",
    "address": "street",
}

EXAMPLES = {
    "title": "title: Care Coordinator",
    "company": "company: Example GmbH",
    "description": "description: |\n  What the job is, in your own words.",
    "locations": "locations:\n  - city: Hamburg\n    country: DE",
    "apply": "apply: https://jobs.example.com/4711",
    "country": "country: DE",
    "currency": "currency: EUR",
    "min": "min: 52000",
    "name": "name: Alex Example",
    "amount": "amount: 1000",
    "id": "id: care-coordinator",
}


@cache
def field_names() -> tuple[str, ...]:
    """Every field of a job spec and of its parts."""
    from rolecast import jobspec

    models = [value for value in vars(jobspec).values() if hasattr(value, "model_fields")]
    return tuple(sorted({name for model in models for name in model.model_fields}))


def nearest_field(word: str, allowed: tuple[str, ...] | None = None) -> str | None:
    """The field that was meant by `word`, out of `allowed`, or None."""
    names = allowed or field_names()
    plain = word.strip().casefold().replace("-", "_").replace(" ", "_")
    if plain in names:
        return plain
    other = OTHER_NAMES.get(plain) or OTHER_NAMES.get(word.strip().casefold())
    if other in names:
        return other
    near = difflib.get_close_matches(plain, names, n=1, cutoff=0.7)
    return near[0] if near else None


def nearest_value(value: Any, allowed: list[str]) -> str | None:
    """The allowed value that was meant, or None."""
    words = {
        "fulltime": "full_time",
        "full": "full_time",
        "permanent": "full_time",
        "vollzeit": "full_time",
        "parttime": "part_time",
        "teilzeit": "part_time",
        "contract": "contractor",
        "freelance": "contractor",
        "internship": "intern",
        "praktikum": "intern",
        "temp": "temporary",
        "yes": "remote",
        "true": "remote",
        "no": "onsite",
        "false": "onsite",
        "office": "onsite",
        "inoffice": "onsite",
        "wfh": "remote",
        "yearly": "year",
        "annual": "year",
        "annually": "year",
        "monthly": "month",
        "hourly": "hour",
        "daily": "day",
        "weekly": "week",
        "published": "open",
        "active": "open",
        "upcoming": "open",
        "junior": "entry",
        "principal": "lead",
        "executive": "executive",
    }
    plain = "".join(letter for letter in str(value).casefold() if letter.isalnum())
    by_plain = {"".join(c for c in name if c.isalnum()): name for name in allowed}
    if plain in by_plain:
        return by_plain[plain]
    if words.get(plain) in allowed:
        return words[plain]
    near = difflib.get_close_matches(plain, by_plain, n=1, cutoff=0.6)
    return by_plain[near[0]] if near else None
