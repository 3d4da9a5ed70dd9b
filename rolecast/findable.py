"""What a job is found by, and what the list of jobs shows of it: made from its spec, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict

from rolecast.facts import country, facts, labels
from rolecast.folding import terms, words
from rolecast.jobspec import JobSpec
from rolecast.ledger.find import Entry
from rolecast.ledger.jobs import JobRow

FORM = "1"  # of entries; another one makes all of them anew
FACETS = ("team", "country", "city", "workplace", "employment", "language")


def suffix(zone: str) -> str:
    """What an entry depends on beside its spec. zone: the company's."""
    named = hashlib.blake2b(f"{FORM} {zone}".encode(), digest_size=6).hexdigest()
    return f":{named}"


def entry(row: JobRow, zone: str) -> Entry:
    """What the ledger keeps of a job for finding it."""
    spec = JobSpec.model_validate_json(row.spec)
    title = words(spec.title)
    known = words(" ".join(_facts(spec)))
    text = (spec.summary or "", spec.description, *spec.responsibilities, *spec.requirements)
    return Entry(
        job_id=row.id,
        mark=row.spec_hash + suffix(zone),
        name=spec.title,
        facets=json.dumps(_facets(spec), ensure_ascii=False),
        goes_out=spec.goes_out_at(row.first_seen, zone),
        card=json.dumps(_card(spec), ensure_ascii=False),
        title=title,
        facts=known,
        body=words(" ".join((*text, *spec.benefits))),
        terms=terms(title) | terms(known),
    )


def _facts(spec: JobSpec) -> Iterator[str]:
    """What people ask for beside the title, in the job's language and in English."""
    yield from (spec.id, spec.company.name)
    yield from (one for one in (spec.team, spec.department, spec.industry) if one)
    yield from (*spec.skills, *spec.tags, spec.seniority or "")
    for language in dict.fromkeys((spec.language, "en")):
        names = labels(language)
        yield from (names[spec.workplace], *(names[kind] for kind in spec.employment_types))
        codes = [place.country for place in spec.locations] + list(spec.remote_from)
        yield from (country(code, language) for code in codes)
    for place in spec.locations:
        yield from (one for one in (place.city, place.region) if one)


def _facets(spec: JobSpec) -> dict[str, list[str]]:
    countries = [place.country for place in spec.locations] + list(spec.remote_from)
    cities = [place.city for place in spec.locations if place.city]
    found = {
        "team": [spec.team] if spec.team else [],
        "country": countries,
        "city": cities,
        "workplace": [str(spec.workplace)],
        "employment": [str(kind) for kind in spec.employment_types],
        "language": [spec.language],
    }
    return {name: list(dict.fromkeys(values)) for name, values in found.items() if values}


def _card(spec: JobSpec) -> dict[str, str]:
    """What a line of the list shows."""
    from rolecast.facts import locale

    return {
        "title": spec.title,
        "summary": spec.summary or "",
        "language": spec.language,
        "direction": str(locale(spec.language).text_direction),
        **asdict(facts(spec)),
    }
