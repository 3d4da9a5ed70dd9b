"""Who shares a write with whom, and what becomes of clicks whose disk does not answer."""

import asyncio
import time

import orjson
import pytest

from rolecast.clicks import seen
from rolecast.commit import FEW, PATIENCE, Group

SOMEBODY = seen({b"user-agent": b"Mozilla/5.0 Chrome/139", b"accept-language": b"de"})


class Held:
    """A way whose batches are kept when the test says so."""

    def __init__(self):
        self.batches = []

    async def open(self, group):
        self.group = group

    def write(self, body):
        self.batches.append(orjson.loads(body))

    async def close(self):
        pass

    def keep(self):
        count, self.batches = len(self.batches), []
        if count:
            self.group.kept(count)  # which may bring the next at once


def rows(asked):
    return [(one.code.decode(), 1, "phone", None, None, "", "", None, 0) for one in asked]


async def ask(group, count):
    """As many people ask; their tasks end when the answer may leave."""
    people = [asyncio.create_task(group.keep(b"code", SOMEBODY, "", 1.0)) for _ in range(count)]
    await asyncio.sleep(0)
    return people


def run(story):
    """Run a story with a group and the way that it has."""

    async def told():
        way = Held()
        group = await Group(way, rows).open()
        await story(group, way)
        way.keep()
        await group.close(0.1)

    asyncio.run(told())


def sizes(way):
    return [len(batch) for batch in way.batches]


async def crowd(group, way, people, writes=40):
    """Everybody asks again when answered, and a write takes two milliseconds: the batches' sizes
    once they know one another."""

    async def person():
        while True:
            await group.keep(b"code", SOMEBODY, "", 1.0)

    asking = [asyncio.create_task(person()) for _ in range(people)]
    found = []
    while len(found) < writes:
        await asyncio.sleep(0.002)
        found += sizes(way)
        way.keep()
    for one in asking:
        one.cancel()
    return sorted(found[writes // 2 :])


def test_a_click_on_its_own_goes_at_once():
    async def story(group, way):
        await ask(group, 1)
        assert sizes(way) == [1]

    run(story)


@pytest.mark.parametrize(("people", "together"), [(2, 2), (32, 32), (100, 50)])
def test_those_who_ask_at_the_same_time_share_a_write(people, together):
    async def story(group, way):
        batches = await crowd(group, way, people)
        assert abs(batches[len(batches) // 2] - together) <= together // 8

    run(story)


def test_nobody_waits_long_for_somebody_who_stays_away():
    async def story(group, way):
        group._enough = 32  # so many came together until now
        people = await ask(group, 5)
        assert sizes(way) == []
        began = time.monotonic()
        while not all(one.done() for one in people):
            await asyncio.sleep(0.001)
            way.keep()
            assert time.monotonic() - began < PATIENCE / 2

    run(story)


def test_a_disk_that_does_not_answer_keeps_nobody_waiting():
    async def story(group, way):
        people = await ask(group, 8)
        under_way = sum(sizes(way))
        assert 0 < under_way < 8
        await asyncio.wait(people, timeout=PATIENCE * 4)
        assert all(one.done() for one in people)
        assert group.counters.late == group.pending == 8
        assert sum(sizes(way)) == under_way  # nothing more is handed over meanwhile
        way.keep()
        (caught_up,) = way.batches
        assert [row[-1] for row in caught_up] == [1] * (8 - under_way)  # marked
        way.keep()
        assert group.pending == 0
        assert group.counters.kept == 8

    run(story)


def test_after_a_stall_they_go_in_parts():
    async def story(group, way):
        people = await ask(group, FEW + 10)
        await asyncio.wait(people, timeout=PATIENCE * 8)
        way.keep()
        assert sizes(way) == [FEW]
        way.keep()
        assert 0 < sum(sizes(way)) <= 10
        way.keep()
        assert group.counters.kept == FEW + 10

    run(story)


def test_why_a_write_failed_is_told_until_one_succeeds():
    async def story(group, way):
        await ask(group, 1)
        group.failed("no space left on device")
        assert (group.counters.failed, group.counters.trouble) == (1, "no space left on device")
        way.keep()
        assert group.counters.trouble == ""

    run(story)
