"""make screenshots: the pages as people see them, into docs/images/.

Runs `rolecast up` for the company of docs/world.py, with a real Bluesky server, and walks through
the pages of colleagues and recruiters with Chromium: on a desk and on a phone, light and dark; then
through Prefect's. `python -m docs.screenshots me desk` takes only those.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from docs import world
from rolecast import signin
from rolecast.publish import now_utc
from tests.house import open_project
from tests.servers import PDS

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
BOARD_PORT, PREFECT_PORT = 8130, 4230
BOARD, PREFECT = f"http://127.0.0.1:{BOARD_PORT}", f"http://127.0.0.1:{PREFECT_PORT}"
SIZES = {"": (1280, 900), "-phone": (320, 720)}
TALL = 2200  # pixels at most; what comes below is cut off
COLOURS = 96
PAUSED = {"flow_runs": {"state": {"type": {"any_": ["PAUSED"]}}}}
JOB = world.JOB
COLLEAGUES = (
    ("board", "/"),
    ("job", f"/jobs/{JOB}"),
    ("share", f"/jobs/{JOB}/share"),
    ("composer", f"/jobs/{JOB}/share/bluesky"),
    ("qr", f"/jobs/{JOB}/share/qr"),
    ("poster", f"/jobs/{JOB}/share/poster"),
    ("refer", f"/jobs/{JOB}/refer"),
    ("questions", f"/jobs/{JOB}/questions"),
    ("suggest", f"/jobs/{JOB}/suggest"),
    ("me", "/me"),
    ("named", "/me/referrals"),
    ("searches", "/me/searches"),
    ("words", "/me/words"),
    ("volunteer", "/me/volunteer"),
    ("settings", "/me/settings"),
    ("data", "/me/data"),
    ("fair", "/fair"),
)
RECRUITERS = (
    ("desk", "/desk"),
    ("grid", "/desk/grid"),
    ("cell", f"/desk/grid/{JOB}/bluesky"),
    ("channels", "/desk/channels"),
    ("channel", "/desk/channels/bluesky"),
    ("insights", "/desk/insights"),
    ("report", "/desk/report"),
    ("calendar", "/desk/calendar"),
    ("write", f"/desk/write?edit={JOB}"),
    ("jobdesk", f"/desk/jobs/{JOB}"),
    ("referrals", "/desk/referrals"),
    ("bonuses", "/desk/bonuses"),
    ("suggestions", "/desk/suggestions"),
    ("people", "/desk/people"),
    ("audit", "/desk/audit"),
)
NOBODY = (("signin", "/signin"), ("advert", f"/public/jobs/{JOB}"))


def main(names: list[str]) -> None:
    """Take them all, or those with these names."""
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as secrets,
        sync_playwright() as tool,
    ):
        chromium = shutil.which("chromium")
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        whose = (("kim.larsen", COLLEAGUES), ("ada.brandt", RECRUITERS), ("", NOBODY))
        for who, pages in whose:
            wanted = [one for one in pages if not names or one[0] in names]
            walk(browser, secrets.get(who), wanted)
        if not names or "prefect" in names:
            prefects(browser)
        browser.close()


def walk(browser: Browser, secret: str | None, pages: list[tuple[str, str]]) -> None:
    """Somebody's pages, in both sizes and both schemes."""
    for size, (width, height) in SIZES.items():
        for scheme, ending in (("light", ""), ("dark", "-dark")):
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB"
            )
            if secret:
                context.add_cookies([{"name": "rolecast", "value": secret, "url": BOARD}])
            for name, path in pages:
                take(context, f"{name}{size}{ending}", BOARD + path)
            context.close()


def take(context: BrowserContext, name: str, address: str) -> None:
    """One picture of a page of ours."""
    page = context.new_page()
    answer = page.goto(address, wait_until="load")
    if not answer or answer.status != 200:
        print(f"FAILED: {address}: {answer and answer.status}")
        return
    page.evaluate("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
    page.evaluate("Promise.all([...document.images].map(one => one.decode().catch(() => 0)))")
    page.wait_for_timeout(200)
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > page.viewport_size["width"]:
        print(f"OVERFLOWS: {name} is {wide} px wide")
    keep(page, name, full_page=True)
    page.close()


def keep(page: Page, name: str, **how: Any) -> None:
    """A picture as a small file."""
    image = Image.open(io.BytesIO(page.screenshot(**how))).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, TALL)))
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
    print(f"docs/images/{name}.png  {page.url}", flush=True)


