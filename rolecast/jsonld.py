"""schema.org JobPosting, by Google's rules.

Source: developers.google.com/search/docs/appearance/structured-data/job-posting
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rolecast.jobspec import JobSpec, Location, Workplace
from rolecast.markdown import to_html


def job_posting(spec: JobSpec, url: str, posted: datetime, zone: str = "UTC") -> dict[str, Any]:
    """The job as JSON-LD data. Only for a job that is open: expired markup is penalised.

    url: the page that shows it; posted: when it was first shown; zone: of dates without one.
    """
    closes = spec.closes_at(zone)
    found = {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        "title": spec.title,
        "description": description(spec),
        "identifier": {"@type": "PropertyValue", "name": spec.company.name, "value": spec.id},
        "datePosted": posted.date().isoformat(),
        "validThrough": closes.isoformat() if closes else None,
        "employmentType": [kind.upper() for kind in spec.employment_types],
        "hiringOrganization": _clean(
            {
                "@type": "Organization",
                "name": spec.company.name,
                "sameAs": spec.company.url,
                "logo": spec.company.logo,
            }
        ),
        "jobLocation": [_place(place) for place in spec.locations],
        "baseSalary": _salary(spec),
        "totalJobOpenings": spec.openings,
        "industry": spec.industry,
        "skills": ", ".join(spec.skills),
        "directApply": False,
        "url": url,
    }
    if spec.workplace is Workplace.remote:
        found["jobLocationType"] = "TELECOMMUTE"
        countries = spec.remote_from or tuple(place.country for place in spec.locations)
        found["applicantLocationRequirements"] = [
            {"@type": "Country", "name": country} for country in countries
        ]
    return _clean(found)


def description(spec: JobSpec) -> str:
    """The whole advert in the HTML that Google reads: paragraphs and lists."""
    parts = [to_html(spec.description)]
    for lines in (spec.responsibilities, spec.requirements, spec.benefits):
        if lines:
            parts.append(to_html("\n".join(f"- {line}" for line in lines)))
    return "".join(parts)


def script(data: dict[str, Any]) -> str:
    """The data for a <script type="application/ld+json">: nothing in it can end the element."""
    text = json.dumps(data, ensure_ascii=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _place(place: Location) -> dict[str, Any]:
    address = {
        "@type": "PostalAddress",
        "streetAddress": place.street,
        "addressLocality": place.city,
        "addressRegion": place.region,
        "postalCode": place.postal_code,
        "addressCountry": place.country,
    }
    return {"@type": "Place", "address": _clean(address)}


def _salary(spec: JobSpec) -> dict[str, Any] | None:
    pay = spec.salary
    if pay is None:
        return None
    value: dict[str, Any] = {"@type": "QuantitativeValue", "unitText": pay.period.upper()}
    if pay.max is None or pay.max == pay.min:
        value["value"] = pay.min
    else:
        value |= {"minValue": pay.min, "maxValue": pay.max}
    return {"@type": "MonetaryAmount", "currency": pay.currency, "value": value}


def _clean(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in (None, "", [], {})}
