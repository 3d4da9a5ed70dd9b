"""A server inside the test's process that stands for a network which cannot run here.

It keeps state as the network does, and it is strict: a request that the vendor's contract does
not allow is refused and remembered in `broken`, on which the test then fails; and so is an answer
of its own that the contract does not allow. So it cannot believe something of its own.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from tests.servers.wire import Answer, Listener, Request

Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]


class Broken(Exception):
    """A request or an answer is not as the contract says."""


class Contract(Protocol):
    """What a vendor published about its API."""

    def request(self, call: Call) -> None:
        """Raises Broken."""

    def answer(self, call: Call, status: int, body: Any) -> None:
        """Only for success; error bodies are not held against the contract. Raises Broken."""


@dataclass
class Call:
    """One request, taken apart."""

    request: Request
    found: dict[str, str] = field(default_factory=dict)  # from the path

    method = property(lambda self: self.request.method)
    path = property(lambda self: urlsplit(self.request.path).path)

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.request.path).query, keep_blank_values=True))

    @cached_property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.request.headers}

    @cached_property
    def type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    @cached_property
    def json(self) -> Any:
        return json.loads(self.request.body or b"null")

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.request.body.decode(), keep_blank_values=True))

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").partition(" ")[2]


def route(method: str, pattern: str) -> Callable[[Callable], Callable]:
    """Marks a method of a stand-in; `{name}` in the pattern matches one part of the path."""
    expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)

    def mark(handler: Callable) -> Callable:
        handler.route = (method, re.compile(expression + r"\Z"))
        return handler

    return mark


class StandIn:
    """Derive, give it a `contract`, and write its routes."""

    contract: Contract
    prefix = ""  # what the address of the API has after the host

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.calls: list[Call] = []
        self._lock = threading.Lock()
        self._number = 1000
        handlers = [getattr(type(self), name) for name in dir(type(self))]
        routes = [(one.route, one) for one in handlers if hasattr(one, "route")]
        self._routes = sorted(routes, key=lambda one: one[0][1].groups)  # exact paths first
        self._listener = Listener(("127.0.0.1", 0), self._treat)
        run = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)
        run.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.server_port}"

    def stop(self) -> None:
        self._listener.close()

    def number(self) -> int:
        """A new one for each thing that is made."""
        self._number += 1
        return self._number

    def _treat(self, request: Request) -> Answer:
        with self._lock:
            call = Call(request)
            self.calls.append(call)
            try:
                status, body, *more = self._answer(call)
            except Exception as error:  # a fault of ours, in the connector or here
                kind = "" if isinstance(error, Broken) else f"{type(error).__name__}: "
                self.broken.append(f"{request.method} {request.path}: {kind}{error}")
                status, body, more = 422, {"error": str(error)}, []
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | (more[0] if more else {})
        return Answer(status, list(headers.items()), raw)

    def _answer(self, call: Call) -> Reply:
        refused = self.refuses(call)
        if refused is not None:
            return refused
        for (method, pattern), handler in self._routes:
            path = call.path.removeprefix(self.prefix)
            if method == call.method and (found := pattern.match(path)):
                call.found = found.groupdict()
                self.contract.request(call)
                reply = handler(self, call)
                if 200 <= reply[0] < 300:
                    self.contract.answer(call, reply[0], reply[1])
                return reply
        raise Broken("there is no such path")

    def refuses(self, call: Call) -> Reply | None:
        """The answer to somebody who has not shown who they are, or None."""
        return None
