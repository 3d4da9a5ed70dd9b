"""What the programs write about themselves: for people, or a line of JSON each for programs.

No personal data: nobody's name stands in a message of ours, and what an error of somebody else's
carries of mail and network addresses is taken out before it is written.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

from rolecast.settings import Log

_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+")
_V4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_V6 = re.compile(r"(?<![\w:])[0-9a-fA-F:]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*")  # or a time of the day
_AGENT = re.compile(r"Mozilla/\d[^\n\"']*")
# What is not about a person: this machine, and no address at all.
_OWN = ("127.0.0.1", "0.0.0.0")


def without_people(text: str) -> str:
    """A text without mail addresses, network addresses and browsers' names."""
    text = _MAIL.sub("…@…", text)
    text = _V6.sub(_hidden, text)  # first: it may end with an address of the old kind
    text = _V4.sub(lambda found: found[0] if found[0] in _OWN else "(address)", text)
    return _AGENT.sub("(browser)", text)


def _hidden(found: re.Match[str]) -> str:
    try:
        ipaddress.IPv6Address(found[0].rstrip("."))
    except ValueError:
        return found[0]
    return "(address)"


class Text(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        return without_people(super().format(record))


class Json(logging.Formatter):
    """A line of JSON: time, level, who writes, what; and of an error its kind and where it was."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_people(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            kind, error, where = record.exc_info
            line["error"] = without_people(f"{kind.__name__}: {error}")
            frames = traceback.extract_tb(where)
            line["trace"] = [f"{one.filename}:{one.lineno} {one.name}" for one in frames]
        return json.dumps(line, ensure_ascii=False)


def setup(settings: Log, stream: TextIO | None = None) -> None:
    """Write as the settings say, from all parts of this program. stream: standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Json() if settings.format == "json" else Text("%(name)s: %(message)s"))
    logging.basicConfig(level=settings.level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        theirs = logging.getLogger(name)
        theirs.handlers, theirs.propagate = [], True
    # Whoever asks Prefect's server every few seconds need not write each question down.
    logging.getLogger("httpx").setLevel(logging.WARNING)
