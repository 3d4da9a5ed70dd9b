"""Stub."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from rolecast.jobspec import JobSpec
from rolecast.web.pages import Site


def routes(site: Site) -> list[Route]:
    """None yet."""
    return []


def on_job(site: Site, conn, request: Request, job: JobSpec) -> dict[str, Any]:
    """What a job's page shows of this."""
    return {}
