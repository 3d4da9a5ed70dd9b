"""The one way out to a network.

Every call has a time-out. A mutating call is sent once, ever; what its end
means is mapped here to the errors of rolecast.connector, so that whoever calls
knows whether to change the post, to wait, to look, or to fetch a person. Only
idempotent calls are repeated, a few times, with jitter, and not before the
network's Retry-After. No secret appears in any message.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from rolecast import __version__
from rolecast.connector import (
    ConnectorError,
    Gone,
    Limits,
    OutcomeUnknown,
    Refused,
    Unauthorised,
    Unavailable,
    Vault,
)

CONNECT, READ = 5.0, 30.0  # seconds
TRIES = 3  # of an idempotent call
LONGEST_PAUSE = 20.0  # seconds that are waited here; a longer wish is the caller's
MAX_ANSWER = 5 * 1024 * 1024  # bytes
PREFIXES = ("x-rate-limit", "x-ratelimit", "ratelimit")  # of the headers about limits
LONGEST_LIMIT = 40 * 86_400.0  # seconds; what says more has a wrong clock

Mapping = Callable[[int, Any], ConnectorError | None]


class Http:
    """Calls to one account of one network, over kept connections.

    May be used by several threads: requests' connection pool is thread-safe, and no cookie or
    other state of the session is used.
    """

    def __init__(
        self,
        timeout: tuple[float, float] = (CONNECT, READ),
        pool: int = 32,
        pace: float = 0.0,
    ):
        """timeout: for connecting and for reading. pace: seconds between two changes."""
        self.timeout, self.pace = timeout, pace
        self._free_at = 0.0  # on the monotonic clock
        self.session = requests.Session()
        self.session.trust_env = False  # no proxies or .netrc passwords by accident
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=pool, max_retries=0)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)
        self.session.headers["User-Agent"] = f"Rolecast/{__version__}"
        self.memory: dict[str, Any] = {}  # what a connector keeps between calls, such as a session
        self.lock = threading.RLock()  # for who changes it
        self.vault: Vault | None = None  # keeps tokens that are renewed
        self.limits: Limits | None = None  # what the network said last of its limit

    def json(self, method: str, url: str, **options: Any) -> Any:
        """The decoded body of a 2xx answer; options as for `send`. Raises ConnectorError."""
        answer = self.send(method, url, **options)
        if not answer.content:
            return None
        try:
            return answer.json()
        except (ValueError, requests.JSONDecodeError) as error:
            kind = Unavailable if _repeatable(method, options) else OutcomeUnknown
            raise kind(
                f"{host(url)} answered {answer.status_code} without readable JSON"
            ) from error

    def send(
        self,
        method: str,
        url: str,
        *,
        idempotent: bool = False,
        errors: Mapping | None = None,
        **options: Any,
    ) -> requests.Response:
        """A 2xx answer; everything else is raised as a ConnectorError.

        idempotent: the call may be repeated although it is no GET. errors: (status, decoded body)
        → the error that this network means by it, or None for the general reading. options: as
        for requests (json, data, headers, params, auth).
        """
        again = idempotent or method in ("GET", "HEAD")
        if self.pace and method not in ("GET", "HEAD"):
            self._take_turn()
        for attempt in range(1, TRIES + 1 if again else 2):
            try:
                return self._once(method, url, errors, again, options)
            except Unavailable as error:
                pause = _pause(error, attempt)
                if attempt == TRIES or not again or pause > LONGEST_PAUSE:
                    raise
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _take_turn(self) -> None:
        """Wait until the network's own pace allows the next change."""
        with self.lock:
            now = time.monotonic()
            turn = max(now, self._free_at)
            self._free_at = turn + self.pace
        time.sleep(turn - now)

    def _once(
        self, method: str, url: str, errors: Mapping | None, again: bool, options: dict[str, Any]
    ) -> requests.Response:
        lost = Unavailable if again else OutcomeUnknown
        try:
            answer = self.session.request(
                method, url, timeout=self.timeout, allow_redirects=again, stream=True, **options
            )
            _read(answer)
        except requests.exceptions.ConnectTimeout as error:
            raise Unavailable(f"{host(url)} does not answer") from error
        except requests.exceptions.SSLError as error:
            raise Unavailable(f"{host(url)} has no valid certificate") from error
        except requests.exceptions.ReadTimeout as error:
            raise lost(f"{host(url)} did not answer in {self.timeout[1]:g} seconds") from error
        except requests.exceptions.ConnectionError as error:
            if _never_sent(error):
                raise Unavailable(f"{host(url)} cannot be reached") from error
            raise lost(f"the connection to {host(url)} broke off") from error
        except (
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
            _TooMuch,
        ) as error:
            raise lost(f"the answer of {host(url)} was cut off") from error
        except requests.exceptions.RequestException as error:
            raise Refused(
                f"{type(error).__name__}: the address {host(url)} cannot be used"
            ) from error
        self.limits = limits(answer.headers) or self.limits
        if answer.ok and not answer.is_redirect:
            return answer
        raise self._error(answer, url, errors, again)

    def _error(
        self, answer: requests.Response, url: str, errors: Mapping | None, again: bool
    ) -> ConnectorError:
        status, body = answer.status_code, _decoded(answer)
        special = errors(status, body) if errors else None
        wish = retry_after(answer.headers)
        if special is not None:
            if isinstance(special, Unavailable) and special.retry_after is None:
                special.retry_after = wish
            return special
        told = f"{host(url)} answered {status}: {_message(body)}"
        if status == 401:
            return Unauthorised(f"{told}. Renew the channel's credentials.")
        if status == 429:
            return Unavailable(told, wish)
        if status in (404, 410):
            return Gone(told)
        if status == 408 or status >= 500:
            # A 503 with Retry-After is a server that says it has done nothing yet (RFC 9110,
            # 15.6.4); any other 5xx may come after the work was done.
            certain = again or (status == 503 and wish is not None)
            return Unavailable(told, wish) if certain else OutcomeUnknown(told)
        return Refused(told)


