"""What a person waits for in Chromium: the first and the largest paint, what jumps, what blocks.

    python bench/paint.py [board|desk]

The board with 10,000 jobs and 5,000 colleagues (bench/board.py), the desk with 10,000 jobs, 100,000
publications and 10 million clicks (bench/desk.py), from one real process each. Every load is a
browser's first one, without a cache. "phone" is how Lighthouse looks at a page: a processor four
times slower, 1.6 Mbit/s and 150 ms there and back
(https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md). Milliseconds, medians.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import board
import desk
from playwright.sync_api import Browser, sync_playwright

LOADS = 5
PHONE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8,
         "uploadThroughput": 750e3 / 8}  # fmt: skip
LOOK = """() => new Promise(done => {
    let largest = 0, jumps = 0, blocked = 0
    const of = (type, each) => new PerformanceObserver(list => list.getEntries().forEach(each))
        .observe({type, buffered: true})
    of("largest-contentful-paint", one => { largest = one.startTime })
    of("layout-shift", one => { if (!one.hadRecentInput) jumps += one.value })
    of("longtask", one => { blocked += Math.max(0, one.duration - 50) })
    setTimeout(() => {
        const page = performance.getEntriesByType("navigation")[0]
        const all = [page, ...performance.getEntriesByType("resource")]
        done({
            answer: page.responseStart,
            first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
            largest, jumps, blocked,
            requests: all.length,
            kb: all.reduce((sum, one) => sum + one.transferSize, 0) / 1024,
        })
    }, 300)
})"""
BOARD = {
    "/": "/",
    "/?q=engneer": "/?q=engneer",
    "/jobs/ID": "/jobs/job-00042",
    "/jobs/ID/share": "/jobs/job-00042/share",
    "/me": "/me",
}
DESK = {
    "/desk": "/desk",
    "/desk/grid": "/desk/grid",
    "/desk/insights": "/desk/insights",
    "/desk/jobs/ID": "/desk/jobs/job-251",
}


@contextmanager
def house(which: str) -> Iterator[tuple[str, str]]:
    """The address of a filled house, and somebody's cookie."""
    with tempfile.TemporaryDirectory() as folder:
        root, cookie = Path(folder), ""
        if which == "board":
            cookie = board.fill(root)[0][0]
        else:
            (root / ".rolecast").mkdir()
            desk.fill(root / ".rolecast" / "ledger.db")
            with desk.browser(root):
                pass  # what a server does once is done
        with board.served(root) as (port, _):
            yield f"http://127.0.0.1:{port}", cookie


def load(browser: Browser, address: str, cookie: str, phone: bool) -> dict[str, float]:
    """One first load."""
    size = {"width": 360, "height": 740} if phone else {"width": 1280, "height": 900}
    context = browser.new_context(viewport=size)
    if cookie:
        context.add_cookies([{"name": "rolecast", "value": cookie, "url": address}])
    page = context.new_page()
    if phone:
        session = context.new_cdp_session(page)
        session.send("Network.emulateNetworkConditions", PHONE)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    answer = page.goto(address)
    assert answer.status == 200, address
    found = page.evaluate(LOOK)
    context.close()
    return found


def main(houses: list[str]) -> None:
    """Fill, serve, load, print."""
    print(f"{'':24} {'answer':>7} {'first':>7} {'largest':>8} {'blocked':>8} {'jumps':>6}"
          f" {'requests':>9} {'KB':>6}")  # fmt: skip
    with sync_playwright() as player:
        program = shutil.which("chromium")  # else the one that Playwright brings
        browser = player.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for which in houses:
            with house(which) as (address, cookie):
                for name, path in (BOARD if which == "board" else DESK).items():
                    load(browser, address + path, cookie, False)  # what the server makes once
                    for phone in (False, True):
                        loads = [load(browser, address + path, cookie, phone)
                                 for _ in range(LOADS)]  # fmt: skip
                        row(f"{name}{', phone' if phone else ''}", loads)
        browser.close()


def row(name: str, loads: list[dict[str, float]]) -> None:
    """Print the medians."""
    one = {key: statistics.median(load[key] for load in loads) for key in loads[0]}
    print(f"{name:24} {one['answer']:7.0f} {one['first']:7.0f} {one['largest']:8.0f} "
          f"{one['blocked']:8.0f} {one['jumps']:6.3f} {one['requests']:9.0f} "
          f"{one['kb']:6.0f}")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:] or ["board", "desk"])
