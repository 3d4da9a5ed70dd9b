"""Precision and recall of the bot classes, on the test lists of two libraries that had no part in
making them: CrawlerDetect (MIT) and device-detector (LGPL). The lists are fetched from the package
index and not kept.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from rolecast import agents
from rolecast.clicks import BOT, SUSPECT, judge

LISTS = {"crawlerdetect": "0.4.2", "device-detector": "6.5.1"}
BROWSERS = ("smartphone", "phablet", "tablet", "desktop", "feature_phone")


def fetch(folder: Path) -> None:
    for name, version in LISTS.items():
        subprocess.run(
            [f"{sys.base_prefix}/bin/python3", "-m", "pip", "download", "-q", "--no-deps",
             "--no-binary", ":all:", "-d", str(folder), f"{name}=={version}"],
            check=True,
        )  # fmt: skip
    for path in folder.glob("*.tar.gz"):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")


def crawlerdetect(folder: Path) -> tuple[list[str], list[str]]:
    (base,) = folder.glob("crawlerdetect-*/tests/fixtures/user_agent")
    both = [
        (base / name).read_text("utf-8").splitlines() for name in ("crawlers.txt", "devices.txt")
    ]
    return both[0], both[1]


def device_detector(folder: Path) -> tuple[list[str], list[str]]:
    (base,) = folder.glob("device_detector-*/device_detector/tests/fixtures/upstream")
    bots, people = [], []
    for path in sorted(base.glob("*.yml")):
        found = [
            one.get("user_agent", "")
            for one in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        ]
        if path.stem == "bots":
            bots += found
        elif path.stem.split("-")[0] in (
            "smartphone",
            "phablet",
            "tablet",
            "desktop",
            "feature_phone",
        ):
            people += found
    return bots, people


def tell(name: str, bots: list[str], people: list[str]) -> None:
    bots, people = ([text for text in texts if text.strip()] for texts in (bots, people))
    of_bots = Counter(judge(agents.read(text).signal)[0] for text in bots)
    of_people = Counter(judge(agents.read(text).signal)[0] for text in people)
    print(f"{name}: {len(bots):,} robots, {len(people):,} people's browsers")
    for what, kinds in (("bot", (BOT,)), ("bot or suspect", (BOT, SUSPECT))):
        hits = sum(of_bots[kind] for kind in kinds)
        false = sum(of_people[kind] for kind in kinds)
        recall, precision = hits / len(bots), hits / (hits + false)
        print(f"  {what:15} recall {recall:7.2%}   precision {precision:7.2%}   "
              f"people taken for one {false / len(people):7.3%}")  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fetch(Path(folder))
        tell("CrawlerDetect", *crawlerdetect(Path(folder)))
        tell("device-detector", *device_detector(Path(folder)))


if __name__ == "__main__":
    main()
