"""What the servers of the tests have in common: a script, a folder, an address."""

import json
import os
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
TRIES = 3  # another suite may take a free port between its choice and its use
NOT_INSTALLED = 3  # the scripts' exit status


class ServerUnavailable(Exception):
    """A server could not be started; the text says why."""


class NotInstalled(ServerUnavailable):
    """Its software is not there; the text says how to install it."""


class Server:
    """A real server on loopback. ``with Server() as s`` starts and stops it.

    ``facts`` is everything known about it as text; a second process makes the
    same object from it with ``attached``.
    """

    script: str
    # Whether a proxy must put its own address in the place of the server's.
    rewrite_urls = False

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}

    @classmethod
    def attached(cls, facts: dict[str, str]):
        """The server that another process started and described by its facts."""
        server = cls()
        server.facts = dict(facts)
        return server

    @property
    def url(self) -> str:
        return self.facts["URL"]

    @property
    def folder(self) -> Path:
        return Path(self.facts["DIR"])

    def start(self, owner: int | None = None):
        """Start from empty; ``owner`` is the process that it must not outlive."""
        for left in reversed(range(TRIES)):
            try:
                return self._start(owner or os.getpid())
            except NotInstalled:
                raise
            except ServerUnavailable:
                if not left:
                    raise

    def stop(self) -> None:
        """End it and delete what it kept. Stopping twice is no error."""
        if self.facts:
            self._call("stop")
            self.facts = {}

    def pause(self) -> None:
        """Freeze it: connections are accepted by the kernel, nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def __enter__(self):
        return self if self.facts else self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    def _prepare(self) -> None:
        """What remains to do once it answers; may add facts."""

    def _pidfile(self) -> Path:
        return self.folder / f"{self.script}.pid"

    def _signal(self, number: int) -> None:
        os.killpg(int(self._pidfile().read_text()), number)

    def _start(self, owner: int):
        """Run the script's start in a new folder, which does not outlive a failure."""
        # Not the folder of TMPDIR: that may be long, or closed to database users.
        self.facts = {"DIR": tempfile.mkdtemp(prefix=f"rc-{self.script}-", dir="/tmp")}
        self.folder.chmod(0o755)
        try:
            printed = self._call("start", ROLECAST_OWNER=str(owner))
            self.facts |= dict(line.split("=", 1) for line in printed.splitlines())
            self._prepare()
        except BaseException:
            self.stop()
            raise
        return self

    def _call(self, verb: str, **env: str) -> str:
        """Run the server's script with one verb; returns its standard output."""
        command = [str(HERE / f"{self.script}.sh"), verb, str(self.folder)]
        # Files, not pipes: a server that inherits a pipe would keep it open.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
                command,
                env=os.environ | env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                timeout=180,
                check=False,
            )
            out.seek(0)
            err.seek(0)
            if done.returncode:
                kind = NotInstalled if done.returncode == NOT_INSTALLED else ServerUnavailable
                raise kind(f"{self.script}: {err.read().strip()}")
            return out.read()


def call(method: str, url: str, body=None, headers=None) -> tuple[int, object]:
    """One request with a JSON body; returns (status, decoded answer or None)."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(url, data, sent | (headers or {}), method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, _decoded(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _decoded(error.read())


def expect(answer: tuple[int, object], *statuses: int):
    """The body of an answer of ``call``; raises when its status is another one."""
    status, body = answer
    if status not in (statuses or (200, 201)):
        raise AssertionError(f"status {status}: {body}")
    return body


def _decoded(raw: bytes):
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
