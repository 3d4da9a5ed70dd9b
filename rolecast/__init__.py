"""One job spec becomes live posts on every channel, exactly once."""

__version__ = "0.1.0"
