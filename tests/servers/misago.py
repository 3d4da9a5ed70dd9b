"""A Misago forum (the real program)."""

import os

from .base import Server, call, expect


class Misago(Server):
    """``user``/``password`` may start and delete threads in the category ``category``."""

    script = "misago"

    # Each process of the tests has a user, so that they can share the forum.
    user = property(lambda self: f"careers{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:]}")
    password = property(lambda self: self.facts["PASSWORD"])
    category = 3  # the one that a new forum has

    def threads(self) -> dict[int, str]:
        """Number → first post's HTML of every thread of ``user`` that people see."""
        found = {}
        for thread in expect(call("GET", f"{self.url}/api/threads/"))["results"]:
            if thread["starter_name"] == self.user:
                posts = expect(call("GET", f"{self.url}/api/threads/{thread['id']}/posts/"))
                found[thread["id"]] = posts["post_set"]["results"][0]["content"]
        return found
