"""One job spec becomes live posts on every channel, exactly once."""

from rolecast.compiled import extend

__version__ = "0.1.0"

extend(__path__, __name__)