class _TooMuch(Exception):
    """The answer is longer than we read."""


def _read(answer: requests.Response) -> None:
    """Read the body, bounded. A body shorter than announced raises ChunkedEncodingError."""
    parts, size = [], 0
    for part in answer.iter_content(65536):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER:
            answer.close()
            raise _TooMuch
    announced = answer.headers.get("Content-Length", "")
    plain = not answer.headers.get("Content-Encoding")
    if plain and announced.isdigit() and answer.request.method != "HEAD" and size < int(announced):
        raise _TooMuch
    answer._content = b"".join(parts)  # where requests keeps it


def _never_sent(error: requests.exceptions.ConnectionError) -> bool:
    """Whether the connection could not even be made, so nothing can have been accepted."""
    from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, NewConnectionError | NameResolutionError)


def _repeatable(method: str, options: dict[str, Any]) -> bool:
    return method in ("GET", "HEAD") or bool(options.get("idempotent"))


def _pause(error: Unavailable, attempt: int) -> float:
    if error.retry_after is not None:
        return error.retry_after
    return 0.3 * 2**attempt * random.uniform(0.5, 1.5)


def retry_after(headers: Any, now: datetime | None = None) -> float | None:
    """Seconds that the network asks us to wait, or None.

    Retry-After (RFC 9110, 10.2.3), else the moment at which a used-up limit is renewed: the
    networks spell that header in three ways, and it holds an instant, or seconds, or a date.
    """
    now = now or datetime.now(UTC)
    value = headers.get("Retry-After")
    if value:
        return _seconds(value.strip(), now)
    for prefix in PREFIXES:
        reset = headers.get(f"{prefix}-reset")
        if reset and headers.get(f"{prefix}-remaining", "").split(".")[0] == "0":
            return _seconds(reset.strip(), now)
    return None


def limits(headers: Any, now: datetime | None = None) -> Limits | None:
    """What an answer says of how much one may still ask; None when it says nothing."""
    now = now or datetime.now(UTC)
    for prefix in PREFIXES:
        left = headers.get(f"{prefix}-remaining", "").split(".")[0]
        if left.isascii() and left.isdigit() and len(left) < 10:
            of = headers.get(f"{prefix}-limit", "").split(",")[0].strip()
            reset = headers.get(f"{prefix}-reset")
            wait = _seconds(reset.strip(), now) if reset else None
            return Limits(
                of=int(of) if of.isascii() and of.isdigit() and len(of) < 10 else None,
                left=int(left),
                resets=now + timedelta(seconds=min(wait, LONGEST_LIMIT))
                if wait is not None
                else None,
            )
    return None


def _seconds(value: str, now: datetime) -> float | None:
    if re.fullmatch(r"\d{1,12}(\.\d+)?", value):
        number = float(value)
        return max(0.0, number - now.timestamp()) if number > 1_000_000_000 else number
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = read(value)
        except (TypeError, ValueError):
            continue
        return max(0.0, (at - now).total_seconds()) if at.tzinfo else None
    return None


def host(url: str) -> str:
    """The host of an address: its path and query may hold secrets."""
    match = re.match(r"https?://(?:[^/@]*@)?([^/?#]+)", url)
    return match[1] if match else "the address"


def _decoded(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return answer.text


def _message(body: Any) -> str:
    """What the network says of it, in one short line without markup."""
    if isinstance(body, dict):
        for name in ("message", "error_description", "detail", "error"):
            if isinstance(body.get(name), str):
                return _short(body[name])
    return _short(re.sub(r"<[^>]*>", " ", body)) if isinstance(body, str) else "no explanation"


def _short(text: str) -> str:
    line = re.sub(r"(?i)(bearer|basic)\s+\S+", r"\1 …", " ".join(text.split()))
    return line[:200] + ("…" if len(line) > 200 else "")
