"""rolecast go"""

from rolecast.cli.web import go

__all__ = ["go"]
