"""A reverse proxy that goes wrong on command, in front of a real server.

    with FaultProxy(pds.url) as proxy:
        proxy.fault("reset_after", "POST", "createRecord")
        ...                                   # talk to proxy.url
        assert proxy.count("POST", "createRecord") == 1

The kinds of fault, each for ``times`` matching requests (None: all of them):

    refuse          the connection is reset, nothing is forwarded
    status_before   answered with ``status``, ``headers``, ``body``, not forwarded
    status_after    forwarded, then answered with ``status`` all the same
    reset_after     forwarded, then the connection is reset without an answer
    hang_after      forwarded, answered only ``seconds`` later
    slow            forwarded only after ``seconds``, even if nobody waits any more
    truncate        forwarded, then half the body under the full Content-Length
    hook            ``hook(request, forward)`` returns the Answer, or None to reset

``down()`` closes the port itself, for a true "connection refused".
"""

import contextlib
import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from .wire import Answer, Headers, Listener, Request

# Of one connection, not of the message; Content-Length is written anew.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}


Forward = Callable[[], Answer]
Hook = Callable[[Request, Forward], Answer | None]


@dataclass
class Fault:
    """One programmed fault; ``skip`` lets that many matching requests pass first."""

    kind: str
    method: str | None = None
    path: str = ""
    times: int | None = 1
    skip: int = 0
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 1.0
    hook: Hook | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")

    def takes(self, request: Request) -> bool:
        """Whether it strikes this request; counts it down."""
        if self.times == 0 or not request.matches(self.method, self.path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def answer(self) -> Answer:
        return Answer(self.status, list(self.headers.items()), self.body)


class FaultProxy:
    """Forwards every request to ``upstream`` unless a fault says otherwise.

    The upstream sees its own Host. With ``rewrite`` its address is replaced by
    the proxy's in every answer, for servers that tell clients where to go on.
    """

    def __init__(self, upstream: str, rewrite: bool = False) -> None:
        self.upstream = upstream.rstrip("/")
        self.rewrite = rewrite
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._listener: Listener | None = None
        self._port = 0

    @property
    def url(self) -> str:
        parts = urlsplit(self.upstream)
        return f"http://127.0.0.1:{self._port}{parts.path}"

    def start(self) -> "FaultProxy":
        self._closing.clear()
        self._listener = Listener(("127.0.0.1", self._port), self.treat)
        self._port = self._listener.server_port
        # The default poll of half a second would be the time that stop takes.
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port and every connection; hanging answers are given up."""
        if self._listener:
            self._closing.set()
            self._listener.close()
            self._listener = None

    __enter__ = start

    def __exit__(self, *_) -> None:
        self.stop()

    @contextlib.contextmanager
    def down(self):
        """While inside, connections to the proxy's address are refused."""
        self.stop()
        try:
            yield self
        finally:
            self.start()

    def fault(self, kind: str, method: str | None = None, path: str = "", **more) -> Fault:
        """Program a fault (see Fault); several apply in the order of programming."""
        made = Fault(kind, method, path, **more)
        with self._lock:
            self.faults.append(made)
        return made

    def clear(self) -> None:
        """Forget all faults and all recorded requests."""
        with self._lock:
            self.faults, self.requests = [], []

    def seen(self, method: str | None = None, path: str = "") -> list[Request]:
        """The requests so far that match."""
        with self._lock:
            return [request for request in self.requests if request.matches(method, path)]

    def count(self, method: str | None = None, path: str = "", forwarded: bool = False) -> int:
        """How many requests matched; with ``forwarded``, only those passed on."""
        return sum(not forwarded or request.forwarded for request in self.seen(method, path))

    def treat(self, request: Request) -> Answer | None:
        """What to answer a request: the real answer, a faulty one, or None to reset."""
        with self._lock:
            self.requests.append(request)
            fault = next((fault for fault in self.faults if fault.takes(request)), None)
        if fault is None:
            return self._forward(request)
        request.fault = fault.kind
        return KINDS[fault.kind](self, fault, request)

    def _forward(self, request: Request) -> Answer | None:
        """Pass a request on; None when the upstream itself does not answer."""
        request.forwarded = True
        try:
            answer = self._exchange(request)
        except (OSError, http.client.HTTPException):
            return None
        request.upstream_status = answer.status
        return self._with_own_address(answer) if self.rewrite else answer

    def _exchange(self, request: Request) -> Answer:
        parts = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        try:
            connection.putrequest(request.method, request.path, True, True)
            for name, value in self._request_headers(request, parts.netloc):
                connection.putheader(name, value)
            connection.endheaders(request.body or None)
            answer = connection.getresponse()
            headers = [pair for pair in answer.getheaders() if pair[0].lower() not in HOP_BY_HOP]
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def _request_headers(self, request: Request, host: str) -> Headers:
        dropped = HOP_BY_HOP | {"host"} | ({"accept-encoding"} if self.rewrite else set())
        kept = [pair for pair in request.headers if pair[0].lower() not in dropped]
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            kept.append(("Content-Length", str(len(request.body))))
        return [("Host", host), *kept, ("Connection", "close")]

    def _with_own_address(self, answer: Answer) -> Answer:
        headers = [(name, value.replace(self.upstream, self.url)) for name, value in answer.headers]
        body = answer.body
        for change in (str, lambda text: text.replace("/", "\\/")):  # PHP's JSON escapes slashes
            body = body.replace(change(self.upstream).encode(), change(self.url).encode())
        return replace(answer, headers=headers, body=body)

    def _status_after(self, fault: Fault, request: Request) -> Answer:
        self._forward(request)
        return fault.answer()

    def _reset_after(self, fault: Fault, request: Request) -> None:
        self._forward(request)

    def _hang_after(self, fault: Fault, request: Request) -> Answer | None:
        answer = self._forward(request)
        return None if self._closing.wait(fault.seconds) else answer

    def _slow(self, fault: Fault, request: Request) -> Answer | None:
        return None if self._closing.wait(fault.seconds) else self._forward(request)

    def _truncate(self, fault: Fault, request: Request) -> Answer | None:
        answer = self._forward(request)
        return answer and replace(answer, sent=len(answer.body) // 2)

    def _hook(self, fault: Fault, request: Request) -> Answer | None:
        return fault.hook(request, lambda: self._forward(request))


KINDS = {
    "refuse": lambda proxy, fault, request: None,
    "status_before": lambda proxy, fault, request: fault.answer(),
    "status_after": FaultProxy._status_after,
    "reset_after": FaultProxy._reset_after,
    "hang_after": FaultProxy._hang_after,
    "slow": FaultProxy._slow,
    "truncate": FaultProxy._truncate,
    "hook": FaultProxy._hook,
}
