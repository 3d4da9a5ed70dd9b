"""How long a person waits for --help, against Python doing nothing."""

from __future__ import annotations

import sys

from measure import ROLECAST, best, command, head, row


def main() -> None:
    bare = best(5, lambda: command(sys.executable, "-c", "pass"))
    ours = best(5, lambda: command(*ROLECAST, "--help"))
    head("python -c pass")
    row("rolecast --help", ours.seconds, bare.seconds, "s", "< 0.25 s")


if __name__ == "__main__":
    main()
