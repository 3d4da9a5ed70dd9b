"""Keeps the folder and the world the same: a watcher, and a schedule that catches up.

One process. A change in the folder makes a run of the deployment
`syndicate/folder` and runs it right here, without the start of a new process;
a run that the schedule or somebody in Prefect's UI asks for is run by
Prefect's runner as usual.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import logging
import os
import signal
from pathlib import Path
from uuid import UUID

from prefect import get_client
from prefect.flow_engine import run_flow
from prefect.runner import Runner
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Pending
from watchfiles import Change, awatch

from connectors.http import Http
from flows import notify
from flows.approve import approve
from flows.collect import collect
from flows.digest import digest
from flows.notify import tell
from flows.project import project
from flows.rehearse import rehearse
from flows.syndicate import executable, syndicate
from rolecast import logs, rehearsing, settings
from rolecast.folder import is_spec
from rolecast.ledger import approvals, beats
from rolecast.publish import now_utc

log = logging.getLogger("rolecast.watch")

CATCH_UP = 900.0  # seconds between scheduled runs
COLLECT = 3600.0  # seconds between two looks at what is live
DIGEST = 900.0  # seconds between two times of telling colleagues
GRACE = 45.0  # seconds that stopping takes at most
TICK_MS = 20_000  # how often waiting posts and dates are looked at without any change
QUIET_MS = 300  # a folder must be quiet for so long
BEAT = "watcher"  # the name under which the ledger knows us
BATCH_MS = 2_000  # but a change never waits longer than this


class Watcher:
    """Looks whether there is something to do, and runs the flow only then."""

    def __init__(self, root: Path, deployment: UUID):
        self.root, self.deployment = root, deployment
        self.told: tuple[object, ...] = ()  # the problems that the last run has shown
        self.changed: set[str] = {"start"}
        self.moving = False  # whether a file was still being written at the last look
        self.wake = asyncio.Event()
        self.wake.set()

    async def watch(self, folder: Path, stop: asyncio.Event) -> None:
        """Until `stop`: look at once, then whenever the folder changes or time has passed."""
        listener = asyncio.create_task(self._listen(folder, stop))
        await asyncio.sleep(0)  # it listens from here on: what is dropped while we look is seen
        try:
            while not stop.is_set():
                await self.wake.wait()
                self.wake.clear()
                why, self.changed = sorted(self.changed), set()
                await self.look(_because(why))
        finally:
            stop.set()
            await listener

    async def _listen(self, folder: Path, stop: asyncio.Event) -> None:
        async for changes in awatch(
            folder,
            watch_filter=_spec_only,
            debounce=BATCH_MS,
            step=QUIET_MS,
            stop_event=stop,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
        ):
            self.changed |= {Path(path).name for _, path in changes}
            self.wake.set()
        self.wake.set()

    async def look(self, why: str) -> None:
        """One look; what goes wrong in it is logged, and the next look comes."""
        try:
            await asyncio.to_thread(self._asked_for)
            if await asyncio.to_thread(self._something_to_do):
                log.info("running syndicate: %s", why)
                await self._run(why)
        except Exception:
            log.exception("the look at the folder failed; trying again soon")
        if self.moving:
            self.wake.set()

    def _asked_for(self) -> None:
        """A sign of life; and the test posts that somebody asked for on the desk."""
        with project(str(self.root)) as opened:
            with opened.ledger.begin() as conn:
                beats.beat(conn, BEAT, now_utc())
            rehearsing.carry_out(opened, lambda one: Http(pace=one.connector.pace))

    def _something_to_do(self) -> bool:
        """Nothing changed → no flow: a plan costs milliseconds, a run a second."""
        with project(str(self.root)) as opened:
            planned = opened.plan()
            with opened.ledger.read() as conn:
                asks = any(one.run is None for one in approvals.waiting(conn))
        seen = tuple((p.path, p.line, p.code) for p in planned.problems)
        self.moving = bool(planned.moving)
        news, self.told = seen != self.told, seen
        return bool(executable(planned.plan)) or asks or (news and bool(seen))

    async def _run(self, why: str) -> None:
        """A run of the deployment, in this process."""
        async with get_client() as client:
            flow_run = await client.create_flow_run_from_deployment(
                self.deployment,
                parameters={"why": why},
                state=Pending(message="the folder changed"),
                tags=["watcher"],
            )
        work = asyncio.create_task(asyncio.to_thread(self._execute, flow_run, why))
        while not (await asyncio.wait([work], timeout=TICK_MS / 1000))[0]:
            await asyncio.to_thread(self._beat)  # a long run is no sleep
        await work

    def _beat(self) -> None:
        with project(str(self.root)) as opened, opened.ledger.begin() as conn:
            beats.beat(conn, BEAT, now_utc())

    def _execute(self, flow_run: object, why: str) -> None:
        # Without its heartbeat a short synchronous flow ends a second earlier.
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            run_flow(
                syndicate,
                flow_run=flow_run,
                parameters={"root": str(self.root), "allow_removals": False, "why": why},
                return_type="state",
            )


def _because(names: list[str]) -> str:
    """What a run is called after."""
    if names == ["start"]:
        return "Rolecast has started"
    more = f" and {len(names) - 3} more files" if names[3:] else ""
    return (", ".join(names[:3]) + more) or "something fell due"


def _spec_only(change: Change, path: str) -> bool:
    return is_spec(Path(path).name)


async def _watch_over(root: Path, watched: dict[str, UUID]) -> None:
    with project(str(root)) as opened:
        ours = opened.settings.notify
    try:
        for name in await notify.install(root, ours, watched):
            log.info("automation: %s", name)
    except ValueError as error:
        log.warning("nobody is told of runs that fail: %s", error)


async def serve(root: Path) -> None:
    """Register the deployment, watch and run until SIGTERM or SIGINT."""
    with project(str(root)) as opened:
        folder = opened.folder
    folder.mkdir(exist_ok=True)
    runner = Runner(name="rolecast", query_seconds=5, pause_on_shutdown=False)
    deployment = await runner.aadd_flow(
        syndicate,
        name="folder",
        interval=CATCH_UP,
        parameters={"root": str(root)},
        description="Makes the world as the folder of job specs says. The watcher starts it when "
        "a file changes; the schedule catches what the watcher missed.",
    )
    looking = await runner.aadd_flow(
        collect,
        name="folder",
        interval=COLLECT,
        parameters={"root": str(root)},
        description="Looks whether what is live is there and says what we wrote.",
    )
    await runner.aadd_flow(
        digest,
        name="folder",
        interval=DIGEST,
        parameters={"root": str(root)},
        description="Tells colleagues what became of what they did, and does what is due for them.",
    )
    await runner.aadd_flow(
        approve,
        name="folder",
        description="Asks somebody to agree to texts; started when there are some.",
    )
    await runner.aadd_flow(
        rehearse,
        name="folder",
        parameters={"root": str(root), "channel": ""},
        description="Sends a test post where nobody but a private audience sees it.",
    )
    telling = await runner.aadd_flow(
        tell, name="folder", description="Mails to those in [notify] what an automation saw."
    )
    await _watch_over(root, {"syndicate": deployment, "collect": looking, "tell": telling})
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [
        asyncio.create_task(Watcher(root, deployment).watch(folder, stop), name="watcher"),
        asyncio.create_task(runner.start(), name="runner"),
    ]
    await stop.wait()
    # What still waits by then is cut off and written down: the ledger knows what was under way.
    faulthandler.dump_traceback_later(GRACE, exit=True)
    await asyncio.wait(tasks[:1], timeout=15)  # a run under way may finish its chunk
    if not runner.stopping:  # Prefect's own handler has begun it at a SIGTERM: not twice
        await runner.astop()
    _, left = await asyncio.wait(tasks, timeout=15)
    for one in left:
        log.warning("stopped without waiting for the %s", one.get_name())
        one.print_stack()
    if left:  # the runner may wait for ever for a run that it has cancelled
        os._exit(0)


def main() -> None:
    """python -m flows.serve --root FOLDER"""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=Path("."))
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    logs.setup(settings.load(root).log)
    asyncio.run(serve(root))


if __name__ == "__main__":
    main()
