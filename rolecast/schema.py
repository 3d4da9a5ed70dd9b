"""The JSON Schema of a job spec, for editors.

    python -m rolecast.schema        writes jobspecs/schema.json

It is made from the model, in the form in which HR writes: `id` may be left
out, and a plain text is enough where the model takes one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rolecast.jobspec import JobSpec

PATH = Path(__file__).parent.parent / "jobspecs" / "schema.json"
PLAIN_TEXT = ("company", "apply", "hiring_manager")  # a name or an address is enough


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    found = JobSpec.model_json_schema(mode="validation")
    properties = found["properties"]
    found["required"] = [name for name in found["required"] if name != "id"]
    for name in PLAIN_TEXT:
        properties[name] = _or_text(properties[name])
    channels = properties["words"]["patternProperties"]
    properties["words"]["patternProperties"] = {
        name: _or_text(words) for name, words in channels.items()
    }
    for name in ("opens", "closes"):
        properties[name] = _day(properties[name])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Job spec",
        "description": "One job, as HR describes it. docs/jobspec.md explains every field.",
        **{name: value for name, value in found.items() if name not in ("title", "description")},
    }


def text() -> str:
    """The schema as it stands in jobspecs/schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _or_text(part: dict[str, Any]) -> dict[str, Any]:
    kept = {name: part.pop(name) for name in ("description", "default") if name in part}
    choices = part.pop("anyOf", None) or [part]
    return kept | {"anyOf": [{"type": "string", "minLength": 1}, *choices]}


def _day(part: dict[str, Any]) -> dict[str, Any]:
    pattern = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$"
    kept = {name: part[name] for name in ("description", "default") if name in part}
    return kept | {"anyOf": [{"type": "string", "pattern": pattern}, {"type": "null"}]}


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
    print(f"{PATH} written")