def prefects(browser: Browser) -> None:
    """Prefect's pages: all runs, one with what it says, and the form of one that waits."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = context.new_page()

    def look(name: str, address: str) -> None:
        page.goto(f"{PREFECT}{address}", wait_until="load")
        page.wait_for_timeout(4000)  # they draw after their data has come
        keep(page, name)

    done = ask("flow_runs", {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}})
    run = next(one for one in done if "approve" not in one["name"].lower())
    look("prefect-runs", "/runs")
    look("prefect-run", f"/runs/flow-run/{run['id']}")
    page.get_by_text("Artifacts", exact=True).first.click()
    page.wait_for_timeout(1000)
    keep(page, "prefect-run")
    for one in ask("artifacts", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}):
        look(f"prefect-{one['key']}", f"/artifacts/artifact/{one['id']}")
    for one in ask("flow_runs", PAUSED)[:1]:
        look("prefect-waits", f"/runs/flow-run/{one['id']}")
        page.get_by_role("button", name="Resume").first.click()
        page.wait_for_timeout(3000)
        keep(page, "prefect-approve")
    context.close()


def ask(what: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask Prefect's server."""
    request = urllib.request.Request(
        f"{PREFECT}/api/{what}/filter",
        json.dumps(query).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@contextmanager
def running(root: Path) -> Iterator[dict[str, str]]:
    """`rolecast up` for that company; the sessions of who looks."""
    shutil.copytree(ROOT / "jobspecs", root / "jobspecs")
    spec = root / "jobspecs" / f"{JOB}.yaml"
    spec.write_text(spec.read_text("utf-8") + "referral_bonus: {amount: 2000, currency: EUR}\n")
    with PDS() as pds, world.sink() as mail:
        account = pds.new_account()
        settings = world.SETTINGS.format(url=BOARD, mail=mail)
        settings += world.CHANNELS.format(url=BOARD, pds=pds.url, handle=account.handle)
        (root / "rolecast.toml").write_text(settings, "utf-8")
        env = {
            "ROLECAST_BLUESKY_PASSWORD": account.password,
            "ROLECAST_BLOG_PASSWORD": "none",
            "ROLECAST_SYSTEM_ATS_SECRET": "whsec_" + "c2VjcmV0" * 6,
        }
        world.make(root, env)
        (root / "rolecast.toml").write_text(settings + world.POLICY, "utf-8")
        ports = ["--port", str(BOARD_PORT), "--prefect-port", str(PREFECT_PORT)]
        command = [sys.executable, "-u", "-m", "rolecast", "--root", str(root), "up", *ports]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | env
        )  # fmt: skip
        assert process.stdout
        try:
            for line in process.stdout:
                print(line, end="", flush=True)
                if "Ctrl-C" in line:
                    break
            reword(root / "jobspecs" / f"{world.NURSE}.yaml")
            yield sessions(root, env)
        finally:
            process.terminate()
            process.communicate(timeout=60)


def reword(spec: Path) -> None:
    """HR changes a job, and somebody has to agree to its new post; waits until they are asked."""
    text = spec.read_text("utf-8")
    assert re.search("^title: Night Nurse", text, re.M)
    spec.write_text(text.replace("title: Night Nurse", "title: Senior Night Nurse"), "utf-8")
    deadline = time.monotonic() + 120
    while not ask("flow_runs", PAUSED):
        assert time.monotonic() < deadline
        time.sleep(1)


def sessions(root: Path, env: dict[str, str]) -> dict[str, str]:
    """What the browsers of Kim and Ada keep."""
    project, found = open_project(root, env), {}
    for who in ("kim.larsen", "ada.brandt"):
        one = world.person(project, who)
        with project.ledger.begin() as conn:
            found[who] = signin.start(conn, project.settings, one, "Chromium, computer", now_utc())
    project.ledger.close()
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
