"""500 posts to a real Bluesky PDS: our whole pipeline (ledger, claims, receipts) against a bare
loop of the `atproto` client that sends the same records and keeps nothing.

One worker first, then as many as the account's limits bear.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from measure import ROOT, head, row
from specs import fill

sys.path.insert(0, str(ROOT))

from connectors import TABLE
from connectors.http import Http
from rolecast.project import Project
from tests.servers import PDS


def pipeline(pds: PDS, folder: Path, count: int, workers: int) -> tuple[float, list[dict]]:
    """Seconds for carrying out the plan, and the records that are there afterwards."""
    account = pds.new_account()
    os.environ["ROLECAST_NET_PASSWORD"] = account.password
    (folder / "rolecast.toml").write_text(
        f'[channels.net]\nconnector = "bluesky"\nservice = "{pds.url}"\n'
        f'handle = "{account.handle}"\npolicy = {{ workers = {workers} }}\n'
    )
    project = Project.open(folder, TABLE)
    planned = project.plan(wait=0)
    began = time.perf_counter()
    results = project.publish(planned.plan.changes, lambda one: Http(pace=one.connector.pace))
    seconds = time.perf_counter() - began
    assert len(results) == count and all(result.ok for result in results)
    project.ledger.close()
    for path in (folder / ".rolecast").glob("ledger.db*"):
        path.unlink()
    return seconds, [one["value"] for one in pds.records(account.did)]


def bare(pds: PDS, records: list[dict]) -> float:
    """Seconds for a loop that sends the same records through the atproto client."""
    from atproto import Client

    account = pds.new_account()
    client = Client(base_url=f"{pds.url}/xrpc")
    session = client.com.atproto.server.create_session(
        {"identifier": account.handle, "password": account.password}
    )
    headers = {"Authorization": f"Bearer {session.access_jwt}"}
    began = time.perf_counter()
    for record in records:
        data = {"repo": account.did, "collection": "app.bsky.feed.post", "record": record}
        client.com.atproto.repo.create_record(data, headers=headers)
    seconds = time.perf_counter() - began
    assert len(pds.records(account.did)) == len(records)
    return seconds


def main(count: int = 500) -> None:
    with tempfile.TemporaryDirectory() as name, PDS() as pds:
        folder = Path(name)
        fill(folder / "jobspecs", count)
        pipeline(pds, folder, count, 1)  # not counted: the PDS compiles as it goes
        ours, records = pipeline(pds, folder, count, 1)
        peer = bare(pds, records)
        many, _ = pipeline(pds, folder, count, 8)
    head("atproto client")
    row(f"{count} posts to a PDS, one worker", ours, peer, limit="<= 1.3x")
    row("  with eight workers", many, peer, limit="faster than one")


if __name__ == "__main__":
    main()
