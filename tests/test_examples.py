"""The example specs are good, and the schema for editors says what the model says."""

import unicodedata
from pathlib import Path

import jsonschema
import pytest

from rolecast import schema, yamlfile
from rolecast.check import check_file
from rolecast.jobspec import JobSpec

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "jobspecs").glob("*.yaml"))


def data(path: Path) -> dict:
    return yamlfile.load(path.read_bytes(), path.name)


def test_the_schema_is_true():
    assert schema.PATH.read_text("utf-8") == schema.text(), "run: python -m rolecast.schema"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_good_for_the_model_and_for_editors(path):
    spec, problems = check_file(path)
    assert problems == []
    assert spec.id == path.stem
    jsonschema.validate(data(path), schema.schema())
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=schema.json\n")
    assert spec.summary
    assert spec.salary
    assert spec.responsibilities
    assert spec.benefits


def test_the_examples_are_in_several_languages_and_scripts():
    specs = [check_file(path)[0] for path in EXAMPLES]
    assert len(specs) >= 8
    assert len({spec.language for spec in specs}) >= 3
    scripts = {unicodedata.name(spec.title[0]).split()[0] for spec in specs}
    assert {"LATIN", "CYRILLIC", "CJK"} <= scripts


BAD = [
    {"titel": "x"},
    {"title": None},
    {"title": 7},
    {"workplace": "moon"},
    {"employment_types": []},
    {"employment_types": "full_time"},
    {"salary": {"min": "much", "currency": "EUR"}},
    {"salary": {"min": 5}},
    {"closes": "31.12.2027"},
    {"locations": [{"city": "Bremen", "contry": "DE"}]},
    {"moments": ["party"]},
    {"openings": 0},
]


@pytest.mark.parametrize("change", BAD, ids=lambda change: next(iter(change)))
def test_model_and_schema_refuse_the_same(change):
    spec = data(EXAMPLES[0]) | {"id": "x"}
    JobSpec.model_validate(spec)
    with pytest.raises(ValueError, match=r"."):
        JobSpec.model_validate(spec | change)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spec | change, schema.schema())


def test_every_field_is_documented():
    text = (ROOT / "docs" / "jobspec.md").read_text("utf-8")
    assert not [name for name in JobSpec.model_fields if f"`{name}`" not in text]
