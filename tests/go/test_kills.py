"""No click that was answered is lost, and none is counted twice, whoever is killed when."""

import asyncio
import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import make_url

from rolecast.ledger import Ledger
from tests.go.served import Crowd, Served
from tests.house import gathered, make, open_project, publish, spec
from tests.processes import until

pytestmark = pytest.mark.servers  # real processes, seconds each
ROUNDS = 3  # bench/go.py has twenty


@pytest.fixture
def folder(tmp_path):
    jobs = {f"job_{n}": spec(title=f"Pilot {n}") for n in range(5)}
    root = make(tmp_path, **jobs)
    publish(root)
    return root


@pytest.fixture(autouse=True)
def nobody_outlives_a_test():
    yield
    for served in list(Served.running):
        served.kill_everything()


def told(served, figure, least):
    """A figure reaches the page a moment later; see rolecast.web.metrics.EVERY."""
    until(lambda: served.figures()[figure] >= least, 5)


def codes(root):
    project = open_project(root, os.environ)
    with project.ledger.read() as conn:
        found = [row[0] for row in conn.exec_driver_sql("select code from links")]
    project.ledger.close()
    return found


def counted(root):
    """Every click in the ledger as (referring host, code), after gathering; sums must agree."""
    project = open_project(root, os.environ)
    gathered(project)
    with project.ledger.read() as conn:
        rows = [tuple(r) for r in conn.exec_driver_sql("select referrer, link from clicks")]
        total = conn.exec_driver_sql("select sum(count) from clicks_hourly").scalar()
        left = conn.exec_driver_sql("select sum(damaged) from clicks_segments").scalar()
    project.ledger.close()
    assert (total or 0) == len(rows)
    assert not left
    return rows


def check(root, *crowds):
    rows = counted(root)
    assert len(set(rows)) == len(rows), "a click was counted twice"
    answered = {pair for crowd in crowds for pair in crowd.answered.items()}
    assert answered, "nothing was answered"
    assert answered <= set(rows), "a click that was answered is lost"


def while_clicking(crowd, seconds, *works):
    """Run the crowd, and beside it each work at a random moment."""

    def beside():
        for work in works:
            time.sleep(random.uniform(0.2, 0.6))
            work()

    helper = threading.Thread(target=beside)
    helper.start()
    asyncio.run(crowd.run(seconds))
    helper.join()


@pytest.mark.parametrize("workers", [1, 2])
def test_everything_is_killed_under_load(folder, workers):
    links, crowds = codes(folder), []
    for number in range(ROUNDS):
        served = Served(folder, workers)
        crowd = Crowd(served.port, links)
        crowd.numbers = iter(range(number * 10**7, (number + 1) * 10**7))
        while_clicking(crowd, 1.0, served.kill_everything)
        crowds.append(crowd)
    check(folder, *crowds)


@pytest.fixture
def in_ledger(folder, postgres, monkeypatch):
    """The folder, with a ledger on PostgreSQL that takes the clicks in itself."""
    monkeypatch.setenv("ROLECAST_LEDGER", postgres.new_database())
    publish(folder, os.environ)
    return folder


def test_the_scribe_is_killed_under_load(in_ledger):
    served = Served(in_ledger, 2)
    crowd = Crowd(served.port, codes(in_ledger))
    kill = [lambda: os.kill(served.scribe(), signal.SIGKILL)] * 3
    while_clicking(crowd, 2.5, *kill)
    served.stop()
    check(in_ledger, crowd)


