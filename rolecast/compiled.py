"""Compiled modules: what runs for every click, made into machine code by mypyc where that was asked
for (`make compile`).

They are kept beside the sources, never instead of them: a package finds them first as long as the
sources are the ones they were made from, and its Python otherwise. ROLECAST_COMPILED=0 turns them
off.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import source_hash

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
MADE = os.path.join(BUILD, "compiled")
MADE_FROM = os.path.join(MADE, "made-from")
# What a click passes through, and what the types in it come from.
SOURCES = tuple(
    f"rolecast/{name}.py"
    for name in ("clicks", "salt", "go", "spool", "commit", "disk", "web/lane")
)


def extend(path: list[str], package: str) -> None:
    """Let `package`, whose __path__ this is, find its compiled modules first."""
    if are_used():
        path.insert(0, os.path.join(MADE, *package.split(".")))


@cache
def are_used() -> bool:
    """Whether this process has them: asked once, since a compiled class and one that is not do not
    mix."""
    return os.environ.get("ROLECAST_COMPILED") != "0" and are_fresh()


def are_fresh() -> bool:
    """Whether there are compiled modules, for this Python, made from the sources of now."""
    try:
        with open(MADE_FROM, encoding="ascii") as file:
            return file.read() == _now()
    except OSError:
        return False


def _now() -> str:
    """What compiled modules have to be made from."""
    read = b""
    for name in SOURCES:
        with open(os.path.join(ROOT, name), "rb") as file:
            read += file.read()
    return f"{EXTENSION_SUFFIXES[0]} {source_hash(read).hex()}"


def main() -> None:
    """Compile what is not. Without a C compiler everything works as well, and slower."""
    import shutil

    if are_fresh():
        return
    if not any(map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))):
        print("There is no C compiler, so links are answered by Python alone: that works, slower.")
        return
    from mypyc.build import mypycify
    from setuptools import setup

    print("Compiling what a click passes through; this takes a quarter of a minute.", flush=True)
    os.chdir(ROOT)
    fresh = f"{MADE}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    options = ["--ignore-missing-imports", "--follow-imports=skip", f"--cache-dir={BUILD}/mypy"]
    modules = mypycify(
        [*options, *SOURCES],
        group_name="rolecast.hot",
        target_dir=os.path.join(BUILD, "c"),
    )
    words = ["--quiet", "build_ext", "--build-lib", fresh, "--build-temp", f"{BUILD}/objects"]
    try:
        setup(name="rolecast", packages=[], py_modules=[], ext_modules=modules, script_args=words)
    except SystemExit as error:  # setuptools' word for a compiler that fails
        print(f"That was not possible, so links are answered by Python alone, slower: {error}")
        return
    with open(os.path.join(fresh, "made-from"), "w", encoding="ascii") as file:
        file.write(_now())
    shutil.rmtree(MADE, ignore_errors=True)  # who runs now keeps what it has loaded
    os.rename(fresh, MADE)
