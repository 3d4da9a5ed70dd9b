"""One server for all processes of a test run, started by the first that asks.

The folder of the run belongs to the main process; the workers of pytest-xdist
find it through the environment. Its files: KIND.lock, and KIND.json with what
is known of a running server, or why it did not start.
"""

import fcntl
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from .base import Server, ServerUnavailable

FOLDER, OWNER = "ROLECAST_TEST_RUN", "ROLECAST_TEST_OWNER"


def begin() -> None:
    """Make the folder of the run, unless a main process has already done so."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="rc-run-")
        os.environ[OWNER] = str(os.getpid())


def end(kinds: list[type[Server]]) -> None:
    """Stop what was started in this run. Only the main process does anything."""
    if os.environ.get(OWNER) != str(os.getpid()):
        return
    folder = Path(os.environ.pop(FOLDER))
    del os.environ[OWNER]
    for kind in kinds:
        known = _read(folder / f"{kind.script}.json")
        if "DIR" in known:
            kind.attached(known).stop()
    shutil.rmtree(folder, ignore_errors=True)


def shared(kind: type[Server]) -> Server:
    """The run's one server of a kind; raises ServerUnavailable for every asker."""
    path = Path(os.environ[FOLDER], f"{kind.script}.json")
    with _locked(path.with_suffix(".lock")):
        known = _read(path) or _start(kind)
        path.write_text(json.dumps(known))
    if "ERROR" in known:
        raise ServerUnavailable(known["ERROR"])
    return kind.attached(known)


def _start(kind: type[Server]) -> dict[str, str]:
    try:
        return kind().start(owner=int(os.environ[OWNER])).facts
    except ServerUnavailable as error:
        return {"ERROR": str(error)}


def _read(path: Path) -> dict[str, str]:
    return json.loads(path.read_text()) if path.exists() else {}


@contextmanager
def _locked(path: Path):
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
