"""A folder with one job, a network in memory, and a clock that a test moves."""

from datetime import UTC, datetime, timedelta

from rolecast.publish import carry_out
from tests.fakes import Town
from tests.house import make, spec

START = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday


class Life:
    """A folder, a network and a clock that a test moves."""

    def __init__(self, tmp_path, connector="fake", policy="", pace="", **fields):
        channel = f'[channels.net]\nconnector = "{connector}"\n'
        if policy:
            channel += f"[channels.net.policy]\n{policy}\n"
        if pace:
            channel += f"[channels.net.pace]\n{pace}\n"
        self.town, self.now = Town(), START
        self.root = make(tmp_path, channel, pilot=spec(**fields))
        self.project = self.town.project(self.root)

    def run(self, **later):
        """Time passes, then the folder's wishes are carried out; what was done, in words."""
        self.now += timedelta(**later)
        done = []
        for _ in range(3):
            planned = self.project.plan(now=self.now, wait=0)
            self.planned = planned.plan
            changes = [one for one in planned.plan.changes if not one.needs_approval]
            done += [f"{one.action} {one.job_id} {one.moment}" for one in changes]
            carry_out(
                self.project.ledger,
                self.project.channels,
                changes,
                lambda channel: None,
                clock=lambda: self.now,
            )
        return done

    def says(self):
        return sorted(there.moment for there in self.town.posts.values())
