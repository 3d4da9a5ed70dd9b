"""Turns real adverts and listings into job specs.

    python bench/specs.py FOLDER COUNT

Every spec has about 60 lines. The adverts are read in place from the shared
data (ROLECAST_SHARED, or ../shared); nothing of them is kept.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from rolecast.yamlfile import STRANGE

LINES = 74
TYPES = {"full": "full_time", "part": "part_time", "intern": "intern", "contract": "contractor"}


def data() -> Path:
    """The folder of shared data."""
    beside = Path(__file__).parents[2] / "shared"
    return Path(os.environ.get("ROLECAST_SHARED") or beside) / "data"


def adverts() -> list[dict[str, Any]]:
    """The adverts with their text."""
    lines = (data() / "jobs" / "with_description.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def listings() -> list[dict[str, Any]]:
    """The listings without text."""
    lines = (data() / "jobs" / "listings.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def one_line(text: str, most: int) -> str:
    """Text on one line, without what no job spec may hold."""
    return " ".join(STRANGE.sub("", text or "").split())[:most].strip()


def convert(listing: dict[str, Any], advert: dict[str, Any]) -> dict[str, Any]:
    """A listing's facts with an advert's text, as a job spec."""
    text = STRANGE.sub("", advert["description"].replace("\r", "")).strip()
    lines = [line.rstrip()[:200] for line in text.split("\n")]
    while len(lines) < LINES - 25:  # short adverts are repeated: the length is what is measured
        lines += lines or ["An advert without text."]
    url = one_line(listing.get("apply_url") or listing.get("url") or "", 500)
    spec: dict[str, Any] = {
        "title": one_line(listing["title"], 150) or "Untitled",
        "company": one_line(listing.get("company") or "", 100) or "Example",
        "language": re.sub(r"[^a-z]", "", advert.get("language", "en"))[:2] or "en",
        "summary": one_line(lines[0], 200) or "A job.",
        "locations": [
            {"city": one_line(place, 80) or "Berlin", "country": "DE"}
            for place in (listing.get("locations") or ["Berlin"])[:5]
        ],
        "workplace": "remote" if listing.get("remote") else "onsite",
        "employment_types": [kind(listing.get("employment_type") or "")],
        "closes": "2027-12-31",
        "apply": url if re.match(r"https?://\S+$", url) else "https://jobs.example.com/apply",
        "tags": ["imported", one_line(listing.get("source", "list"), 40)],
        "description": "\n".join(lines[: LINES - 22]).strip() + "\n\nThe rest is on the page.",
    }
    low, high = listing.get("salary_min"), listing.get("salary_max")
    if (
        low
        and high
        and low <= high
        and re.fullmatch("[A-Z]{3}", listing.get("salary_currency", ""))
    ):
        spec["salary"] = {"min": low, "max": high, "currency": listing["salary_currency"]}
    return spec


def kind(text: str) -> str:
    """The employment type that a listing's words mean."""
    low = text.lower()
    return next((value for word, value in TYPES.items() if word in low), "full_time")


def texts(count: int) -> Iterator[str]:
    """`count` job specs as YAML, the same ones every time."""
    several = zip(itertools.cycle(listings()), itertools.cycle(adverts()), strict=False)
    for listing, advert in itertools.islice(several, count):
        yield dump(convert(listing, advert))


class _Dumper(yaml.CSafeDumper):
    """Descriptions as text blocks, as people write them."""


def _text(dumper: yaml.CSafeDumper, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dump(spec: dict[str, Any]) -> str:
    """A spec as a person would write it."""
    return yaml.dump(spec, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)


def fill(folder: Path, count: int) -> list[Path]:
    """Write `count` specs into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, text in enumerate(texts(count)):
        path = folder / f"job-{number:05}.yaml"
        path.write_text(text, "utf-8")
        paths.append(path)
    return paths


if __name__ == "__main__":
    print(len(fill(Path(sys.argv[1]), int(sys.argv[2]))), "specs written")
