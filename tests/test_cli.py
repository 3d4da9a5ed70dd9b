"""The commands as a person uses them."""

import json
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from rolecast.cli import COMMANDS, main
from tests.house import BOARD, drop, make, spec

SKY = '[channels.sky]\nconnector = "bluesky"\nhandle = "a.example"\n'


@pytest.fixture
def root(tmp_path):
    return make(tmp_path, BOARD + SKY, pilot=spec())


@pytest.fixture
def run(root, monkeypatch):
    for name in ("ROLECAST_SKY_PASSWORD", "ROLECAST_LEDGER"):
        monkeypatch.delenv(name, raising=False)

    def call(*words, code=0):
        result = CliRunner().invoke(main, ["--root", str(root), *map(str, words)])
        assert result.exit_code == code, result.output
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return call


@pytest.mark.parametrize("command", [[], *[[name] for name in COMMANDS]])
def test_every_command_explains_itself(run, command):
    text = run(*command, "--help")
    assert "Usage:" in text
    assert len(text) > 150


def test_a_mistyped_command_is_guessed(run):
    assert "Did you mean 'publish'?" in run("publsh", code=2)


def test_check_exit_codes(run, root):
    assert "1 files: 1 good" in run("check")
    drop(root, "b", "title: A: B\n")
    text = run("check", code=1)
    assert "b.yaml:1:8" in text
    assert 'title: "A: B"' in text
    data = json.loads(run("check", "--format", "json", code=1))
    assert (data["files"], data["bad"]) == (2, 1)
    assert data["problems"][0]["fix"] == 'title: "A: B"'
    assert "no such file" in run("check", "nowhere", code=2)


def test_preview_shows_the_bytes_with_their_length(run):
    text = run("preview", "pilot", "--channel", "sky")
    assert "/300 graphemes" in text
    assert "You bring the big ships in" in text
    assert "no job 'pilto'" in run("preview", "pilto", code=1)


def test_the_preview_is_what_is_planned(run):
    shown = run("preview", "pilot", "--channel", "board")
    planned = json.loads(run("plan", "--format", "json"))
    (text,) = [c["post"]["text"] for c in planned["changes"] if c["channel"] == "board"]
    assert text in shown


def test_preview_tells_what_is_too_long(run, root):
    drop(root, "pilot", spec(words={"sky": "x" * 400}))
    assert "more than the 300" in run("preview", "pilot", "--channel", "sky", code=1)


def test_plan_publish_status_and_again(run, root):
    text = run("plan")
    assert "+ publish  pilot" in text
    assert "set ROLECAST_SKY_PASSWORD" in text
    assert "→ live  http://127.0.0.1:8080/jobs/pilot" in run("publish", code=1)  # sky is held back
    assert "nothing to change" in run("plan")
    assert "board" in run("status", "pilot")
    drop(root, "pilot", spec(summary="You bring the big ships in, by day and in fog."))
    edits = run("plan")
    assert "[-at night-]{+by day+}" in edits
    data = json.loads(run("status", "--format", "json", "--state", "live"))
    assert [one["channel"] for one in data] == ["board"]


def test_a_reviewed_plan_is_carried_out_only_while_it_holds(run, root, tmp_path):
    saved = tmp_path / "saved.json"
    run("plan", "--out", saved)
    drop(root, "pilot", spec(summary="Another."))
    text = run("publish", "--plan", saved, code=1)
    assert "the world has moved" in text
    assert "Nothing was done" in text
    run("plan", "--out", saved)
    assert "→ live" in run("publish", "--plan", saved)
    assert "the world has moved" in run("publish", "--plan", saved, code=1)
    saved.write_text("{}")
    assert "is not a plan" in run("publish", "--plan", saved, code=1)


def test_approval_always_waits_for_a_reviewed_plan(tmp_path):
    root = make(tmp_path, BOARD + 'policy = { approval = "always" }\n', pilot=spec())

    def call(*words):
        return CliRunner().invoke(main, ["--root", str(root), *words]).output

    assert "Waiting for somebody to agree: 1" in call("publish")
    call("plan", "--out", str(tmp_path / "p.json"))
    assert "→ live" in call("publish", "--plan", str(tmp_path / "p.json"))


def test_channels_and_doctor(run):
    text = run("channels")
    assert "Bluesky" in text
    assert "keyed: never doubles" in text
    doctor = run("doctor", code=1)
    assert "missing  ROLECAST_SKY_PASSWORD" in doctor
    assert "App passwords" in doctor


def test_a_secret_in_the_settings_is_refused_and_not_repeated(run, root):
    (root / "rolecast.toml").write_text(BOARD + SKY + 'password = "hunter2"\n')
    text = run("plan", code=1)
    assert "may not stand here" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('[channels.x]\nconnector = "bluesk"\n', "did you mean 'bluesky'"),
        ('[channels.x]\nconnector = "bluesky"\n', "handle"),
        ('[channels.x]\nconnector = "board"\nbase_ulr = "x"\n', "base_ulr"),
        ('[company]\nnmae = "x"\n', "company.nmae"),
        ("[channels\n", "rolecast.toml"),
    ],
)
def test_mistakes_in_the_settings_are_named(run, root, toml, told):
    (root / "rolecast.toml").write_text(toml)
    assert told in run("plan", code=1)


def test_no_settings_at_all(run, root):
    (root / "rolecast.toml").unlink()
    assert "there is no rolecast.toml" in run("plan", code=1)


def test_decide(tmp_path):
    root = make(tmp_path, '[channels.campus]\nconnector = "byhand"\nwhere = "C"\n', pilot=spec())

    def call(*words):
        return CliRunner().invoke(main, ["--root", str(root), *words]).output

    call("publish")
    assert "held" in call("status")
    assert "Noted" in call("decide", "pilot", "campus", "--there", "https://c.example/1")
    assert "https://c.example/1" in call("status")
    assert "nothing is to be decided" in call("decide", "pilot", "campus", "--drop")
    assert "say one of" in call("decide", "pilot", "campus")


def test_two_processes_at_once_publish_once(tmp_path):
    root = make(tmp_path, BOARD)
    for number in range(120):
        drop(root, f"job-{number}", spec(title=f"Job {number}"))
    command = [sys.executable, "-m", "rolecast", "--root", str(root), "publish", "--format", "json"]
    time.sleep(0.4)
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    done = [one["job"] for run in runs for one in json.loads(run.communicate()[0])]
    assert sorted(done) == sorted(set(done))
    assert len(done) == 120


def test_good_files_beside_hostile_and_broken_ones_are_published(tmp_path, shared_data):
    """All of them in one folder: no crash, little memory, the good one is out."""
    root = make(tmp_path, BOARD, pilot=spec())
    for name in ("hostile_yaml", "broken_yaml"):
        for path in (shared_data / name).iterdir():
            (root / "jobspecs" / path.name).write_bytes(path.read_bytes())
    # Not getrusage: a child's ru_maxrss begins at what its parent held before exec.
    code = (
        "import re, sys\nfrom rolecast.cli import main\n"
        f"sys.argv = ['rolecast', '--root', {str(root)!r}, 'publish']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('KB', re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert time.monotonic() - began < 20
    assert "pilot" in done.stdout and "→ live" in done.stdout, done.stderr[-500:]
    kilobytes = int(done.stdout.split("KB")[-1])
    assert 10 * 1024 < kilobytes < 300 * 1024
