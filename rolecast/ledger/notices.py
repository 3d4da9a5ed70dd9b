"""News for colleagues about what they did: shown on their page, and mailed together."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from rolecast.ledger.schema_people import notices


def add(
    conn: Connection,
    person: str,
    kind: str,
    now: datetime,
    job_id: str | None = None,
    **about: Any,
) -> None:
    """One piece of news. about: what its sentence is filled with; JSON values."""
    values = {"person_id": person, "at": now, "kind": kind, "job_id": job_id}
    conn.execute(insert(notices).values(**values, about=json.dumps(about, ensure_ascii=False)))
