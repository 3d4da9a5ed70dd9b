"""A Bluesky PDS with an AppView behind it (the real programs)."""

from .pds import PDS


class BlueskyNetwork(PDS):
    """A PDS whose posts an AppView reads and counts."""

    script = "appview"
