"""Looks at the places where one applies for open jobs, and writes down which do not work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from rolecast.applypage import closed_because
from rolecast.connector import ConnectorError, Gone, Http, Refused, Unauthorised
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger
from rolecast.ledger import jobs as job_rows
from rolecast.publish import now_utc

AT_ONCE = 8


def check(
    ledger: Ledger,
    http: Http,
    *,
    jobs: Iterable[str] = (),
    clock: Callable[[], datetime] = now_utc,
) -> list[tuple[str, str]]:
    """(job id, what is wrong) for the open jobs (of `jobs`) whose place to apply does not work.

    A site that does not answer just now is no finding: what was known of it stays.
    """
    now, only = clock(), set(jobs)
    with ledger.read() as conn:
        rows = job_rows.all_jobs(conn)
    specs = [JobSpec.model_validate_json(row.spec) for row in rows if not only or row.id in only]
    todo = [(s.id, s.apply.url) for s in specs if s.is_open(now) and s.apply.url]
    addresses = sorted({url for _, url in todo})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(
            zip(addresses, pool.map(lambda url: _look(http, url, now), addresses), strict=True)
        )
    known = [(id_, answers[url]) for id_, url in todo if answers[url] is not None]
    with ledger.begin() as conn:
        job_rows.applied(conn, [(id_, problem or None) for id_, problem in known], now)
    return [(id_, problem) for id_, problem in known if problem]


def _look(http: Http, url: str, now: datetime) -> str | None:
    """What is wrong with a page; "" for nothing, None when it cannot be told now."""
    try:
        answer = http.send("GET", url, headers={"Accept": "text/html,*/*;q=0.5"})
    except Gone:
        return "the page does not exist any more"
    except Unauthorised:
        return None  # it shows itself to signed-in people only
    except Refused as error:
        return f"the page does not answer as one would expect: {error}"
    except ConnectorError:
        return None
    if "html" not in answer.headers.get("Content-Type", "html"):
        return ""
    return closed_because(answer.text, url, answer.url, now) or ""
