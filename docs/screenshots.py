"""make screenshots: the pages as people see them, into docs/images/.

Runs `rolecast up` on the example specs in a folder of its own and walks through
board, job page, desk and Prefect's pages with Chromium.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
BOARD_PORT, PREFECT_PORT = 8130, 4230
BOARD, PREFECT = f"http://127.0.0.1:{BOARD_PORT}", f"http://127.0.0.1:{PREFECT_PORT}"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 720}
JOB = "data-engineer-grid"
COLLEAGUES = (
    ("share", f"/jobs/{JOB}/share"),
    ("composer", f"/jobs/{JOB}/share/bluesky"),
    ("poster", f"/jobs/{JOB}/share/poster"),
    ("refer", f"/jobs/{JOB}/refer"),
    ("questions", f"/jobs/{JOB}/questions"),
    ("suggest", f"/jobs/{JOB}/suggest"),
    ("me", "/me"),
    ("settings", "/me/settings"),
    ("data", "/me/data"),
)
RECRUITERS = (
    ("desk", "/desk"),
    ("grid", "/desk/grid"),
    ("channels", "/desk/channels"),
    ("insights", "/desk/insights"),
    ("report", "/desk/report"),
    ("calendar", "/desk/calendar"),
    ("write", f"/desk/write?edit={JOB}"),
    ("jobdesk", f"/desk/jobs/{JOB}"),
    ("referrals", "/desk/referrals"),
    ("bonuses", "/desk/bonuses"),
)
PHONES = (
    ("board", "/"),
    ("job", f"/jobs/{JOB}"),
    ("composer", f"/jobs/{JOB}/share/bluesky"),
    ("me", "/me"),
    ("desk", "/desk"),
)


def main() -> None:
    """Take them all."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)), sync_playwright() as tool:
        browser = tool.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, address in pages():
            take(browser, f"{name}.png", address, WIDE)
        for name, path in PHONES:
            take(browser, f"{name}-phone.png", BOARD + path, PHONE, "dark")
        browser.close()


def pages() -> Iterator[tuple[str, str]]:
    """Name and address of each page."""
    yield "board", f"{BOARD}/"
    yield "job", f"{BOARD}/jobs/{JOB}"
    for name, path in (*COLLEAGUES, *RECRUITERS):
        yield name, BOARD + path
    run = prefect("flow_runs", {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}})[0]
    yield "prefect-runs", f"{PREFECT}/runs"
    yield "prefect-run", f"{PREFECT}/runs/flow-run/{run['id']}"
    artifacts = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
    for one in prefect("artifacts", artifacts):
        yield f"prefect-{one['key']}", f"{PREFECT}/artifacts/artifact/{one['id']}"


def prefect(what: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask Prefect's server."""
    request = urllib.request.Request(
        f"{PREFECT}/api/{what}/filter",
        json.dumps(query).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def take(
    browser: Browser, name: str, address: str, size: Any, scheme: Literal["light", "dark"] = "light"
) -> None:
    """One picture."""
    page = browser.new_page(viewport=size, color_scheme=scheme)
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(1000)  # Prefect's pages draw after their data has come
    page.screenshot(path=IMAGES / name)
    page.close()
    print(f"docs/images/{name}  {address}")


@contextmanager
def running(root: Path) -> Iterator[None]:
    """`rolecast up` on the examples, with the board and the place without an API."""
    shutil.copytree(ROOT / "jobspecs", root / "jobspecs")
    settings = (ROOT / "rolecast.toml").read_text("utf-8").replace("8080", str(BOARD_PORT))
    settings = re.sub(r"\[channels\.(bluesky|blog)\].*?(?=\n\[)", "", settings, flags=re.S)
    (root / "rolecast.toml").write_text(settings, "utf-8")
    ports = ["--port", str(BOARD_PORT), "--prefect-port", str(PREFECT_PORT)]
    command = [sys.executable, "-u", "-m", "rolecast", "--root", str(root), "up", *ports]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        for line in process.stdout:
            print(line, end="")
            if "Ctrl-C" in line:
                break
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


if __name__ == "__main__":
    main()
