"""A secret of the day, with which a visitor becomes a number, and which is destroyed afterwards.

All processes of a machine share it through a file that only we can read; the next day overwrites
and removes it. Without it nobody, we included, can tell whose number a number is.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

DAY: Final = 86_400


class Salts:
    """The secret of today. folder: where it is kept; when nothing can be kept there, the secret
    is this process's own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._day = -1
        self._keyed = hashlib.blake2b()

    def visitor(self, named: bytes, day: int) -> int:
        """The number of whoever is behind an address and a browser on a day, counted from 1970.

        63 bits, so that it fits a signed column.
        """
        if day != self._day:
            self._keyed, self._day = hashlib.blake2b(key=self.of(day), digest_size=8), day
        found = self._keyed.copy()  # quicker than keying anew for everybody
        found.update(named)
        return int.from_bytes(found.digest(), "big") >> 1

    def of(self, day: int) -> bytes:
        """The secret of one day, counted from 1970; older ones are destroyed."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.destroy(day)
            return _share(self.folder / f"{day}.salt")
        except OSError:
            return secrets.token_bytes(32)

    def destroy(self, day: int) -> None:
        """Overwrite and remove the secrets of the days before `day`, and of days that a wrong
        clock has made."""
        for path in self.folder.glob("*.salt"):
            if path.stem != str(day):
                with contextlib.suppress(FileNotFoundError):
                    _shred(path)


def _share(path: Path) -> bytes:
    """The secret in a file; the first process of the day writes it."""
    fresh = path.with_name(f".{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(handle, secrets.token_bytes(32))
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(fresh, path)  # atomic, and fails when another was first
    except FileExistsError:
        pass
    finally:
        _shred(fresh)
    return path.read_bytes()


def _shred(path: Path) -> None:
    if path.stat().st_nlink == 1:
        with path.open("r+b") as file:
            file.write(bytes(32))
            file.flush()
            os.fsync(file.fileno())
    path.unlink()
