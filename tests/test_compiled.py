"""Compiled modules are used as long as they say what the sources say; both do the same."""

import os
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import rolecast.web.lane
from rolecast import compiled

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the sources, as if they had been compiled."""
    for name in compiled.SOURCES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "made").mkdir()
    monkeypatch.setattr(compiled, "ROOT", str(tmp_path))
    monkeypatch.setattr(compiled, "MADE", str(tmp_path / "made"))
    monkeypatch.setattr(compiled, "MADE_FROM", str(tmp_path / "made-from"))
    monkeypatch.delenv("ROLECAST_COMPILED", raising=False)
    (tmp_path / "made-from").write_text(compiled._now())
    return tmp_path


def path_of(package):
    """Where a process that starts now looks for a package."""
    path = ["sources"]
    compiled.are_used.cache_clear()
    compiled.extend(path, package)
    compiled.are_used.cache_clear()
    return path


def test_compiled_modules_are_found_before_their_sources(project):
    assert path_of("rolecast.web") == [str(project / "made" / "rolecast" / "web"), "sources"]


def test_they_are_not_when_a_source_has_changed(project):
    with (project / "rolecast" / "web" / "lane.py").open("a") as file:
        file.write("# another word\n")
    assert path_of("rolecast") == ["sources"]


def test_they_are_not_for_another_python(project):
    (project / "made-from").write_text(compiled._now().replace("-3", "-2"))
    assert path_of("rolecast") == ["sources"]


def test_they_are_not_when_they_are_turned_off_or_not_there(project, monkeypatch):
    monkeypatch.setenv("ROLECAST_COMPILED", "0")
    assert path_of("rolecast") == ["sources"]
    monkeypatch.delenv("ROLECAST_COMPILED")
    (project / "made-from").unlink()
    assert path_of("rolecast") == ["sources"]


def test_without_a_compiler_it_is_said_and_nothing_fails(project, monkeypatch, capsys):
    (project / "made-from").unlink()
    monkeypatch.setenv("PATH", str(project))
    compiled.main()
    assert "no C compiler" in capsys.readouterr().out


@pytest.mark.servers  # everything about links once more, as Python
def test_what_is_compiled_does_what_the_sources_do():
    if not compiled.are_fresh():
        if os.environ.get("CI") == "true" and shutil.which("cc"):
            pytest.fail("nothing is compiled: make compile")
        pytest.skip("nothing is compiled: make compile")
    if os.environ.get("ROLECAST_COMPILED") == "0":
        pytest.skip("this run is the other one")
    assert rolecast.web.lane.__file__.endswith(EXTENSION_SUFFIXES[0])
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
         "tests/go/test_lane.py", "tests/test_clicks.py", "tests/test_commit.py",
         "-k", "not postgresql"],
        cwd=ROOT,
        env={**os.environ, "ROLECAST_COMPILED": "0"},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
