"""Other words for every text of real job specs: what else changes in the file, and how long it
takes; against a round trip through ruamel.yaml, which is told to keep quotes and given the best of
five indentations for each file.

    python bench/edit.py [FOLDER with more .yaml files]
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import head, row
from ruamel.yaml import YAML

from rolecast import specfile, yamlfile

EXAMPLES = Path(__file__).parents[1] / "jobspecs"
INDENTS = ((2, 2, 0), (2, 4, 2), (4, 4, 2), (2, 3, 1), (4, 6, 4))


def texts(data: Any, at: specfile.Where = ()) -> Iterator[specfile.Where]:
    """Where the texts are."""
    if isinstance(data, str):
        if data:
            yield at
        return
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in pairs:
        if isinstance(value, str | dict | list):
            yield from texts(value, (*at, key))


def round_trip(raw: bytes, indent: tuple[int, int, int]) -> bytes:
    """Through ruamel.yaml and out again, with nothing changed."""
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 10**6
    yaml.indent(*indent)
    out = io.StringIO()
    yaml.dump(yaml.load(raw.decode()), out)
    return out.getvalue().encode()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what it answered."""
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def main(folders: list[str]) -> None:
    paths = [p for f in (EXAMPLES, *map(Path, folders)) for p in sorted(f.glob("*.yaml"))]
    ours = peer = 0.0
    edited = touched = kept = 0
    for path in paths:
        raw = path.read_bytes()
        data = yamlfile.load(raw, path.name)
        for where in texts(data):
            seconds, made = timed(lambda raw=raw, where=where: specfile.replace(raw, where, "New"))
            ours, edited = ours + seconds, edited + 1
            again = data
            for step in where:
                again = again[step]
            back = specfile.replace(made, where, again)
            touched += yamlfile.load(back, "") != data
        seconds, tries = timed(lambda raw=raw: [round_trip(raw, one) for one in INDENTS])
        peer += seconds / len(INDENTS)
        kept += raw in tries
    print(f"{len(paths)} files with {edited} texts")
    print(f"  files that ruamel.yaml writes back as they were: {kept} of {len(paths)}")
    print(f"  texts that were changed and changed back with another change: {touched} of {edited}")
    head("ruamel.yaml")
    row("milliseconds an edit", ours / edited * 1000, peer / len(paths) * 1000, "ms", "<= 1x")


if __name__ == "__main__":
    main(sys.argv[1:])
