"""Applicant systems: how a link's code travels through them, so that outcomes find back to it.

The code stands in the address where one applies, in the parameter that the system keeps with the
application. Settings may name another one for a host.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

ANY = "ref"  # where nothing is known of the system
# End of a host's name → the parameter that its applicant system keeps with an application.
PARAMETERS = {
    "greenhouse.io": "gh_src",  # support.greenhouse.io, "Tracking Links and Source Tokens"
    "lever.co": "lever-source",  # becomes the application's source
    "ashbyhq.com": "utm_source",
    "workable.com": "utm_source",
    "smartrecruiters.com": "trid",
    "personio.de": "utm_source",
    "personio.com": "utm_source",
}
_STAND_IN = "c0de-c0de"
_SAFE = "%/:=&?~#+!$,;'@()*[]"


def parameter(host: str, own: Mapping[str, str] = {}) -> str:
    """The parameter that carries the code to a host; `own`: host → parameter, from the settings."""
    labels = host.lower().split(".")
    for table in (own, PARAMETERS):
        for start in range(len(labels)):
            found = table.get(".".join(labels[start:]))
            if found:
                return found
    return ANY


def around(address: str, own: Mapping[str, str] = {}) -> tuple[str, str]:
    """What stands before and after a link's code in the address where one applies, in ASCII.

    Whatever the address holds, nothing in it can end a header or begin a script: it is quoted as
    RFC 3986 asks.
    """
    parts = urlsplit(address)
    name = parameter(parts.hostname or "", own)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    query = urlencode([*kept, (name, _STAND_IN)], quote_via=quote, safe=_SAFE.replace("&", ""))
    host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    path, fragment = (quote(part, safe=_SAFE) for part in (parts.path, parts.fragment))
    whole = urlunsplit((parts.scheme, host, path, query, fragment))
    before, _, after = whole.rpartition(_STAND_IN)
    return before, after
