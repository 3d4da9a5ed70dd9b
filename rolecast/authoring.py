"""Writing a job spec: what is wrong with it, what would be posted, and its file in the folder.

The file is the truth, here as everywhere: what is written in a browser becomes the same YAML that
HR would drop, byte for byte, and nothing is kept beside it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rolecast import folder as files
from rolecast import specfile, yamlfile
from rolecast.check import check_bytes, duplicate_id
from rolecast.jobspec import ID_PATTERN, JobSpec
from rolecast.problems import Problem
from rolecast.told import N_, Told

NAMED = re.compile(ID_PATTERN)
BEGIN = """\
# yaml-language-server: $schema=schema.json
title:
company:
summary:            # one sentence that makes the right person read on
description: |
  What one does here, with whom, and what is hard about it.
responsibilities:
  -
requirements:
  -
benefits:
  -
locations:
  - city:
    country:        # two letters, such as DE
employment_types: [full_time]
salary: {min: 0, max: 0, currency: EUR, period: year}
closes:             # last day to apply, such as 2026-12-31; leave out for none
apply:              # a web address, or a mail address
tags: []
"""


class NotPossible(Told):
    """The file cannot be written; the message says why."""


@dataclass(frozen=True)
class Looked:
    """A text and what was found: its job, or what has to be mended first."""

    spec: JobSpec | None
    problems: tuple[Problem, ...]

    @property
    def good(self) -> bool:
        """Whether the file may be written; warnings do no harm."""
        return self.spec is not None and all(one.severity != "error" for one in self.problems)


def look(text: str, name: str, owners: Mapping[str, str]) -> Looked:
    """Check a text as `rolecast check` would in a file of that name.

    owners: job id → the file that it belongs to.
    """
    raw = encoded(text)
    if len(raw) > yamlfile.MAX_BYTES:
        raw = raw[: yamlfile.MAX_BYTES + 1]  # enough to be refused for its size
    path = f"{name or 'new-job'}.yaml"
    spec, problems = check_bytes(raw, path)
    if spec is not None and owners.get(spec.id, path) != path:
        problems = [*problems, duplicate_id(path, spec.id, owners[spec.id])]
    return Looked(spec, tuple(problems))


def encoded(text: str) -> bytes:
    """A form's text as a file holds it: browsers send CRLF, and leave out the last line end."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    return plain.encode("utf-8", "replace")


def name_of(title: str) -> str:
    """A file's name for a title: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title.replace("ß", "ss")).encode("ascii", "ignore")
    words = re.findall(r"[a-z0-9]+", plain.decode().lower())
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word
        if len(longer) > 40:
            break
        name = longer
    return name or "new-job"


def copied(raw: bytes) -> str:
    """A job's file as the beginning of another: without the lines that were true of the first
    only."""
    text = yamlfile.decode(raw, "")
    return re.sub(r"(?m)^(id|status|opens|closes):[^\n]*\n", "", text)


def read(folder: Path, path: str) -> bytes:
    """A job spec of the folder. path: as the ledger names it. Raises NotPossible."""
    found = _inside(folder, path)
    try:
        raw = found.read_bytes()
    except OSError as error:
        raise NotPossible(N_("%(file)s cannot be read."), file=path) from error
    if len(raw) > yamlfile.MAX_BYTES:
        raise NotPossible(N_("%(file)s is too large to be edited here."), file=path)
    return raw


def digest(raw: bytes) -> str:
    """Names a file's content."""
    return hashlib.sha256(raw).hexdigest()


def write(folder: Path, path: str, text: str, instead_of: str | None) -> Path:
    """Put a text that was found good into the folder, at once and durably.

    path: under the folder. instead_of: digest of the content that the file had when it was opened;
    None: there is no such file yet. Raises NotPossible when there is one, or when somebody has
    changed it.
    """
    raw = encoded(text)
    found = _inside(folder, path)
    try:
        if instead_of is None:
            _create(found, raw)
        else:
            before = found.read_bytes()
            if digest(before) != instead_of:
                raise specfile.Changed
            mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
            ends = raw.replace(b"\n", b"\r\n") if b"\r\n" in before else raw
            specfile.write(found, mark + ends, before)
    except FileExistsError as error:
        raise NotPossible(
            N_("There is a %(file)s already. Choose another name."), file=path
        ) from error
    except FileNotFoundError as error:
        raise NotPossible(
            N_("%(file)s is not there any more. Save under a new name."), file=path
        ) from error
    except specfile.Changed as error:
        raise NotPossible(
            N_("Somebody has changed %(file)s meanwhile. Your text is still below: copy it, then "
               "open the file anew."),
            file=path,
        ) from error  # fmt: skip
    except OSError as error:
        raise NotPossible(
            N_("%(file)s cannot be written: %(why)s."), file=path, why=error.strerror or error
        ) from error
    return found


def path_of(name: str) -> str:
    """The path of a new file. Raises NotPossible for what is no good name."""
    name = name.strip().removesuffix(".yaml").removesuffix(".yml")
    if not NAMED.match(name):
        raise NotPossible(
            N_("Name the file with small letters, digits and hyphens, at most 40 of them, such as "
               "night-nurse."),
        )  # fmt: skip
    return f"{name}.yaml"


def _inside(folder: Path, path: str) -> Path:
    """Below the folder, and nowhere else."""
    found = (folder / path).resolve()
    if not found.is_relative_to(folder.resolve()) or not files.is_spec(found.name):
        raise NotPossible(N_("There is no job spec %(file)s."), file=path)
    return found


def _create(path: Path, raw: bytes) -> None:
    """A new file that is there whole or not at all; FileExistsError when there is one."""
    beside = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        with beside.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)  # refuses where a rename would replace
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
