"""rolecast check on 10,000 valid specs, against PyYAML's C loader alone on the same files."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import ROLECAST, best, command, head, row
from specs import fill

LOADER = """
import pathlib, sys, yaml
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
"""


def main(count: int = 10_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        specs = Path(folder) / "jobspecs"
        paths = fill(specs, count)
        lines = sum(path.read_bytes().count(b"\n") for path in paths) / count
        peer = best(3, lambda: command(sys.executable, "-c", LOADER, str(specs)))
        ours = best(3, lambda: command(*ROLECAST, "check", str(specs)))
        assert f"{count} good" in ours.output, ours.output[-500:]
    head("CSafeLoader")
    row(f"check {count:,} specs of {lines:.0f} lines", ours.seconds, peer.seconds, "s", "<= 2x")
    row("  peak memory, children included", ours.peak_mb, peer.peak_mb, "MB", "< 300 MB")


if __name__ == "__main__":
    main()
