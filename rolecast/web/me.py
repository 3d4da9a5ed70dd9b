"""Stub."""

from __future__ import annotations

from starlette.routing import Route

from rolecast.web.pages import Site


def routes(site: Site) -> list[Route]:
    """None yet."""
    return []
