"""Secrets kept in Prefect: `password = "block:NAME"` in rolecast.toml reads Secret block NAME."""

from __future__ import annotations

from prefect.blocks.system import Secret


def secret(name: str) -> str | None:
    """The secret's value, or None when there is no such block."""
    try:
        value = Secret.load(name, _sync=True).get()
    except ValueError:  # Prefect says so for a block that does not exist
        return None
    return value if isinstance(value, str) else str(value)