def test_a_worker_is_killed_under_load(folder):
    served = Served(folder, 2)
    crowd = Crowd(served.port, codes(folder))
    while_clicking(crowd, 2.0, lambda: os.kill(served.workers()[0], signal.SIGKILL))
    deadline = time.monotonic() + 10
    while len(served.workers()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    served.stop()
    check(folder, crowd)


def test_it_is_told_to_stop_under_load(folder):
    served = Served(folder, 2)
    crowd = Crowd(served.port, codes(folder))
    while_clicking(crowd, 1.5, served.stop)
    check(folder, crowd)


@contextlib.contextmanager
def scribe_stopped(served):
    scribe = served.stall()
    yield
    os.kill(scribe, signal.SIGCONT)


@contextlib.contextmanager
def frozen(place):
    """A file system on which every write waits, as on a disk that stalls."""
    subprocess.run(["fsfreeze", "--freeze", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", place], check=True)


@pytest.fixture
def spool(folder):
    """The folder's spool, on a file system of its own."""
    missing = [one for one in ("mkfs.ext4", "mount", "fsfreeze") if not shutil.which(one)]
    if missing:
        pytest.skip(f"a disk that stalls needs {', '.join(missing)}")
    place, image = folder / ".rolecast" / "spool", folder / "image"
    place.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    made = subprocess.run(["mount", "-o", "loop", image, place], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"a disk that stalls needs the right to mount one: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def stalls(root, stalled):
    """People are redirected all the while, and nothing is lost."""
    served = Served(root)
    crowd = Crowd(served.port, codes(root), clients=4)
    asyncio.run(crowd.run(0.3))
    before = len(crowd.answered)
    crowd.slowest = 0.0
    with stalled(served):
        asyncio.run(crowd.run(1.5))
        waited = len(crowd.answered) - before
        assert waited >= 16
        assert crowd.slowest < 1  # measured in bench/go.py; 200 ms are promised
        told(served, "rolecast_clicks_late_total", waited)
        told(served, "rolecast_clicks_pending", waited)
    asyncio.run(crowd.run(0.3))
    served.stop()
    check(root, crowd)
    project = open_project(root, os.environ)
    with project.ledger.read() as conn:
        marked = conn.exec_driver_sql("select count(*) from clicks where late = 1").scalar()
    project.ledger.close()
    assert 8 <= marked < waited


def test_people_are_redirected_while_the_disk_stalls(folder, spool):
    stalls(folder, lambda served: frozen(spool))


def test_people_are_redirected_while_a_ledger_stalls(in_ledger):
    stalls(in_ledger, scribe_stopped)


@pytest.mark.parametrize("forbidden", [False, True])
def test_io_uring_writes_or_threads_do_where_it_is_forbidden(folder, tmp_path, forbidden):
    env = {"PYTHONPATH": str(without_uring(tmp_path))} if forbidden else {}
    served = Served(folder, 2, env=env)
    crowd = Crowd(served.port, codes(folder))
    asyncio.run(crowd.run(0.7))
    rings = [pid for pid in served.workers() if "anon_inode:[io_uring]" in opened(pid)]
    assert len(rings) == (0 if forbidden else 2)
    served.stop()
    check(folder, crowd)
    assert len(crowd.answered) > 100


def opened(pid):
    """What a process has open."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(path))
    return found


def without_uring(folder):
    """A folder with which Python's processes start as where the kernel says no."""
    (folder / "forbidding").mkdir()
    (folder / "forbidding" / "sitecustomize.py").write_text(FORBID)
    return folder / "forbidding"


# seccomp, as containers use it: io_uring_setup (425) answers EPERM
FORBID = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
rules = [(0x20, 0, 0, 0), (0x15, 0, 1, 425), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
"""


def test_a_full_disk_stops_nobody_and_loses_nothing(folder):
    served = Served(folder)
    crowd = Crowd(served.port, codes(folder), clients=4)
    asyncio.run(crowd.run(0.2))
    (worker,) = served.workers()
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    asyncio.run(crowd.run(1.2))
    told(served, "rolecast_click_writes_failed_total", 1)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    time.sleep(0.6)  # a write is tried again after half a second
    asyncio.run(crowd.run(0.3))
    served.stop()
    check(folder, crowd)


def test_a_locked_ledger_slows_nobody(folder):
    served = Served(folder)
    crowd = Crowd(served.port, codes(folder), clients=8)
    ledger = Ledger(f"sqlite:///{folder}/.rolecast/ledger.db")
    with ledger.begin() as conn:  # holds the only write lock
        conn.exec_driver_sql("update jobs set removed = removed")
        asyncio.run(crowd.run(1.5))
        assert len(crowd.answered) > 100
        assert served.figures()["rolecast_clicks_late_total"] == 0
    ledger.close()
    served.stop()
    check(folder, crowd)


@pytest.mark.parametrize("keep", ["disk", "ledger"])
def test_postgresql_goes_away_and_comes_back(tmp_path, postgres, keep):
    root = make(tmp_path, pilot=spec())
    with (root / "rolecast.toml").open("a") as file:
        file.write(f'\n[go]\nkeep = "{keep}"\n')
    address = postgres.new_database()
    os.environ["ROLECAST_LEDGER"] = address
    try:
        publish(root, {"ROLECAST_LEDGER": address})
        project = open_project(root, {"ROLECAST_LEDGER": address})
        with project.ledger.read() as conn:
            links = [row[0] for row in conn.exec_driver_sql("select code from links")]
        served = Served(root)
        crowd = Crowd(served.port, links, clients=8)
        asyncio.run(crowd.run(0.5))
        with project.ledger.begin() as conn:  # every connection but ours is cut
            conn.exec_driver_sql(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        asyncio.run(crowd.run(1.0))
        served.stop()
        rows = gathered(project)
        assert len(rows) >= len(crowd.answered) > 50
        with project.ledger.read() as conn:
            hosts = [r[0] for r in conn.exec_driver_sql("select referrer from clicks")]
            total = conn.exec_driver_sql("select sum(count) from clicks_hourly").scalar()
        assert len(set(hosts)) == len(hosts) == total
        assert set(crowd.answered) <= set(hosts)
        project.ledger.close()
    finally:
        del os.environ["ROLECAST_LEDGER"]


def test_on_postgresql_go_needs_next_to_nothing(tmp_path, postgres):
    """A role that may read four tables and add to one: it could tell an intruder no more than the
    links' own pages do."""
    root = make(tmp_path, pilot=spec())
    address = postgres.new_database()
    publish(root, {"ROLECAST_LEDGER": address})
    project = open_project(root, {"ROLECAST_LEDGER": address})
    role = f"go_{os.getpid()}_{time.time_ns()}"
    with project.ledger.begin() as conn:
        links = [row[0] for row in conn.exec_driver_sql("select code from links")]
        for statement in (
            f"create role {role} login",
            f"grant select on alembic_version, links, jobs, publications to {role}",
            f"grant insert on clicks_intake to {role}",
            f"grant usage on sequence clicks_intake_id_seq to {role}",
        ):
            conn.exec_driver_sql(statement)
    theirs = make_url(address).set(username=role).render_as_string(hide_password=False)
    served = Served(root, 1, "--no-gather", env={"ROLECAST_LEDGER": theirs})
    crowd = Crowd(served.port, links, clients=4)
    asyncio.run(crowd.run(0.5))
    assert b"302" in served.get(f"/r/{links[0]}", method="HEAD")[:12]
    assert b"Harbour Pilot" in served.get("/jobs/pilot")
    served.stop()
    rows = gathered(project)
    assert len(rows) == len(crowd.answered) > 10
    project.ledger.close()
