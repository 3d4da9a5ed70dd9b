"""Short codes: unguessable, easy to read aloud, never reused."""

from __future__ import annotations

import hashlib
import secrets

# No 0/o, 1/l/i, no vowels but a and e: nothing to mistake, few words to regret.
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
LENGTH = 8  # 30^8 = 6.6e11: with a million links a random guess hits one in 656,000
_LETTERS = frozenset(ALPHABET)


def mint() -> str:
    """A new code from the system's CSPRNG."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def is_code(text: str) -> bool:
    """Whether `text` could be a code of ours."""
    return 7 <= len(text) <= 32 and _LETTERS.issuperset(text)


def tidy(text: str) -> str:
    """A code without what programs and people add to it: the full stop of the sentence around
    it, a closing bracket, capital letters."""
    return text.strip().rstrip(".,;:!?)]}>'\"*_").casefold()


def key(job_id: str, channel: str, moment: str, link: str, round_: int = 0) -> str:
    """The name of one publication at its network: the same on every try, whatever the text.

    link: its code, so that two ledgers (a trial and the real one, say) never take each other's
    posts for their own. round_ counts withdrawals: a job that opens again is a new post.
    """
    named = "\x1f".join((job_id, channel, moment, link, str(round_)))
    return hashlib.blake2b(named.encode(), digest_size=16).hexdigest()
